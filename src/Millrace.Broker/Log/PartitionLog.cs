using Millrace.Protocol.Records;

namespace Millrace.Broker.Log;

/// <summary>The log of one partition.</summary>
internal sealed partial class PartitionLog
{
    public TopicPartition TopicPartition => throw new NotImplementedException();

    public Guid TopicId => throw new NotImplementedException();

    public LogConfig Config => throw new NotImplementedException();

    /// <summary>First offset that can be read.</summary>
    public long LogStartOffset => throw new NotImplementedException();

    /// <summary>Offset after the last record that may be read.</summary>
    public long HighWatermark => throw new NotImplementedException();

    /// <summary>First offset of the earliest open transaction, or the high watermark.</summary>
    public long LastStableOffset => throw new NotImplementedException();

    /// <summary>Offset that the next record gets.</summary>
    public long LogEndOffset => throw new NotImplementedException();

    public int LeaderEpoch => throw new NotImplementedException();

    /// <summary>Bytes of all segments.</summary>
    public long Size => throw new NotImplementedException();

    /// <summary>Appends one or more whole batches. The bytes are not changed, and must not change until the task completes.</summary>
    public ValueTask<AppendResult> AppendAsync(
        ReadOnlyMemory<byte> batches, AppendOrigin origin = AppendOrigin.Client, AppendOptions? options = null, CancellationToken cancellationToken = default)
        => throw new NotImplementedException();

    /// <summary>Finds the bytes from the batch that holds <paramref name="offset"/> on. Takes no lock and reads no records yet. With
    /// <paramref name="minOneMessage"/> the first batch is given even if it is larger than <paramref name="maxBytes"/>.</summary>
    public LogReadResult Read(long offset, int maxBytes, IsolationLevel isolation = IsolationLevel.ReadUncommitted, bool minOneMessage = true)
        => throw new NotImplementedException();

    /// <summary>Walks over whole batches, for coordinators that load their state. A batch is valid until the next one is taken.</summary>
    public IEnumerable<RecordBatch> ReadBatches(long fromOffset, IsolationLevel isolation = IsolationLevel.ReadUncommitted)
        => throw new NotImplementedException();

    /// <summary>Completes when there is something to read at <paramref name="offset"/>.</summary>
    public ValueTask WaitForDataAsync(long offset, IsolationLevel isolation, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>First record whose timestamp is not before <paramref name="timestamp"/>, or null.</summary>
    public TimestampedOffset? OffsetForTimestamp(long timestamp) => throw new NotImplementedException();

    /// <summary>The record with the largest timestamp, or null for an empty log.</summary>
    public TimestampedOffset? OffsetOfMaxTimestamp() => throw new NotImplementedException();

    /// <summary>Where the newest epoch that is not after <paramref name="leaderEpoch"/> ends; (−1, −1) if there is none (KIP-279).</summary>
    public EpochEndOffset OffsetForLeaderEpoch(int leaderEpoch) => throw new NotImplementedException();

    /// <summary>Moves the log start offset on (DeleteRecords) and returns the new one.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The offset is beyond the high watermark: OFFSET_OUT_OF_RANGE.</exception>
    public ValueTask<long> DeleteRecordsBeforeAsync(long offset, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Producers that the log remembers, for DescribeProducers.</summary>
    public IReadOnlyList<ActiveProducer> ActiveProducers() => throw new NotImplementedException();

    /// <summary>Whether the producer has a transaction open in this log.</summary>
    public bool HasOpenTransaction(long producerId, short producerEpoch) => throw new NotImplementedException();

    /// <summary>Gives batches appended from now on this leader epoch.</summary>
    public void BecomeLeader(int leaderEpoch) => throw new NotImplementedException();

    /// <summary>Replaces the configuration; it counts from the next append or tick.</summary>
    public void UpdateConfig(LogConfig config) => throw new NotImplementedException();

    /// <summary>Writes everything through to the disk.</summary>
    public ValueTask FlushAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();
}
