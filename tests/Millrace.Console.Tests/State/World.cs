using Millrace.Console.Backends;
using Millrace.Console.Backends.ClickHouse;
using Millrace.Console.Backends.Connect;
using Millrace.Console.Backends.Kafka;
using Millrace.Console.Backends.Streams;
using Millrace.Console.Sampling;

namespace Millrace.Console.Tests.State;

/// <summary>A state as the samplers would have left it.</summary>
internal static class World
{
    public static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddYears(50);

    public static readonly BackendProblem Refused = new("Kafka", "127.0.0.1:9092", "no broker answers (connection refused).", "Start a broker there.");

    public static LiveState Empty() => new(new ConsoleOptions());

    public static LiveState Healthy()
    {
        var state = Empty();
        var topics = new[] { "cdc.accounts", "cdc.transactions", "fraud.alerts.detected.v1", "payments.account-activity.per-minute.v1" }
            .Select(static name => new TopicInfo(name, [new PartitionInfo(0, 1, [1], [1], 0, 1000)], null)).ToArray();
        state.Kafka = Of(new KafkaSnapshot([new BrokerInfo(1, "127.0.0.1", 9092)], topics,
        [
            Group("fraud-rules", "cdc.transactions", 990), Group("connect-clickhouse-sink", "payments.account-activity.per-minute.v1", 1000), Group("reporting", "cdc.accounts", 1000),
        ]));
        state.Connectors = Of<IReadOnlyList<Connector>>(
        [
            Connector("postgres-connector", "source", "RUNNING", ["cdc.accounts", "cdc.transactions"], ("connector.class", "io.debezium.connector.postgresql.PostgresConnector"), ("database.dbname", "bank"), ("database.password", "hunter2")),
            Connector("clickhouse-sink", "sink", "RUNNING", ["payments.account-activity.per-minute.v1"], ("connector.class", "com.clickhouse.kafka.connect.ClickHouseSinkConnector"), ("database", "default"), ("topic2TableMap", "payments.account-activity.per-minute.v1=account_activity")),
        ]);
        state.Jobs = Of<IReadOnlyList<Job>>([Job("fraud-rules", "RUNNING")]);
        state.Tables = Of<IReadOnlyList<StoredTable>>([new StoredTable("default", "account_activity", "MergeTree", 5000, 90_000)]);
        return state;
    }

    public static Job Job(string name, string state, params Checkpoint[] history) => new("id-" + name, name, state, Now.AddMinutes(-5), TimeSpan.FromMinutes(5),
        [
            Vertex("v1", "Source: cdc.transactions -> Map", null), Vertex("v2", "FraudRules", Now.AddSeconds(-5), "v1"), Vertex("v3", "Sink: fraud.alerts.detected.v1: Writer", Now.AddSeconds(-5), "v2"),
        ],
        new JobCheckpoints(7, 0, 0, 0, TimeSpan.FromSeconds(10), history.Length > 0 ? history : [new Checkpoint(7, "COMPLETED", Now.AddSeconds(-6), TimeSpan.FromMilliseconds(70), 4096, false, null)]), null);

    public static SourceState<T> Of<T>(T value)
        where T : class => new(true, value, null, Now);

    public static Connector Connector(string name, string type, string state, string[] topics, params (string Key, string Value)[] config) => new(
        name, type, state, "worker", null, [new ConnectorTask(0, state, "worker", state == "FAILED" ? "boom: it broke\n at x" : null)], config.ToDictionary(static pair => pair.Key, static pair => pair.Value), topics);

    public static GroupInfo Group(string id, string topic, long committed, LagTime? lag = null, bool members = true) => new(
        id, members ? "Stable" : "Empty", "range", "127.0.0.1:9092", members ? [new GroupMember("m-1", "client", "127.0.0.1", null, [topic + "-0"])] : [],
        [new GroupOffset(topic, 0, committed, 1000, lag ?? new LagTime(TimeSpan.FromMilliseconds(committed < 1000 ? 120 : 0), false))]);

    private static JobVertex Vertex(string id, string name, DateTimeOffset? watermark, string? from = null) =>
        new(id, name, "RUNNING", 2, 100, 100, 1000, 1000, watermark, new BackPressure("ok", 0, .2), from is null ? [] : [new VertexInput(from, "HASH")]);
}
