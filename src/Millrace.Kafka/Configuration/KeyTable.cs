using System.Collections.Frozen;

namespace Millrace.Kafka.Configuration;

/// <summary>
/// What is known about keys beyond what librdkafka itself checks: Java's names, whose role a key belongs to, what has no meaning here.
/// Sources: Apache Kafka's ProducerConfig and ConsumerConfig, librdkafka's CONFIGURATION.md.
/// </summary>
internal static class KeyTable
{
    private static readonly FrozenSet<string> ProducerKeys = FrozenSet.Create(
        StringComparer.Ordinal,
        "acks", "request.required.acks", "batch.num.messages", "batch.size", "buffer.memory", "compression.codec", "compression.level", "compression.type",
        "compression.gzip.level", "compression.lz4.level", "compression.zstd.level", "delivery.report.only.error", "delivery.timeout.ms",
        "enable.gapless.guarantee", "enable.idempotence", "linger.ms", "max.block.ms", "max.request.size", "message.send.max.retries",
        "message.timeout.ms", "partitioner", "partitioner.class", "partitioner.ignore.keys", "partitioner.adaptive.partitioning.enable",
        "partitioner.availability.timeout.ms", "queue.buffering.backpressure.threshold", "queue.buffering.max.kbytes", "queue.buffering.max.messages",
        "queue.buffering.max.ms", "queuing.strategy", "retries", "sticky.partitioning.linger.ms", "transaction.timeout.ms", "transactional.id",
        "transaction.two.phase.commit.enable", "key.serializer", "value.serializer", "metadata.max.idle.ms");

    private static readonly FrozenSet<string> ConsumerKeys = FrozenSet.Create(
        StringComparer.Ordinal,
        "auto.commit.enable", "auto.commit.interval.ms", "auto.offset.reset", "check.crcs", "coordinator.query.interval.ms", "enable.auto.commit",
        "enable.auto.offset.store", "enable.partition.eof", "exclude.internal.topics", "fetch.error.backoff.ms", "fetch.max.bytes", "fetch.max.wait.ms",
        "fetch.message.max.bytes", "fetch.min.bytes", "fetch.queue.backoff.ms", "fetch.wait.max.ms", "group.id", "group.instance.id",
        "group.protocol", "group.protocol.type", "group.remote.assignor", "heartbeat.interval.ms", "isolation.level", "key.deserializer",
        "max.partition.fetch.bytes", "max.poll.interval.ms", "max.poll.records", "partition.assignment.strategy", "queued.max.messages.kbytes",
        "queued.min.messages", "session.timeout.ms", "value.deserializer", "allow.auto.create.topics", "default.api.timeout.ms");

