using Confluent.Kafka;

namespace Millrace.Kafka.Consuming;

/// <summary>What a <see cref="KafkaRecordReader"/> reports beside records.</summary>
public abstract record ReaderEvent;

/// <summary>All records of a partition up to its end have been read (up to the last stable offset with <c>read_committed</c>).</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Offset">The offset of the next record, once there is one.</param>
public sealed record PartitionEndReached(string Topic, int Partition, long Offset) : ReaderEvent;

/// <summary>An error of the client or of a partition.</summary>
/// <param name="Error">The error. Its reason is a sentence.</param>
/// <param name="Topic">The topic that the error is about, or null.</param>
/// <param name="Partition">The partition that the error is about, or null.</param>
public sealed record ReaderError(Error Error, string? Topic, int? Partition) : ReaderEvent
{
    /// <summary>True when the reader cannot go on: dispose it and create a new one. The next read throws.</summary>
    public bool IsFatal => Error.IsFatal;

    /// <summary>True when the client retries by itself, so that nothing has to be done but to tell people if it lasts.</summary>
    public bool IsRetriable => !Error.IsFatal && Error.Code is
        ErrorCode.Local_Transport or ErrorCode.Local_AllBrokersDown or ErrorCode.Local_TimedOut or ErrorCode.Local_Resolve
        or ErrorCode.Local_MsgTimedOut or ErrorCode.Local_WaitCoord or ErrorCode.Local_NodeUpdate or ErrorCode.Local_TimedOutQueue
        or ErrorCode.LeaderNotAvailable or ErrorCode.NotLeaderForPartition or ErrorCode.RequestTimedOut or ErrorCode.NetworkException
        or ErrorCode.GroupLoadInProgress or ErrorCode.GroupCoordinatorNotAvailable or ErrorCode.NotCoordinatorForGroup
        or ErrorCode.RebalanceInProgress or ErrorCode.UnstableOffsetCommit or ErrorCode.OffsetNotAvailable
        or ErrorCode.FencedLeaderEpoch or ErrorCode.UnknownLeaderEpoch or ErrorCode.PreferredLeaderNotAvailable;
}

/// <summary>The outcome of <see cref="KafkaRecordReader.CommitInBackground"/>.</summary>
/// <param name="Offsets">The offsets of the commit.</param>
/// <param name="Error">The error, or null when they are committed.</param>
public sealed record OffsetsCommitted(IReadOnlyList<PartitionOffset> Offsets, Error? Error) : ReaderEvent;
