using System.Buffers;
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
    private readonly List<Target> _targets = [];
    private readonly FetchResponse _response = new();
    private int _bytes;
    private bool _failed;

    public FetchRead(BrokerContext broker, FetchRequest request, RequestContext context)
    {
        _request = request;
        _isolation = request.IsolationLevel == 1 ? IsolationLevel.ReadCommitted : IsolationLevel.ReadUncommitted;
        _maxBytes = Math.Min(request.MaxBytes, broker.Options.MaxFetchBytes);
        short version = context.Version;
        foreach (var asked in request.Topics)
        {
            var topic = version >= FirstTopicIdVersion ? broker.Topics.Find(asked.TopicId) : broker.Topics.Find(asked.Topic);
            var answered = new FetchResponse.FetchableTopicResponse { Topic = asked.Topic, TopicId = asked.TopicId };
            foreach (var partition in asked.Partitions) answered.Partitions.Add(AddTarget(broker, topic, partition, context));
            _response.Responses.Add(answered);
        }
    }

    /// <summary>Whether the client need not wait: min_bytes are there, or something is wrong that it should know.</summary>
    public bool IsEnough => _failed || _bytes >= _request.MinBytes || _targets.Count == 0;

    public IEnumerable<PartitionLog> Logs => _targets.Select(static t => t.Log);

    /// <summary>Looks at every partition. The first that has data gives at least one batch, so that a large one never blocks the consumer.</summary>
    public void Run()
    {
        _bytes = 0;
        _failed = false;
        foreach (ref var target in System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_targets))
        {
            int limit = Math.Min(target.MaxBytes, _maxBytes - _bytes);
            target.Result = target.LeaderError != ErrorCode.None
                ? new LogReadResult { Error = target.LeaderError }
                : target.Log.Read(target.Offset, Math.Max(limit, 0), _isolation, minOneMessage: _bytes == 0);
            _bytes += target.Result.Records.Length;
            _failed |= target.Result.Error != ErrorCode.None;
        }
    }

    /// <summary>Reads the bytes and fills the response.</summary>
    public FetchResponse Complete(RequestContext context)
    {
        byte[] buffer = _bytes == 0 ? [] : ArrayPool<byte>.Shared.Rent(_bytes);
        if (_bytes > 0) context.RegisterForDispose(new Rented(buffer));
        int position = 0;
        foreach (ref var target in System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_targets))
        {
            Fill(target, buffer.AsMemory(position, target.Result.Records.Length));
            position += target.Result.Records.Length;
        }

        return _response;
    }

    private static void Fill(Target read, Memory<byte> target)
    {
        var (answer, result) = (read.Response, read.Result);
        answer.ErrorCode = result.Error;
        answer.Records = ReadOnlyMemory<byte>.Empty;
        if (result.Error != ErrorCode.None)
        {
            answer.HighWatermark = -1;
            return;
        }

        answer.HighWatermark = result.HighWatermark;
        answer.LastStableOffset = result.LastStableOffset;
        answer.LogStartOffset = result.LogStartOffset;
        answer.AbortedTransactions = result.AbortedTransactions?.Select(static t => new FetchResponse.AbortedTransaction { ProducerId = t.ProducerId, FirstOffset = t.FirstOffset }).ToList();
        if (result.Records.IsEmpty) return;
        try
        {
            result.Records.CopyTo(target.Span);
            answer.Records = target;
        }
        catch (Exception e) when (e is IOException or CorruptRecordException)
        {
            // A client that gets CORRUPT_MESSAGE stops and says so; KAFKA_STORAGE_ERROR would make it ask again for ever.
            answer.ErrorCode = e is CorruptRecordException ? ErrorCode.CorruptMessage : ErrorCode.KafkaStorageError;
            read.Log.ReportDamage(e, read.Offset);
        }
    }

    private FetchResponse.PartitionData AddTarget(BrokerContext broker, Topic? topic, FetchRequest.FetchPartition partition, RequestContext context)
    {
        var answer = new FetchResponse.PartitionData { PartitionIndex = partition.Partition, Records = ReadOnlyMemory<byte>.Empty };
        var log = topic?.Partition(partition.Partition);
        if (log is null)
        {
            answer.ErrorCode = topic is null && context.Version >= FirstTopicIdVersion ? ErrorCode.UnknownTopicId : ErrorCode.UnknownTopicOrPartition;
            answer.HighWatermark = -1;
            _failed = true;
            return answer;
        }

        var refused = LeaderEpochs.Check(log, partition.CurrentLeaderEpoch);
        if (refused == ErrorCode.None) refused = broker.CheckLeader(context, log);
        _targets.Add(new Target(log, partition.FetchOffset, partition.PartitionMaxBytes, refused, answer));
        return answer;
    }

    private record struct Target(PartitionLog Log, long Offset, int MaxBytes, ErrorCode LeaderError, FetchResponse.PartitionData Response)
    {
        public LogReadResult Result { get; set; }
    }

    private sealed class Rented(byte[] buffer) : IDisposable
    {
        public void Dispose() => ArrayPool<byte>.Shared.Return(buffer);
    }
}
