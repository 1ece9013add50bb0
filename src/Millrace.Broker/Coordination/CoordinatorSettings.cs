using Millrace.Broker.Groups;
using Millrace.Broker.Sharing;
using Millrace.Broker.Transactions;

namespace Millrace.Broker.Coordination;

/// <summary>The coordinators' options out of the broker's settings, by Kafka's names.</summary>
internal static class CoordinatorSettings
{
    public static GroupCoordinatorOptions Groups(BrokerOptions broker)
    {
        var defaults = new GroupCoordinatorOptions();
        return defaults with
        {
            InitialRebalanceDelayMs = Int(broker, "group.initial.rebalance.delay.ms", defaults.InitialRebalanceDelayMs, 0),
            MinSessionTimeoutMs = Int(broker, "group.min.session.timeout.ms", defaults.MinSessionTimeoutMs, 1),
            MaxSessionTimeoutMs = Int(broker, "group.max.session.timeout.ms", defaults.MaxSessionTimeoutMs, 1),
            MaxSize = Int(broker, "group.max.size", defaults.MaxSize, 1),
            ConsumerSessionTimeoutMs = Int(broker, "group.consumer.session.timeout.ms", defaults.ConsumerSessionTimeoutMs, 1),
            ConsumerHeartbeatIntervalMs = Int(broker, "group.consumer.heartbeat.interval.ms", defaults.ConsumerHeartbeatIntervalMs, 1),
            ConsumerMaxSize = Int(broker, "group.consumer.max.size", defaults.ConsumerMaxSize, 1),
            ConsumerAssignmentIntervalMs = Int(broker, "group.consumer.assignment.interval.ms", defaults.ConsumerAssignmentIntervalMs, 0),
            MayUpgrade = Policy(broker) is "bidirectional" or "upgrade",
            MayDowngrade = Policy(broker) is "bidirectional" or "downgrade",
            OffsetMetadataMaxBytes = Int(broker, "offset.metadata.max.bytes", defaults.OffsetMetadataMaxBytes, 0),
            OffsetsRetentionMinutes = Int(broker, "offsets.retention.minutes", defaults.OffsetsRetentionMinutes, 1),
            OffsetsRetentionCheckIntervalMs = Int(broker, "offsets.retention.check.interval.ms", defaults.OffsetsRetentionCheckIntervalMs, 1),
            OffsetsTopicPartitions = Int(broker, "offsets.topic.num.partitions", defaults.OffsetsTopicPartitions, 1),
            OffsetsTopicSegmentBytes = Int(broker, "offsets.topic.segment.bytes", defaults.OffsetsTopicSegmentBytes, 1),
        };
    }

    public static TransactionCoordinatorOptions Transactions(BrokerOptions broker)
    {
        var defaults = new TransactionCoordinatorOptions();
        return defaults with
        {
            MaxTimeoutMs = Int(broker, "transaction.max.timeout.ms", defaults.MaxTimeoutMs, 1),
            TransactionalIdExpirationMs = Int(broker, "transactional.id.expiration.ms", defaults.TransactionalIdExpirationMs, 1),
            ExpiredIdCheckIntervalMs =
                Int(broker, "transaction.remove.expired.transaction.cleanup.interval.ms", defaults.ExpiredIdCheckIntervalMs, 1),
            StateTopicPartitions = Int(broker, "transaction.state.log.num.partitions", defaults.StateTopicPartitions, 1),
            StateTopicSegmentBytes = Int(broker, "transaction.state.log.segment.bytes", defaults.StateTopicSegmentBytes, 1),
            PartitionVerification = Flag(broker, "transaction.partition.verification.enable", defaults.PartitionVerification),
        };
    }

    public static ShareOptions Sharing(BrokerOptions broker)
    {
        var defaults = new ShareOptions();
        return new ShareOptions
        {
            SessionTimeoutMs = Int(broker, "group.share.session.timeout.ms", defaults.SessionTimeoutMs, 1),
            HeartbeatIntervalMs = Int(broker, "group.share.heartbeat.interval.ms", defaults.HeartbeatIntervalMs, 1),
            MaxSize = Int(broker, "group.share.max.size", defaults.MaxSize, 1),
            MaxSessions = Int(broker, "group.share.max.share.sessions", defaults.MaxSessions, 1),
            StateTopicPartitions = Int(broker, "share.coordinator.state.topic.num.partitions", defaults.StateTopicPartitions, 1),
            StateTopicSegmentBytes = Int(broker, "share.coordinator.state.topic.segment.bytes", defaults.StateTopicSegmentBytes, 1),
            UpdatesPerSnapshot = Int(broker, "share.coordinator.snapshot.update.records.per.snapshot", defaults.UpdatesPerSnapshot, 0),
            PruneIntervalMs = Int(broker, "share.coordinator.state.topic.prune.interval.ms", defaults.PruneIntervalMs, 1),
            ColdSnapshotIntervalMs = Int(broker, "share.coordinator.cold.partition.snapshot.interval.ms", defaults.ColdSnapshotIntervalMs, 1),
            Partition = new ShareSettings
            {
                LockDurationMs = Int(broker, "group.share.record.lock.duration.ms", defaults.Partition.LockDurationMs, 1000),
                DeliveryCountLimit = Int(broker, "group.share.delivery.count.limit", defaults.Partition.DeliveryCountLimit, 2),
                MaxRecordLocks = Int(broker, "group.share.partition.max.record.locks", defaults.Partition.MaxRecordLocks, 100),
            },
        };
    }

    private static string Policy(BrokerOptions broker)
    {
        var policy = broker.Settings.GetValueOrDefault("group.consumer.migration.policy", "bidirectional").ToLowerInvariant();
        return policy is "bidirectional" or "upgrade" or "downgrade" or "disabled"
            ? policy
            : throw new BrokerStartException($"group.consumer.migration.policy={policy} must be bidirectional, upgrade, downgrade or disabled");
    }

    private static int Int(BrokerOptions broker, string name, int fallback, int minimum)
    {
        var value = broker.Number(name, fallback);
        return value >= minimum && value <= int.MaxValue
            ? (int)value
            : throw new BrokerStartException($"{name}={value} must be between {minimum} and {int.MaxValue}");
    }

    private static bool Flag(BrokerOptions broker, string name, bool fallback)
    {
        if (!broker.Settings.TryGetValue(name, out var text)) return fallback;
        return bool.TryParse(text, out var value) ? value : throw new BrokerStartException($"{name}={text} must be true or false");
    }
}
