namespace Millrace.Broker.Sharing;

/// <summary>What a share group's configuration says of its share partitions.</summary>
internal sealed record ShareSettings
{
    /// <summary><c>share.record.lock.duration.ms</c>.</summary>
    public int LockDurationMs { get; init; } = 30_000;

    /// <summary><c>share.delivery.count.limit</c>.</summary>
    public int DeliveryCountLimit { get; init; } = 5;

    /// <summary><c>share.partition.max.record.locks</c>: how many offsets may lie between the first that is not settled and the last that was given out.</summary>
    public int MaxRecordLocks { get; init; } = 2000;

    /// <summary><c>share.renew.acknowledge.enable</c>.</summary>
    public bool MayRenew { get; init; } = true;

    /// <summary><c>share.isolation.level</c> is <c>read_committed</c>.</summary>
    public bool ReadCommitted { get; init; }

    /// <summary><c>share.auto.offset.reset</c>.</summary>
    public string OffsetReset { get; init; } = "latest";
}
