using Confluent.Kafka;

namespace Millrace.Kafka.Consuming;

/// <summary>An offset of one partition, with what Kafka stores beside a committed offset.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Offset">The offset of the next record to read, or one of <see cref="Confluent.Kafka.Offset"/>'s special values
/// (<c>Beginning</c>, <c>End</c>, <c>Stored</c>, <c>Unset</c>).</param>
public readonly record struct PartitionOffset(string Topic, int Partition, long Offset)
{
    /// <summary>Free text stored with a committed offset, at most <c>offset.metadata.max.bytes</c> of the broker (4,096 by default).</summary>
    /// <value>Default: null, none.</value>
    public string? Metadata { get; init; }

    /// <summary>The leader epoch of the last record read, which lets the broker detect a truncated log.</summary>
    /// <value>Default: -1, unknown.</value>
    public int LeaderEpoch { get; init; } = -1;

    /// <summary>True when <see cref="Offset"/> is a real offset, false when it is special or nothing is committed.</summary>
    public bool HasOffset => Offset >= 0;

    /// <summary>The partition as Confluent.Kafka writes it.</summary>
    public TopicPartition TopicPartition => new(Topic, Partition);

    /// <inheritdoc/>
    public override string ToString() => Metadata is null ? $"{Topic} [{Partition}] @{Offset}" : $"{Topic} [{Partition}] @{Offset} ({Metadata})";
}
