using System.Collections.Frozen;

namespace Millrace.Broker.Configuration;

/// <summary>Keys that Kafka 4 knows and this broker has no use for: they are accepted, and <c>config check</c> says so.</summary>
internal static class UnusedSettings
{
    /// <summary>Between nodes.</summary>
    public static FrozenSet<string> Cluster { get; } = FrozenSet.Create(
        StringComparer.Ordinal,
    [
        "add.partitions.to.txn.retry.backoff.max.ms", "add.partitions.to.txn.retry.backoff.ms",
        "alter.log.dirs.replication.quota.window.num", "alter.log.dirs.replication.quota.window.size.seconds",
        "auto.leader.rebalance.enable", "broker.heartbeat.interval.ms", "broker.rack", "broker.session.timeout.ms",
        "controlled.shutdown.enable", "controller.performance.always.log.threshold.ms", "controller.performance.sample.period.ms",
        "controller.quorum.append.linger.ms", "controller.quorum.auto.join.enable", "controller.quorum.election.backoff.max.ms",
        "controller.quorum.election.timeout.ms", "controller.quorum.fetch.max.bytes", "controller.quorum.fetch.snapshot.max.bytes",
        "controller.quorum.fetch.timeout.ms", "controller.quorum.request.timeout.ms", "controller.quorum.retry.backoff.ms",
        "controller.quota.window.num", "controller.quota.window.size.seconds", "controller.socket.timeout.ms", "cordoned.log.dirs",
        "early.start.listeners", "follower.fetch.last.tiered.offset.enable", "initial.broker.registration.timeout.ms",
        "internal.metadata.delete.delay.millis", "internal.metadata.log.segment.bytes", "internal.metadata.max.batch.size.in.bytes",
        "leader.imbalance.check.interval.seconds", "metadata.log.dir", "metadata.log.max.record.bytes.between.snapshots",
        "metadata.log.max.snapshot.interval.ms", "metadata.log.segment.bytes", "metadata.log.segment.ms",
        "metadata.max.idle.interval.ms", "metadata.max.retention.bytes", "metadata.max.retention.ms",
        "num.replica.alter.log.dirs.threads", "num.replica.fetchers", "remote.fetch.max.wait.ms",
        "remote.list.offsets.request.timeout.ms", "remote.log.index.file.cache.total.size.bytes", "remote.log.index.file.cache.ttl.ms",
        "remote.log.manager.copier.thread.pool.size", "remote.log.manager.copy.max.bytes.per.second",
        "remote.log.manager.copy.quota.window.num", "remote.log.manager.copy.quota.window.size.seconds",
        "remote.log.manager.expiration.thread.pool.size", "remote.log.manager.fetch.max.bytes.per.second",
        "remote.log.manager.fetch.quota.window.num", "remote.log.manager.fetch.quota.window.size.seconds",
        "remote.log.manager.follower.thread.pool.size", "remote.log.manager.task.interval.ms",
        "remote.log.manager.task.retry.backoff.max.ms", "remote.log.manager.task.retry.backoff.ms",
        "remote.log.manager.task.retry.jitter", "remote.log.manager.thread.pool.size", "remote.log.metadata.custom.metadata.max.bytes",
        "remote.log.metadata.manager.class.name", "remote.log.metadata.manager.class.path", "remote.log.metadata.manager.impl.prefix",
        "remote.log.metadata.manager.listener.name", "remote.log.reader.max.pending.tasks", "remote.log.reader.threads",
        "remote.log.storage.manager.class.name", "remote.log.storage.manager.class.path", "remote.log.storage.manager.impl.prefix",
        "replica.fetch.backoff.ms", "replica.fetch.max.bytes", "replica.fetch.min.bytes", "replica.fetch.response.max.bytes",
        "replica.fetch.wait.max.ms", "replica.high.watermark.checkpoint.interval.ms", "replica.lag.time.max.ms",
        "replica.selector.class", "replica.socket.receive.buffer.bytes", "replica.socket.timeout.ms", "replication.quota.window.num",
        "replication.quota.window.size.seconds", "unclean.leader.election.interval.ms",
    ]);

    /// <summary>Streams groups, and bounds and intervals of the other new groups.</summary>
    public static FrozenSet<string> NewGroups { get; } = FrozenSet.Create(
        StringComparer.Ordinal,
    [
        "group.consumer.assignors", "group.consumer.max.assignment.interval.ms", "group.consumer.max.heartbeat.interval.ms",
        "group.consumer.max.session.timeout.ms", "group.consumer.min.assignment.interval.ms", "group.consumer.min.heartbeat.interval.ms",
        "group.consumer.min.session.timeout.ms", "group.consumer.regex.refresh.interval.ms", "group.share.assignment.interval.ms",
        "group.share.assignors", "group.share.initialize.retry.interval.ms", "group.share.max.assignment.interval.ms",
        "group.share.max.delivery.count.limit", "group.share.max.heartbeat.interval.ms", "group.share.max.partition.max.record.locks",
        "group.share.max.record.lock.duration.ms", "group.share.max.session.timeout.ms", "group.share.min.assignment.interval.ms",
        "group.share.min.delivery.count.limit", "group.share.min.heartbeat.interval.ms", "group.share.min.partition.max.record.locks",
        "group.share.min.record.lock.duration.ms", "group.share.min.session.timeout.ms", "group.share.persister.class.name",
        "group.streams.assignment.interval.ms", "group.streams.heartbeat.interval.ms", "group.streams.initial.rebalance.delay.ms",
        "group.streams.max.assignment.interval.ms", "group.streams.max.heartbeat.interval.ms", "group.streams.max.session.timeout.ms",
        "group.streams.max.size", "group.streams.max.standby.replicas", "group.streams.min.assignment.interval.ms",
        "group.streams.min.heartbeat.interval.ms", "group.streams.min.session.timeout.ms", "group.streams.num.standby.replicas",
        "group.streams.session.timeout.ms", "share.coordinator.append.linger.ms", "share.coordinator.cached.buffer.max.bytes",
        "share.coordinator.load.buffer.size",
        "share.coordinator.state.topic.compression.codec", "share.coordinator.state.topic.min.isr",
        "share.coordinator.state.topic.replication.factor",
        "share.coordinator.threads", "share.coordinator.write.timeout.ms", "share.fetch.purgatory.purge.interval.requests",
    ]);

