using Millrace.Broker.Metadata;

namespace Millrace.Broker.Configuration;

/// <summary>The settings of the broker itself that have an effect, with Kafka's names and defaults.</summary>
internal static class BrokerSettings
{
    private static readonly ConfigDefinition[] Definitions =
    [
        Int("node.id", "1", "The id of the node.", 0),
        Int("broker.id", "1", "The older name of node.id.", 0),
        Text("listeners", "PLAINTEXT://127.0.0.1:9092", "Where the broker listens."),
        Text("advertised.listeners", "", "The address that clients are told."),
        Text("log.dirs", "", "The data directory."),
        Int("num.partitions", "1", "Partitions of a topic that does not say.", 1),
        Flag("auto.create.topics.enable", "true", "Whether a topic is made when a client first asks for it."),
        Flag("delete.topic.enable", "true", "Whether topics can be deleted."),
        Int("socket.request.max.bytes", "104857600", "The largest request.", 1),
        Long("connections.max.idle.ms", "600000", "How long a connection may be quiet.", 1),
        Int("max.connections", "2147483647", "The most connections; more wait until others end.", 1),
        Int("max.connections.per.ip", "2147483647", "The most connections from one address; more are closed.", 0),
        Text("max.connections.per.ip.overrides", "", "The most connections from single addresses, ADDRESS:NUMBER."),
        Int("fetch.max.bytes", "57671680", "The most bytes of a fetch response.", 1024),
        Int("max.incremental.fetch.session.cache.slots", "1000", "The most fetch sessions of clients.", 0),
        Long("log.retention.check.interval.ms", "300000", "Time between two looks for old segments.", 1),
        Long("log.flush.scheduler.interval.ms", "9223372036854775807", "Time between two looks for logs to flush.", 1),
        Int("log.flush.offset.checkpoint.interval.ms", "60000", "Time between two recovery checkpoints.", 0),
        Long("log.cleaner.backoff.ms", "15000", "Time between two looks for logs to compact.", 0),
        Flag("log.cleaner.enable", "true", "Whether logs are compacted."),
        Int("producer.id.expiration.ms", "86400000", "How long a quiet producer is remembered.", 1),
        Int("num.recovery.threads.per.data.dir", "2", "Threads that recover logs at the start.", 1),
        Int("group.initial.rebalance.delay.ms", "0", "How long a new group waits for more members.", 0),
        Int("group.min.session.timeout.ms", "6000", "The shortest session timeout of a member.", 0),
        Int("group.max.session.timeout.ms", "1800000", "The longest session timeout of a member.", 0),
        Int("group.max.size", "2147483647", "The most members of a group.", 1),
        Int("group.consumer.session.timeout.ms", "45000", "How long a member of the consumer protocol may be silent.", 1),
        Int("group.consumer.heartbeat.interval.ms", "5000", "How often members of the consumer protocol call.", 1),
        Int("group.consumer.max.size", "2147483647", "The most members of a group of the consumer protocol.", 1),
        Int("group.consumer.assignment.interval.ms", "0", "The shortest time between two assignments of a group of the consumer protocol.", 0),
        Text("group.consumer.migration.policy", "bidirectional", "Whether groups move between the classic and the consumer protocol."),
        Int("offset.metadata.max.bytes", "4096", "The most bytes of a committed offset's metadata.", 0),
        Int("offsets.retention.minutes", "10080", "How long offsets of an empty group are kept.", 1),
        Long("offsets.retention.check.interval.ms", "600000", "Time between two looks for expired offsets.", 1),
        Int("offsets.topic.num.partitions", "50", "Partitions of __consumer_offsets.", 1),
        Int("offsets.topic.segment.bytes", "104857600", "The size of a segment of __consumer_offsets.", 1),
        Int("group.share.session.timeout.ms", "45000", "How long a member of a share group may be silent.", 1),
        Int("group.share.heartbeat.interval.ms", "5000", "How often members of share groups call.", 1),
        Int("group.share.max.size", "200", "The most members of a share group.", 1),
        Int("group.share.max.share.sessions", "2000", "The most share sessions of clients.", 1),
        Int("group.share.record.lock.duration.ms", "30000", "How long a consumer of a share group may hold a record.", 1000),
        Int("group.share.delivery.count.limit", "5", "How often a record is given to a share group before it is given up.", 2),
        Int("group.share.partition.max.record.locks", "2000", "The most records in flight of a share group's partition.", 100),
        Int("share.coordinator.state.topic.num.partitions", "50", "Partitions of __share_group_state.", 1),
        Int("share.coordinator.state.topic.segment.bytes", "104857600", "The size of a segment of __share_group_state.", 1),
        Int("share.coordinator.snapshot.update.records.per.snapshot", "500", "Changes of a share partition between two snapshots of its state.", 0),
        Int("share.coordinator.state.topic.prune.interval.ms", "300000", "Time between two looks for what is not needed of __share_group_state.", 1),
        Int("share.coordinator.cold.partition.snapshot.interval.ms", "300000", "How long a share partition is quiet until its state is written whole.", 1),
        Int("transaction.max.timeout.ms", "900000", "The longest timeout of a transaction.", 1),
        Int("transaction.state.log.num.partitions", "50", "Partitions of __transaction_state.", 1),
        Int("transaction.state.log.segment.bytes", "104857600", "The size of a segment of __transaction_state.", 1),
        Int("transactional.id.expiration.ms", "604800000", "How long a quiet transactional id is remembered.", 1),
        Int("transaction.abort.timed.out.transaction.cleanup.interval.ms", "10000", "Time between two looks for transactions to abort.", 1),
        Int("transaction.remove.expired.transaction.cleanup.interval.ms", "3600000", "Time between two looks for transactional ids to forget.", 1),
    ];

    public static IReadOnlyList<ConfigDefinition> All => Definitions;

    public static ConfigDefinition? Find(string name) => Array.Find(Definitions, d => d.Name == name);

    private static ConfigDefinition Int(string name, string fallback, string text, double minimum) => new(name, null, ConfigType.Int, fallback, text) { Minimum = minimum };

    private static ConfigDefinition Long(string name, string fallback, string text, double minimum) => new(name, null, ConfigType.Long, fallback, text) { Minimum = minimum };

    private static ConfigDefinition Flag(string name, string fallback, string text) => new(name, null, ConfigType.Boolean, fallback, text);

    private static ConfigDefinition Text(string name, string fallback, string text) => new(name, null, ConfigType.String, fallback, text);
}
