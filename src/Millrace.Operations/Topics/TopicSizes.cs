using System.Buffers.Binary;
using System.Net.Sockets;
using Confluent.Kafka;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Operations.Topics;

/// <summary>
/// Sizes of partitions on their leaders' disks, by DescribeLogDirs (KIP-113), for which librdkafka has no call: each broker is asked on a connection of its own.
/// That connection speaks no TLS and no SASL yet; on clusters that ask for them sizes are not known.
/// </summary>
/// <param name="cluster">The cluster.</param>
public sealed class TopicSizes(KafkaCluster cluster)
{
    // The oldest version that every Kafka since 1.0 speaks; nothing newer is needed.
    private const short Version = 1;

    // 100,000 partitions with long names stay below; more is no answer to this question.
    private const int LargestAnswer = 64 << 20;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(3);

    /// <summary>Asks all brokers.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="KafkaException">No broker answers at all.</exception>
    public async Task<SizesOnDisk> ReadAsync(CancellationToken cancellationToken = default) => await ReadAsync(await cluster.GetMetadataAsync(cancellationToken), cancellationToken);

    internal async Task<SizesOnDisk> ReadAsync(Metadata metadata, CancellationToken cancellationToken)
    {
        if (!string.Equals(cluster.SecurityProtocol, "plaintext", StringComparison.OrdinalIgnoreCase)) return SizesOnDisk.Unknown;
        var leaders = metadata.Topics.SelectMany(static topic => topic.Partitions.Select(partition => (Key: (topic.Topic, partition.PartitionId), partition.Leader)))
            .ToDictionary(static pair => pair.Key, static pair => pair.Leader);
        var sizes = new Dictionary<(string Topic, int Partition), long>();
        var answers = await Task.WhenAll(metadata.Brokers.Select(broker => AskAsync(broker, cancellationToken)));
        foreach (var (broker, answer) in metadata.Brokers.Zip(answers))
        {
            foreach (var topic in answer?.Results.Where(static directory => directory.ErrorCode == Protocol.ErrorCode.None).SelectMany(static directory => directory.Topics) ?? [])
            {
                foreach (var partition in topic.Partitions)
                {
                    var key = (topic.Name, partition.PartitionIndex);
                    // A replica that is moving to another disk stands there twice.
                    if (!partition.IsFutureKey && leaders.TryGetValue(key, out var leader) && leader == broker.BrokerId) sizes[key] = partition.PartitionSize;
                }
            }
        }

        return new SizesOnDisk(sizes, leaders.Keys.ToLookup(static key => key.Topic, static key => key.PartitionId, StringComparer.Ordinal));
    }

    private async Task<DescribeLogDirsResponse?> AskAsync(BrokerMetadata broker, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_patience);
        try
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(broker.Host, broker.Port, limit.Token);
            await using var stream = new NetworkStream(socket);
            await stream.WriteAsync(Request(), limit.Token);
            var length = new byte[sizeof(int)];
            await stream.ReadExactlyAsync(length, limit.Token);
            var size = BinaryPrimitives.ReadInt32BigEndian(length);
            if (size is < sizeof(int) or > LargestAnswer) return null;
            var frame = new byte[size];
            await stream.ReadExactlyAsync(frame, limit.Token);
            return Parse(frame);
        }
        catch (Exception e) when (e is SocketException or IOException or MalformedMessageException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            OperationsLog.SizesUnknown(cluster.Logger, broker.Host, broker.Port, e.Message);
            return null;
        }
    }

    internal static DescribeLogDirsResponse Parse(ReadOnlyMemory<byte> frame)
    {
        var reader = new KafkaReader(frame);
        ResponseHeader.Read(ref reader, flexible: false);
        var answer = new DescribeLogDirsResponse();
        answer.Read(ref reader, Version);
        return answer;
    }

    private static byte[] Request()
    {
        var writer = new KafkaWriter(64);
        new RequestHeader(ApiKey.DescribeLogDirs, Version, 1, "millrace-operations").Write(ref writer, flexible: false);
        new DescribeLogDirsRequest { Topics = null }.Write(ref writer, Version);
        using var message = writer.Complete();
        var frame = new byte[sizeof(int) + message.TotalLength];
        BinaryPrimitives.WriteInt32BigEndian(frame, message.TotalLength);
        message.ToArray().CopyTo(frame, sizeof(int));
        return frame;
    }
}

/// <summary>What the brokers told of sizes.</summary>
public sealed class SizesOnDisk
{
    private readonly Dictionary<(string Topic, int Partition), long> _sizes;
    private readonly ILookup<string, int> _partitions;

    internal SizesOnDisk(Dictionary<(string Topic, int Partition), long> sizes, ILookup<string, int> partitions)
    {
        _sizes = sizes;
        _partitions = partitions;
    }

    /// <summary>Nothing is known.</summary>
    public static SizesOnDisk Unknown { get; } = new([], Array.Empty<string>().ToLookup(static name => name, static _ => 0, StringComparer.Ordinal));

    /// <summary>Size of a partition on its leader's disk, in bytes; null when not known.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="partition">The partition.</param>
    public long? OfPartition(string topic, int partition) => _sizes.TryGetValue((topic, partition), out var size) ? size : null;

    /// <summary>Size of a topic: that of all its partitions on their leaders' disks, in bytes; null when one of them is not known.</summary>
    /// <param name="topic">The topic.</param>
    public long? OfTopic(string topic)
    {
        long? sum = null;
        foreach (var partition in _partitions[topic])
        {
            if (OfPartition(topic, partition) is not { } size) return null;
            sum = (sum ?? 0) + size;
        }

        return sum;
    }
}
