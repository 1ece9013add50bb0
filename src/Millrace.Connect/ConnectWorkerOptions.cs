namespace Millrace.Connect;

/// <summary>The settings of a worker. <c>WorkerProperties</c> reads them from Kafka Connect's worker.properties.</summary>
public sealed record ConnectWorkerOptions
{
    /// <summary><c>bootstrap.servers</c>.</summary>
    /// <value>Default <c>127.0.0.1:9092</c>.</value>
    public string BootstrapServers { get; init; } = "127.0.0.1:9092";

    /// <summary><c>group.id</c>: names the cluster of workers; part of the transactional ids.</summary>
    /// <value>Default <c>connect-cluster</c>.</value>
    public string GroupId { get; init; } = "connect-cluster";

    /// <summary><c>listeners</c>: where REST is served. Port 0 takes a free one.</summary>
    /// <value>Default <c>http://127.0.0.1:8083</c>.</value>
    public string Listener { get; init; } = "http://127.0.0.1:8083";

    /// <summary><c>config.storage.topic</c>.</summary>
    /// <value>Default <c>connect-configs</c>.</value>
    public string ConfigTopic { get; init; } = "connect-configs";

    /// <summary><c>offset.storage.topic</c>.</summary>
    /// <value>Default <c>connect-offsets</c>.</value>
    public string OffsetTopic { get; init; } = "connect-offsets";

    /// <summary><c>offset.storage.partitions</c>.</summary>
    /// <value>Default 25.</value>
    public int OffsetTopicPartitions { get; init; } = 25;

    /// <summary><c>status.storage.topic</c>.</summary>
    /// <value>Default <c>connect-status</c>.</value>
    public string StatusTopic { get; init; } = "connect-status";

    /// <summary><c>status.storage.partitions</c>.</summary>
    /// <value>Default 5.</value>
    public int StatusTopicPartitions { get; init; } = 5;

    /// <summary><c>{config,offset,status}.storage.replication.factor</c>; -1 takes the brokers' default.</summary>
    /// <value>Default -1 (Kafka Connect: 3, which a single broker refuses).</value>
    public short ReplicationFactor { get; init; } = -1;

    /// <summary><c>key.converter</c>.</summary>
    /// <value>Default <c>org.apache.kafka.connect.json.JsonConverter</c>.</value>
    public string KeyConverter { get; init; } = "org.apache.kafka.connect.json.JsonConverter";

    /// <summary><c>value.converter</c>.</summary>
    /// <value>Default <c>org.apache.kafka.connect.json.JsonConverter</c>.</value>
    public string ValueConverter { get; init; } = "org.apache.kafka.connect.json.JsonConverter";

    /// <summary>Settings of the converters, with their prefix (<c>value.converter.schemas.enable</c>).</summary>
    /// <value>Default: JSON without schemas (Kafka Connect's JsonConverter alone defaults to true).</value>
    public IReadOnlyDictionary<string, string> ConverterSettings { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["key.converter.schemas.enable"] = "false",
        ["value.converter.schemas.enable"] = "false",
    };

    /// <summary><c>offset.flush.interval.ms</c>: how often sinks commit their offsets. Sources commit with each transaction.</summary>
    /// <value>Default 1 s (Kafka Connect: 60 s).</value>
    public TimeSpan OffsetFlushInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest time for which a busy source's transaction stays open; a source that goes quiet is committed at once.</summary>
    /// <value>Default 100 ms.</value>
    public TimeSpan TransactionMaxLinger { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The most records in a source's transaction.</summary>
    /// <value>Default 20,000.</value>
    public int TransactionMaxRecords { get; init; } = 20_000;

    /// <summary>Restart a failed task by itself, after 1 s, doubling up to <see cref="MaxRestartBackoff"/>; Kafka Connect leaves it FAILED.</summary>
    /// <value>Default true.</value>
    public bool RestartFailedTasks { get; init; } = true;

    /// <summary>The longest wait before an automatic restart.</summary>
    /// <value>Default 1 min.</value>
    public TimeSpan MaxRestartBackoff { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Settings of all Kafka clients under librdkafka's names (security, client.id …).</summary>
    public IReadOnlyDictionary<string, string> ClientSettings { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Settings of producers (<c>producer.*</c> without the prefix).</summary>
    public IReadOnlyDictionary<string, string> ProducerSettings { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Settings of consumers (<c>consumer.*</c> without the prefix).</summary>
    public IReadOnlyDictionary<string, string> ConsumerSettings { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>
    /// Values that replace those of connectors when they start, without being stored: <c>database.hostname</c> for all, or
    /// <c>NAME:database.hostname</c> for the connector NAME. For hosts and credentials that differ from place to place.
    /// </summary>
    public IReadOnlyDictionary<string, string> Overrides { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>What a worker's file asks for and does not get, for the log at the start; <see cref="Configuration.WorkerProperties"/> fills it.</summary>
    /// <value>Default: none.</value>
    public IReadOnlyList<string> Notices { get; init; } = [];

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