    /// <summary>Java's or an alias's name → the name that reaches librdkafka. Aliases are made one, so that a double setting is noticed.</summary>
    internal static readonly FrozenDictionary<string, string> Renamed = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["metadata.broker.list"] = "bootstrap.servers",
        ["max.in.flight"] = "max.in.flight.requests.per.connection",
        ["sasl.mechanisms"] = "sasl.mechanism",
        ["queue.buffering.max.ms"] = "linger.ms",
        ["message.send.max.retries"] = "retries",
        ["compression.codec"] = "compression.type",
        ["compression.gzip.level"] = "compression.level",
        ["compression.lz4.level"] = "compression.level",
        ["compression.zstd.level"] = "compression.level",
        ["request.required.acks"] = "acks",
        ["message.timeout.ms"] = "delivery.timeout.ms",
        ["fetch.message.max.bytes"] = "max.partition.fetch.bytes",
        ["auto.commit.enable"] = "enable.auto.commit",
        ["fetch.max.wait.ms"] = "fetch.wait.max.ms",
        ["max.request.size"] = "message.max.bytes",
        ["send.buffer.bytes"] = "socket.send.buffer.bytes",
        ["receive.buffer.bytes"] = "socket.receive.buffer.bytes",
        ["socket.connection.setup.timeout.max.ms"] = "socket.connection.setup.timeout.ms",
        ["ssl.truststore.certificates"] = "ssl.ca.pem",
        ["ssl.keystore.certificate.chain"] = "ssl.certificate.pem",
        ["ssl.keystore.key"] = "ssl.key.pem",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Java's keys that are accepted and change nothing, with the reason.</summary>
    internal static readonly FrozenDictionary<string, string> WithoutEffect = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["max.block.ms"] = "producing waits without blocking a thread, until delivery.timeout.ms",
        ["metadata.max.idle.ms"] = "librdkafka forgets idle topics by itself",
        ["partitioner.adaptive.partitioning.enable"] = "librdkafka batches per sticky partition (sticky.partitioning.linger.ms)",
        ["partitioner.availability.timeout.ms"] = "librdkafka batches per sticky partition (sticky.partitioning.linger.ms)",
        ["exclude.internal.topics"] = "a regular expression never matches internal topics unless it names them",
        ["default.api.timeout.ms"] = "each call takes its own timeout",
        ["auto.include.jmx.reporter"] = "there is no JVM; metrics go to OpenTelemetry",
        ["metrics.num.samples"] = "metrics go to OpenTelemetry",
        ["metrics.recording.level"] = "metrics go to OpenTelemetry",
        ["metrics.sample.window.ms"] = "metrics go to OpenTelemetry",
        ["ssl.protocol"] = "OpenSSL negotiates the newest protocol that both sides know",
        ["ssl.enabled.protocols"] = "OpenSSL negotiates the newest protocol that both sides know",
        ["ssl.keymanager.algorithm"] = "a setting of the JVM",
        ["ssl.trustmanager.algorithm"] = "a setting of the JVM",
        ["ssl.secure.random.implementation"] = "a setting of the JVM",
        ["sasl.login.refresh.buffer.seconds"] = "librdkafka refreshes by itself",
        ["sasl.login.refresh.min.period.seconds"] = "librdkafka refreshes by itself",
        ["sasl.login.refresh.window.factor"] = "librdkafka refreshes by itself",
        ["sasl.login.refresh.window.jitter"] = "librdkafka refreshes by itself",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Java's keys that name code or formats which cannot be loaded here, with what to do instead.</summary>
    internal static readonly FrozenDictionary<string, string> Refused = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["interceptor.classes"] = "a Java class cannot be loaded. Remove the key; tracing is built in",
        ["metric.reporters"] = "a Java class cannot be loaded. Remove the key; metrics go to OpenTelemetry",
        ["ssl.engine.factory.class"] = "a Java class cannot be loaded. Remove the key",
        ["sasl.login.class"] = "a Java class cannot be loaded. Remove the key",
        ["sasl.login.callback.handler.class"] = "a Java class cannot be loaded. Use sasl.oauthbearer.method=oidc with its keys",
        ["sasl.client.callback.handler.class"] = "a Java class cannot be loaded. Remove the key",
        ["security.providers"] = "a Java class cannot be loaded. Remove the key",
        ["transaction.two.phase.commit.enable"] = "librdkafka has no two-phase commit. Remove the key",
        ["dr_cb"] = "callbacks are set in code",
        ["dr_msg_cb"] = "callbacks are set in code",
        ["rebalance_cb"] = "callbacks are set in code",
        ["offset_commit_cb"] = "callbacks are set in code",
        ["consume_cb"] = "callbacks are set in code",
        ["partitioner_cb"] = "callbacks are set in code",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly string[] Secrets = ["password", "secret", "jaas", "ssl.key", "keystore.key", "user.info"];

    internal static KafkaClientRole? RoleOf(string key) =>
        ProducerKeys.Contains(key) ? KafkaClientRole.Producer : ConsumerKeys.Contains(key) ? KafkaClientRole.Consumer : null;

    internal static bool IsSecret(string key) => Array.Exists(Secrets, s => key.Contains(s, StringComparison.Ordinal));

    internal static bool IsSerde(string key) =>
        key is "key.serializer" or "value.serializer" or "key.deserializer" or "value.deserializer" or "specific.avro.reader" or "auto.register.schemas"
            or "use.latest.version" or "basic.auth.credentials.source" or "basic.auth.user.info" or "bearer.auth.token"
        || key.StartsWith("schema.registry.", StringComparison.Ordinal)
        || key.EndsWith(".subject.name.strategy", StringComparison.Ordinal);
}
