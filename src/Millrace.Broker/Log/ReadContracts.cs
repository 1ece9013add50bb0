using System.Runtime.InteropServices;
using Millrace.Protocol;

namespace Millrace.Broker.Log;

/// <summary>An aborted transaction that overlaps what was read.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct AbortedTransaction(long ProducerId, long FirstOffset, long LastOffset, long LastStableOffset);

/// <summary>What a read found. The offsets belong together: they are of one moment.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct LogReadResult
{
    /// <summary>NONE, OFFSET_OUT_OF_RANGE or KAFKA_STORAGE_ERROR.</summary>
    public ErrorCode Error { get; init; }

    /// <summary>The bytes, possibly none; the last batch may be cut, as Kafka's clients expect.</summary>
    public LogSlice Records { get; init; }

    public long LogStartOffset { get; init; }

    public long HighWatermark { get; init; }

    public long LastStableOffset { get; init; }

    public long LogEndOffset { get; init; }

    /// <summary>For read_committed the transactions to skip, in the order of their first offsets; otherwise null.</summary>
    public IReadOnlyList<AbortedTransaction>? AbortedTransactions { get; init; }
}

/// <summary>A timestamp and the offset where it was found.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct TimestampedOffset(long Timestamp, long Offset, int LeaderEpoch);

/// <summary>The end of a leader epoch.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct EpochEndOffset(int LeaderEpoch, long EndOffset);

/// <summary>A producer that a log remembers, with the first offset of its open transaction or −1.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ActiveProducer(
    long ProducerId, short ProducerEpoch, int LastSequence, long LastTimestamp, int CoordinatorEpoch, long CurrentTransactionStartOffset);
