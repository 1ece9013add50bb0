using System.Buffers;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Kafka.Native;

namespace Millrace.Kafka.Consuming;

/// <summary>
/// Reads records in batches as spans over librdkafka's memory, without an allocation per record: the one consumer under the SDK, Connect and Streams.
/// Offsets are committed only by <see cref="Commit"/> unless the configuration says <c>enable.auto.commit=true</c>.
/// One thread at a time reads; all other members may be called from any thread.
/// </summary>
public sealed class KafkaRecordReader : IDisposable
{
    private readonly ReaderState _state;
    private readonly ConsumerClient _client;
    private readonly TopicNamePool _names = new();

    private KafkaRecordReader(KafkaReaderOptions options)
    {
        _state = new ReaderState(options.Logger ?? NullLogger.Instance, options.Statistics);
        _client = new ConsumerClient(options.EffectiveConfig(), _state);
        _state.Client = _client;
    }

    /// <summary>The client's name in logs and statistics.</summary>
    public string Name => _client.Name;

    /// <summary>This member's id in the group, or null when it is not a member.</summary>
    public string? MemberId => _client.MemberId;

    /// <summary>The assigned partitions.</summary>
    public IReadOnlyList<TopicPartition> Assignment => _client.Assignment();

    /// <summary>Creates a reader. No connection is made before records are asked for.</summary>
    /// <param name="config">librdkafka's keys; KafkaClientConfig reads Java's. <c>group.id</c> may be missing when only
    /// <see cref="Assign"/> is used and nothing is committed.</param>
    /// <param name="logger">For the client's own log lines.</param>
    /// <exception cref="ArgumentException">A key is unknown or its value invalid; the message names it.</exception>
    public static KafkaRecordReader Create(IReadOnlyDictionary<string, string> config, ILogger? logger = null) =>
        Create(new KafkaReaderOptions { Config = config, Logger = logger });

    /// <inheritdoc cref="Create(IReadOnlyDictionary{string, string}, ILogger)"/>
    /// <param name="options">The options.</param>
    public static KafkaRecordReader Create(KafkaReaderOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new KafkaRecordReader(options);
    }

    /// <summary>Joins the group and reads what it assigns. Replaces an earlier subscription.</summary>
    /// <param name="topics">Topic names; one that starts with <c>^</c> is a regular expression.</param>
    /// <param name="handlers">What to do at a rebalance.</param>
    public void Subscribe(IEnumerable<string> topics, RebalanceHandlers? handlers = null)
    {
        ArgumentNullException.ThrowIfNull(topics);
        _state.Handlers = handlers ?? new RebalanceHandlers();
        _client.Subscribe(topics);
    }

    /// <summary>Leaves the group. Partitions are revoked in a following <see cref="ReadBatch"/>.</summary>
    public void Unsubscribe() => _client.Unsubscribe();

    /// <summary>Reads these partitions from these offsets, without a group. Replaces an earlier assignment; an empty one stops reading.</summary>
    /// <param name="partitions">Partitions and offsets; special offsets are understood.</param>
    public void Assign(IEnumerable<PartitionOffset> partitions)
    {
        ArgumentNullException.ThrowIfNull(partitions);
        _client.Assign(partitions);
    }

