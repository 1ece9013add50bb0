using Confluent.Kafka;

namespace Millrace.Kafka.Consuming;

/// <summary>
/// What to do when the group gives partitions to this reader or takes them away. All run inside <see cref="KafkaRecordReader.ReadBatch"/> (or
/// <see cref="KafkaRecordReader.Dispose"/>), on its thread. With the cooperative protocol the lists hold only what changes, with the eager one all
/// partitions. An exception is thrown again by <see cref="KafkaRecordReader.ReadBatch"/>; the reader must then be disposed.
/// </summary>
public sealed record RebalanceHandlers
{
    /// <summary>
    /// Called with newly assigned partitions. May return the offsets to start from; a partition that is not returned, and all of them
    /// when the result is null, start at the committed offset or, without one, where <c>auto.offset.reset</c> says.
    /// </summary>
    public Func<IReadOnlyList<TopicPartition>, IEnumerable<PartitionOffset>?>? Assigned { get; init; }

    /// <summary>
    /// Called before partitions go to another member: the last chance to finish their records and commit. Records of theirs that are
    /// not yet returned by <see cref="KafkaRecordReader.ReadBatch"/> never will be.
    /// </summary>
    public Action<IReadOnlyList<TopicPartition>>? Revoked { get; init; }

    /// <summary>
    /// Called when partitions are already with another member (session or poll interval expired): drop their work, commits will fail.
    /// When not set, <see cref="Revoked"/> is called.
    /// </summary>
    public Action<IReadOnlyList<TopicPartition>>? Lost { get; init; }
}