    /// <summary>Thread pools, buffers, quotas' windows and metrics of Kafka's own process.</summary>
    public static FrozenSet<string> Tuning { get; } = FrozenSet.Create(
        StringComparer.Ordinal,
    [
        "background.threads", "delete.records.purgatory.purge.interval.requests", "fetch.purgatory.purge.interval.requests",
        "group.coordinator.append.linger.ms", "group.coordinator.background.threads", "group.coordinator.cached.buffer.max.bytes",
        "group.coordinator.rebalance.protocols", "group.coordinator.threads", "kafka.metrics.polling.interval.secs",
        "kafka.metrics.reporters", "log.cleaner.dedupe.buffer.size", "log.cleaner.io.buffer.load.factor", "log.cleaner.io.buffer.size",
        "log.cleaner.io.max.bytes.per.second", "log.cleaner.threads", "log.dir.failure.timeout.ms",
        "log.flush.start.offset.checkpoint.interval.ms", "log.initial.task.delay.ms", "max.connection.creation.rate",
        "max.request.partition.size.limit", "metric.reporters", "metrics.num.samples", "metrics.recording.level",
        "metrics.sample.window.ms", "num.io.threads", "num.network.threads", "offsets.commit.timeout.ms", "offsets.load.buffer.size",
        "offsets.topic.compression.codec", "producer.id.expiration.check.interval.ms", "producer.purgatory.purge.interval.requests",
        "queued.max.request.bytes", "queued.max.requests", "quota.window.num", "quota.window.size.seconds", "request.timeout.ms",
        "server.max.startup.time.ms", "socket.connection.setup.timeout.max.ms", "socket.connection.setup.timeout.ms",
        "socket.listen.backlog.size", "socket.receive.buffer.bytes", "socket.send.buffer.bytes", "telemetry.max.bytes",
        "transaction.partition.verification.enable", "transaction.state.log.load.buffer.size", "transaction.two.phase.commit.enable",
        "unstable.api.versions.enable", "unstable.feature.versions.enable",
    ]);

    /// <summary>Security and policies: ignoring one of these would open what its author meant to close.</summary>
    public static FrozenSet<string> Refused { get; } = FrozenSet.Create(
        StringComparer.Ordinal,
    [
        "alter.config.policy.class.name", "authorizer.class.name", "client.quota.callback.class", "config.providers",
        "create.topic.policy.class.name",
        "delegation.token.expiry.check.interval.ms", "delegation.token.expiry.time.ms", "delegation.token.max.lifetime.ms",
        "delegation.token.secret.key", "principal.builder.class", "sasl.client.callback.handler.class",
        "sasl.kerberos.kinit.cmd", "sasl.kerberos.min.time.before.relogin", "sasl.kerberos.principal.to.local.rules",
        "sasl.kerberos.service.name", "sasl.kerberos.ticket.renew.jitter", "sasl.kerberos.ticket.renew.window.factor",
        "sasl.login.callback.handler.class", "sasl.login.class", "sasl.login.connect.timeout.ms", "sasl.login.read.timeout.ms",
        "sasl.login.refresh.buffer.seconds", "sasl.login.refresh.min.period.seconds", "sasl.login.refresh.window.factor",
        "sasl.login.refresh.window.jitter", "sasl.login.retry.backoff.max.ms", "sasl.login.retry.backoff.ms",
        "sasl.mechanism.controller.protocol", "sasl.oauthbearer.assertion.algorithm",
        "sasl.oauthbearer.assertion.claim.aud", "sasl.oauthbearer.assertion.claim.exp.seconds", "sasl.oauthbearer.assertion.claim.iss",
        "sasl.oauthbearer.assertion.claim.jti.include", "sasl.oauthbearer.assertion.claim.nbf.seconds",
        "sasl.oauthbearer.assertion.claim.sub", "sasl.oauthbearer.assertion.file", "sasl.oauthbearer.assertion.private.key.file",
        "sasl.oauthbearer.assertion.private.key.passphrase", "sasl.oauthbearer.assertion.template.file",
        "sasl.oauthbearer.client.credentials.client.id", "sasl.oauthbearer.client.credentials.client.secret",
        "sasl.oauthbearer.jwks.endpoint.refresh.ms", "sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms",
        "sasl.oauthbearer.jwks.endpoint.retry.backoff.ms", "sasl.oauthbearer.jwt.retriever.class",
        "sasl.oauthbearer.jwt.validator.class", "sasl.oauthbearer.scope", "sasl.oauthbearer.scope.claim.name",
        "sasl.oauthbearer.token.endpoint.url", "sasl.server.callback.handler.class", "security.providers", "ssl.engine.factory.class",
    ]);
}
