using System.Runtime.InteropServices;
using Millrace.Protocol;

namespace Millrace.Broker.Coordination;

/// <summary>A record of an internal topic; a null value is a tombstone.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct CoordinatorRecord(byte[] Key, byte[]? Value);

/// <summary>The producer whose transaction a batch of an internal topic belongs to.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ProducerStamp(long ProducerId, short ProducerEpoch);

/// <summary>What became of an append. On success the records survive a kill of the process.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct AppendOutcome(ErrorCode Error, long BaseOffset);

/// <summary>
/// What loading a partition finds, in log order: a record, or (with <see cref="Committed"/>) the marker that ends the producer's transaction.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct LoadedEntry(CoordinatorRecord Record, long Offset, ProducerStamp? Transaction, bool? Committed);

/// <summary>An internal, compacted topic that holds a coordinator's state (<c>__consumer_offsets</c>, <c>__transaction_state</c>).</summary>
internal interface ICoordinatorLog
{
    string Topic { get; }

    /// <summary>The number of partitions: of the topic if it exists, else of the one that would be created.</summary>
    int PartitionCount { get; }

    /// <summary>Creates the topic unless it is there.</summary>
    ValueTask EnsureCreatedAsync(CancellationToken cancellationToken = default);

    /// <summary>Appends one batch, creating the topic if needed. Failures are outcomes, not exceptions.</summary>
    ValueTask<AppendOutcome> AppendAsync(int partition, IReadOnlyList<CoordinatorRecord> records, ProducerStamp? transaction = null);

    /// <summary>Reads all that is stored in a partition; nothing if the topic does not exist.</summary>
    IEnumerable<LoadedEntry> Read(int partition);

    /// <summary>Cuts off what is before an offset and not needed any more.</summary>
    ValueTask CutAsync(int partition, long offset);
}