    /// <summary>
    /// Reads what is there: returns at once when records are waiting, else waits for the first record or event. After an idle wait the batch may hold one record only;
    /// the next call brings the rest.
    /// </summary>
    /// <param name="timeout">How long to wait when nothing is there; <see cref="TimeSpan.Zero"/> not at all.</param>
    /// <param name="maxRecords">The most records to return.</param>
    /// <returns>A batch to dispose; empty when nothing came.</returns>
    /// <exception cref="KafkaException">A fatal error, reported by the batch before, has ended this reader.</exception>
    public RecordBatch ReadBatch(TimeSpan timeout, int maxRecords = 10_000)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxRecords);
        _state.ThrowIfFatal();
        var buffer = ArrayPool<nint>.Shared.Rent(maxRecords);
        var count = 0;
        try
        {
            // librdkafka waits until the batch is full or the time is over. So: take what is there, else wait for one.
            count = _client.Consume(buffer.AsSpan(0, maxRecords), 0);
            if (count == 0 && timeout > TimeSpan.Zero && !_state.HasEvents)
                count = _client.Consume(buffer.AsSpan(0, 1), Milliseconds(timeout));
            count = _state.Sort(buffer, count, _names);
            _state.ThrowIfHandlerFailed();
            var batch = new RecordBatch(_client.Handle, new TopicNames(_names), buffer, count, _state.TakeEvents());
            buffer = null;
            return batch;
        }
        finally
        {
            if (buffer is not null)
            {
                for (var i = 0; i < count; i++)
                    MessagePointer.Free(buffer[i]);
                ArrayPool<nint>.Shared.Return(buffer);
            }
        }
    }

    /// <summary>Makes a waiting <see cref="ReadBatch"/> on another thread return now, if need be with an empty batch.</summary>
    public void Wakeup() => _client.Yield();

    /// <summary>Commits offsets and waits for the answer. Inside <see cref="RebalanceHandlers.Revoked"/> too.</summary>
    /// <param name="offsets">The offsets of the next records to read, with their metadata.</param>
    /// <param name="timeout">How long to wait for the answer; 30 s when null.</param>
    /// <exception cref="KafkaException">They are not committed; the reason says which partition failed.</exception>
    public void Commit(IEnumerable<PartitionOffset> offsets, TimeSpan? timeout = null) =>
        _client.Commit(offsets, Milliseconds(timeout ?? TimeSpan.FromSeconds(30)));

    /// <summary>Sends a commit and goes on; the outcome is an <see cref="OffsetsCommitted"/> event.</summary>
    /// <param name="offsets">The offsets of the next records to read.</param>
    public void CommitInBackground(IEnumerable<PartitionOffset> offsets) => _client.CommitInBackground(offsets);

    /// <summary>The group's committed offsets with their metadata; a partition without one has <see cref="Offset.Unset"/>.
    /// With <c>read_committed</c> waits for transactions that hold offsets of these partitions.</summary>
    /// <param name="partitions">The partitions.</param>
    /// <param name="timeout">How long to wait.</param>
    public IReadOnlyList<PartitionOffset> Committed(IEnumerable<TopicPartition> partitions, TimeSpan timeout) =>
        _client.Committed(partitions, Milliseconds(timeout));

    /// <summary>The offset after the last record returned, per partition; <see cref="Offset.Unset"/> before the first.</summary>
    /// <param name="partitions">Assigned partitions.</param>
    public IReadOnlyList<PartitionOffset> Position(IEnumerable<TopicPartition> partitions) => _client.Position(partitions);

    /// <summary>Goes on reading assigned partitions from other offsets. Batches already returned are not changed.</summary>
    /// <param name="offsets">Partitions and offsets.</param>
    public void Seek(params IEnumerable<PartitionOffset> offsets) => _client.Seek(offsets, Milliseconds(TimeSpan.FromSeconds(10)));

    /// <summary>Stops returning records of partitions, and keeps them assigned. A rebalance of the eager protocol resumes them.</summary>
    /// <param name="partitions">Assigned partitions.</param>
    public void Pause(params IEnumerable<TopicPartition> partitions) => _client.Pause(partitions, pause: true);

    /// <summary>Ends <see cref="Pause"/>.</summary>
    /// <param name="partitions">Assigned partitions.</param>
    public void Resume(params IEnumerable<TopicPartition> partitions) => _client.Pause(partitions, pause: false);

    /// <summary>The first offset, per partition, whose record has this timestamp or a later one; <see cref="Offset.End"/> when there is none.</summary>
    /// <param name="partitions">The partitions.</param>
    /// <param name="timestamp">Milliseconds since 1970-01-01 UTC.</param>
    /// <param name="timeout">How long to wait.</param>
    public IReadOnlyList<PartitionOffset> OffsetsForTime(IEnumerable<TopicPartition> partitions, long timestamp, TimeSpan timeout) =>
        _client.OffsetsForTime(partitions, timestamp, Milliseconds(timeout));

    /// <summary>Asks the broker for the first offset of a partition, and the one after its last record.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="timeout">How long to wait.</param>
    public (long Low, long High) QueryWatermarks(string topic, int partition, TimeSpan timeout) =>
        _client.Watermarks(topic, partition, Milliseconds(timeout));

    /// <summary>The watermarks as the last fetch of an assigned partition brought them; <see cref="Offset.Unset"/> when not known.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="partition">The partition.</param>
    public (long Low, long High) CachedWatermarks(string topic, int partition) => _client.Watermarks(topic, partition, timeoutMs: null);

    /// <summary>The group with this member's generation, for <see cref="Producing.TransactionOffsets.SendOffsets"/>. Take it anew after each rebalance.</summary>
    public GroupMetadata GetGroupMetadata() => _client.GroupMetadata();

    /// <summary>Leaves the group (after <see cref="RebalanceHandlers.Revoked"/>) and closes connections. Batches that are still held stay valid.</summary>
    public void Dispose() => _client.Dispose();

    private static int Milliseconds(TimeSpan timeout) => (int)Math.Clamp(Math.Ceiling(timeout.TotalMilliseconds), 0, int.MaxValue);
}
