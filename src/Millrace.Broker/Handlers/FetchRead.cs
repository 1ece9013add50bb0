using System.Buffers;
using System.Runtime.InteropServices;
using Millrace.Broker.Fetching;
using Millrace.Broker.Log;
using Millrace.Broker.Metadata;
using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;
using Millrace.Protocol.Records;

namespace Millrace.Broker.Handlers;

/// <summary>One fetch: finds the bytes of all partitions as often as it must, and reads them from the files once, into one pooled buffer.</summary>
internal sealed class FetchRead
{
    private const short FirstTopicIdVersion = 13;

    private readonly FetchRequest _request;
    private readonly IsolationLevel _isolation;
    private readonly int _maxBytes;
    private readonly List<Target> _targets;
    private int _bytes;
    private bool _failed;

    public FetchRead(BrokerContext broker, FetchRequest request, IReadOnlyList<FetchedPartition> partitions, RequestContext context)
    {
        _request = request;
        _isolation = request.IsolationLevel == 1 ? IsolationLevel.ReadCommitted : IsolationLevel.ReadUncommitted;
        _maxBytes = Math.Min(request.MaxBytes, broker.Options.MaxFetchBytes);
        short version = context.Version;
        _targets = new List<Target>(partitions.Count);
        foreach (var partition in partitions)
        {
            var topic = version >= FirstTopicIdVersion ? broker.Topics.Find(partition.Key.TopicId) : broker.Topics.Find(partition.Key.Topic);
            _targets.Add(new Target(partition, topic?.Partition(partition.Key.Partition), ErrorOf(broker, topic, partition, context)));
        }
    }

    /// <summary>Whether the client need not wait: min_bytes are there, or something is wrong that it should know.</summary>
    public bool IsEnough => _failed || _bytes >= _request.MinBytes || _targets.Count == 0;

    public IEnumerable<PartitionLog> Logs => _targets.Select(static t => t.Log).OfType<PartitionLog>();

    /// <summary>The partitions of which the response has records.</summary>
    public IEnumerable<FetchedPartition> Served => _targets.Where(static t => !t.Result.Records.IsEmpty).Select(static t => t.Partition);

    /// <summary>Looks at every partition. The first that has data gives at least one batch, so that a large one never blocks the consumer.</summary>
    public void Run()
    {
        _bytes = 0;
        _failed = false;
        foreach (ref var target in CollectionsMarshal.AsSpan(_targets))
        {
            var asked = target.Partition.Asked;
            int limit = Math.Min(asked.PartitionMaxBytes, _maxBytes - _bytes);
            target.Result = target.Error != ErrorCode.None
                ? new LogReadResult { Error = target.Error }
                : target.Log!.Read(asked.FetchOffset, Math.Max(limit, 0), _isolation, minOneMessage: _bytes == 0);
            _bytes += target.Result.Records.Length;
            _failed |= target.Result.Error != ErrorCode.None;
        }
    }

    /// <summary>Reads the bytes and fills the response; of an incremental one partitions without news are left out.</summary>
    public FetchResponse Complete(RequestContext context, bool incremental)
    {
        var response = new FetchResponse();
        byte[] buffer = _bytes == 0 ? [] : ArrayPool<byte>.Shared.Rent(_bytes);
        if (_bytes > 0) context.RegisterForDispose(new Rented(buffer));
        int position = 0;
        FetchResponse.FetchableTopicResponse? topic = null;
        foreach (ref var target in CollectionsMarshal.AsSpan(_targets))
        {
            var key = target.Partition.Key;
            if (incremental && !target.Partition.HasNews(target.Result)) continue;
            if (topic is null || topic.TopicId != key.TopicId || topic.Topic != key.Topic)
            {
                topic = new FetchResponse.FetchableTopicResponse { Topic = key.Topic, TopicId = key.TopicId };
                response.Responses.Add(topic);
            }

            var answer = new FetchResponse.PartitionData { PartitionIndex = key.Partition, Records = ReadOnlyMemory<byte>.Empty };
            topic.Partitions.Add(answer);
            Fill(answer, target, buffer.AsMemory(position, target.Result.Records.Length));
            position += target.Result.Records.Length;
            target.Partition.Told(answer);
        }

        return response;
    }

    private static ErrorCode ErrorOf(BrokerContext broker, Topic? topic, FetchedPartition partition, RequestContext context)
    {
        if (topic?.Partition(partition.Key.Partition) is not { } log)
            return topic is null && context.Version >= FirstTopicIdVersion ? ErrorCode.UnknownTopicId : ErrorCode.UnknownTopicOrPartition;
        var refused = LeaderEpochs.Check(log, partition.Asked.CurrentLeaderEpoch);
        return refused == ErrorCode.None ? broker.CheckLeader(context, log) : refused;
    }

    private void Fill(FetchResponse.PartitionData answer, Target read, Memory<byte> target)
    {
        var result = read.Result;
        answer.ErrorCode = result.Error;
        answer.HighWatermark = -1;
        if (result.Error != ErrorCode.None) return;
        if (!result.Records.IsEmpty)
        {
            try
            {
                answer.Records = target[..result.Records.CopyIntactTo(target.Span)];
            }
            catch (Exception e) when (e is IOException or CorruptRecordException)
            {
                // A client that gets CORRUPT_MESSAGE stops and says so; KAFKA_STORAGE_ERROR would make it ask again for ever.
                answer.ErrorCode = e is CorruptRecordException ? ErrorCode.CorruptMessage : ErrorCode.KafkaStorageError;
                read.Log!.ReportDamage(e, read.Partition.Asked.FetchOffset);
            }
        }

        answer.HighWatermark = result.HighWatermark;
        answer.LastStableOffset = result.LastStableOffset;
        answer.LogStartOffset = result.LogStartOffset;
        answer.AbortedTransactions = result.AbortedTransactions?.Select(static t => new FetchResponse.AbortedTransaction { ProducerId = t.ProducerId, FirstOffset = t.FirstOffset }).ToList();
    }

    [StructLayout(LayoutKind.Auto)]
    private record struct Target(FetchedPartition Partition, PartitionLog? Log, ErrorCode Error)
    {
        public LogReadResult Result { get; set; }
    }

    private sealed class Rented(byte[] buffer) : IDisposable
    {
        public void Dispose() => ArrayPool<byte>.Shared.Return(buffer);
    }
}
