namespace Millrace.Broker.Transactions;

/// <summary>Settings of the transaction coordinator, under the names and defaults of Apache Kafka.</summary>
public sealed record TransactionCoordinatorOptions
{
    /// <summary><c>transaction.max.timeout.ms</c>: the longest transaction timeout that a producer may ask for.</summary>
    /// <value>900000 ms.</value>
    public int MaxTimeoutMs { get; init; } = 900_000;

    /// <summary><c>transactional.id.expiration.ms</c>: how long an unused transactional id is remembered.</summary>
    /// <value>604800000 ms (7 days).</value>
    public int TransactionalIdExpirationMs { get; init; } = 604_800_000;

    /// <summary><c>transaction.remove.expired.transaction.cleanup.interval.ms</c>: how often expired transactional ids are looked for.</summary>
    /// <value>3600000 ms.</value>
    public int ExpiredIdCheckIntervalMs { get; init; } = 3_600_000;

    /// <summary><c>transaction.state.log.num.partitions</c>: partitions of <c>__transaction_state</c> when it is created.</summary>
    /// <value>50.</value>
    public int StateTopicPartitions { get; init; } = 50;

    /// <summary><c>transaction.state.log.segment.bytes</c>: segment size of <c>__transaction_state</c>, small so that compaction keeps loading fast.</summary>
    /// <value>104857600 bytes.</value>
    public int StateTopicSegmentBytes { get; init; } = 104_857_600;

    /// <summary>
    /// <c>transaction.partition.verification.enable</c>: refuse transactional records for a partition that is not part of an open transaction. It closes the
    /// door to transactions that never end because a delayed request arrived after the end marker (KIP-890, part 1).
    /// </summary>
    /// <value>true.</value>
    public bool PartitionVerification { get; init; } = true;
}
