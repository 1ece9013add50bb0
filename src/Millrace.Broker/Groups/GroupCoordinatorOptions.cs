namespace Millrace.Broker.Groups;

/// <summary>Settings of the group coordinator, under the names and defaults of Apache Kafka unless said otherwise.</summary>
public sealed record GroupCoordinatorOptions
{
    /// <summary><c>group.initial.rebalance.delay.ms</c>: how long the first rebalance of an empty group waits for more members.</summary>
    /// <value>0 ms. Kafka's code default is 3000 ms, which saves rebalances while a fleet starts; its own single-node configuration and this broker use 0,
    /// so that the first consumer starts at once.</value>
    public int InitialRebalanceDelayMs { get; init; }

    /// <summary><c>group.min.session.timeout.ms</c>: the shortest session timeout that a member may ask for.</summary>
    /// <value>6000 ms.</value>
    public int MinSessionTimeoutMs { get; init; } = 6_000;

    /// <summary><c>group.max.session.timeout.ms</c>: the longest session timeout that a member may ask for.</summary>
    /// <value>1800000 ms.</value>
    public int MaxSessionTimeoutMs { get; init; } = 1_800_000;

    /// <summary><c>group.max.size</c>: the most members that one group may have.</summary>
    /// <value><see cref="int.MaxValue"/>.</value>
    public int MaxSize { get; init; } = int.MaxValue;

    /// <summary><c>group.consumer.session.timeout.ms</c>: how long a member of the new protocol may be silent.</summary>
    /// <value>45000 ms.</value>
    public int ConsumerSessionTimeoutMs { get; init; } = 45_000;

    /// <summary><c>group.consumer.heartbeat.interval.ms</c>: how often members of the new protocol are told to call.</summary>
    /// <value>5000 ms.</value>
    public int ConsumerHeartbeatIntervalMs { get; init; } = 5_000;

    /// <summary><c>group.consumer.max.size</c>: the most members of a group of the new protocol.</summary>
    /// <value><see cref="int.MaxValue"/>.</value>
    public int ConsumerMaxSize { get; init; } = int.MaxValue;

    /// <summary><c>group.consumer.assignment.interval.ms</c>: the shortest time between two assignments of a group.</summary>
    /// <value>0 ms. Kafka's default is 1000 ms, which spares work while a large fleet starts, and makes members that come within a second of another
    /// wait for their next heartbeat.</value>
    public int ConsumerAssignmentIntervalMs { get; init; }

    /// <summary><c>group.consumer.migration.policy</c> allows <c>upgrade</c>: a classic group becomes one of the new protocol when such a member joins.</summary>
    /// <value>true.</value>
    public bool MayUpgrade { get; init; } = true;

    /// <summary><c>group.consumer.migration.policy</c> allows <c>downgrade</c>: a group becomes classic when only classic members are left.</summary>
    /// <value>true.</value>
    public bool MayDowngrade { get; init; } = true;

    /// <summary>How long a new member's JoinGroup may wait before the member is dropped: it has no id yet, so it cannot send heartbeats.</summary>
    /// <value>300000 ms, as fixed in Apache Kafka.</value>
    public int NewMemberJoinTimeoutMs { get; init; } = 300_000;

    /// <summary><c>offset.metadata.max.bytes</c>: the longest metadata string that a commit may carry.</summary>
    /// <value>4096 bytes.</value>
    public int OffsetMetadataMaxBytes { get; init; } = 4_096;

    /// <summary><c>offsets.retention.minutes</c>: how long the offsets of an empty group are kept.</summary>
    /// <value>10080 minutes (7 days).</value>
    public int OffsetsRetentionMinutes { get; init; } = 10_080;

    /// <summary><c>offsets.retention.check.interval.ms</c>: how often expired offsets are looked for.</summary>
    /// <value>600000 ms.</value>
    public int OffsetsRetentionCheckIntervalMs { get; init; } = 600_000;

    /// <summary><c>offsets.topic.num.partitions</c>: partitions of <c>__consumer_offsets</c> when it is created.</summary>
    /// <value>50.</value>
    public int OffsetsTopicPartitions { get; init; } = 50;

    /// <summary><c>offsets.topic.segment.bytes</c>: segment size of <c>__consumer_offsets</c>, small so that compaction keeps loading fast.</summary>
    /// <value>104857600 bytes.</value>
    public int OffsetsTopicSegmentBytes { get; init; } = 104_857_600;
}
