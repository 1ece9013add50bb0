using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Millrace.Connect.Storage;

/// <summary>One of Connect's internal topics: created compacted if missing, and read whole.</summary>
internal sealed class CompactedTopic(KafkaClients clients, string name, int partitions, short replicationFactor)
{
    private static readonly TimeSpan MetadataTimeout = TimeSpan.FromSeconds(30);

    internal string Name => name;

    internal async Task EnsureAsync()
    {
        using var admin = clients.Admin();
        try
        {
            await admin.CreateTopicsAsync(
            [
                new TopicSpecification { Name = name, NumPartitions = partitions, ReplicationFactor = replicationFactor, Configs = new() { ["cleanup.policy"] = "compact" } },
            ]);
        }
        catch (CreateTopicsException e) when (e.Results.All(r => r.Error.Code is ErrorCode.TopicAlreadyExists or ErrorCode.NoError))
        {
            await RequireCompactionAsync(admin);
        }
        catch (KafkaException e)
        {
            throw new ConnectException($"Connect's internal topic {name} could not be created: {Detail(e)}. Check bootstrap.servers and the replication factor.", e);
        }
    }

    /// <summary>The newest committed value of every key. Waits for transactions that were open when it began: their records may be ours.</summary>
    internal Dictionary<string, byte[]?> ReadAll(CancellationToken cancellationToken)
    {
        var config = clients.ConsumerConfig("connect-internal-" + name);
        config.EnablePartitionEof = true;
        config.IsolationLevel = IsolationLevel.ReadCommitted;
        using var consumer = new ConsumerBuilder<byte[], byte[]>(config).SetLogHandler(static (_, _) => { }).SetErrorHandler(static (_, _) => { }).Build();
        var result = new Dictionary<string, byte[]?>(StringComparer.Ordinal);
        var ends = new Dictionary<int, long>();
        foreach (var (partition, end) in Ends()) ends[partition] = end;

        consumer.Assign(ends.Keys.Select(p => new TopicPartitionOffset(name, p, Offset.Beginning)));
        while (ends.Count > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var record = consumer.Consume(TimeSpan.FromMilliseconds(100));
            if (record is null) continue;
            // The end of a partition comes with the position behind control records; a message says that at least its own offset is passed.
            var passed = record.IsPartitionEOF ? record.Offset.Value : record.Offset.Value + 1;
            if (!record.IsPartitionEOF && record.Message.Key is { } key) result[Encoding.UTF8.GetString(key)] = record.Message.Value;
            if (ends.TryGetValue(record.Partition.Value, out var end) && passed >= end) ends.Remove(record.Partition.Value);
        }

        consumer.Unassign();
        return result;
    }

    // The ends are asked for without regard to transactions: under read_committed the answer would be the last stable offset,
    // which lies before our own records as long as another task's transaction is open on the same partition.
    private List<(int Partition, long End)> Ends()
    {
        var config = clients.ConsumerConfig("connect-internal-" + name);
        config.IsolationLevel = IsolationLevel.ReadUncommitted;
        using var consumer = new ConsumerBuilder<byte[], byte[]>(config).SetLogHandler(static (_, _) => { }).SetErrorHandler(static (_, _) => { }).Build();
        var result = new List<(int, long)>();
        foreach (var partition in Partitions())
        {
            var watermarks = consumer.QueryWatermarkOffsets(new TopicPartition(name, partition), MetadataTimeout);
            if (watermarks.High > watermarks.Low) result.Add((partition, watermarks.High.Value));
        }

        return result;
    }

    private List<int> Partitions()
    {
        using var admin = clients.Admin();
        var topic = admin.GetMetadata(name, MetadataTimeout).Topics.Single();
        if (topic.Error.IsError) throw new ConnectException($"Connect's internal topic {name} cannot be read: {topic.Error.Reason}");
        return [.. topic.Partitions.Select(p => p.PartitionId)];
    }

    private async Task RequireCompactionAsync(IAdminClient admin)
    {
        var resource = new ConfigResource { Type = ResourceType.Topic, Name = name };
        var described = await admin.DescribeConfigsAsync([resource]);
        if (described[0].Entries.TryGetValue("cleanup.policy", out var policy) && policy.Value != "compact")
        {
            throw new ConfigException(
                $"Topic '{name}' supplied for Connect's storage is required to have 'cleanup.policy=compact' to guarantee consistency and durability, but found '{policy.Value}'. "
                + "Change the topic's policy, or name another topic in the worker's configuration.");
        }
    }

    private static string Detail(KafkaException e) =>
        e is CreateTopicsException c ? string.Join("; ", c.Results.Where(r => r.Error.IsError).Select(r => r.Error.Reason)) : e.Error.Reason;
}
