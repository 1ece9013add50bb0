using System.Runtime.InteropServices;
using Millrace.Broker.Log;
using Millrace.Protocol;

namespace Millrace.Broker.Groups;

/// <summary>An offset that a client wants to commit.</summary>
internal sealed record OffsetToCommit(TopicPartition Partition, long Offset, int LeaderEpoch, string? Metadata)
{
    /// <summary>How long to keep it, where the request is of a version that may choose (2 to 4).</summary>
    public long? RetentionMs { get; init; }
}

/// <summary>The answer to a fetch of one offset; -1 if nothing was committed.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct FetchedOffset(TopicPartition Partition, long Offset, int LeaderEpoch, string Metadata, ErrorCode Error);

/// <summary>A line of ListGroups.</summary>
internal sealed record GroupListing(string GroupId, string ProtocolType, string State, bool IsConsumer)
{
    public bool IsShare { get; init; }
}

/// <summary>The transaction that offsets are committed in.</summary>
internal sealed record OffsetTransaction(string TransactionalId, long ProducerId, short ProducerEpoch);

/// <summary>Runs an append only while the partition belongs to the producer's open transaction, and keeps that transaction open meanwhile.</summary>
internal interface ITransactionGate
{
    /// <summary>Runs the append, or returns why not.</summary>
    ValueTask<ErrorCode> RunInTransactionAsync(OffsetTransaction transaction, TopicPartition partition, Func<ValueTask<ErrorCode>> append);
}
