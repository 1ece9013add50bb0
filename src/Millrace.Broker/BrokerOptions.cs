namespace Millrace.Broker;

/// <summary>How a broker runs. What Kafka has a name for keeps that name in <c>server.properties</c>, and is read from there.</summary>
public sealed record BrokerOptions
{
    /// <summary>Gets the address to listen on, <c>HOST:PORT</c>; port 0 takes a free one. Kafka: <c>listeners</c>.</summary>
    /// <value>Default: <c>127.0.0.1:9092</c>.</value>
    public string Listen { get; init; } = "127.0.0.1:9092";

    /// <summary>Gets the address that clients are told, <c>HOST:PORT</c> or <c>HOST</c>. Kafka: <c>advertised.listeners</c>.</summary>
    /// <value>Default: the listening address, or this machine's name where that is a wildcard.</value>
    public string? Advertised { get; init; }

    /// <summary>Gets the directory of all data. Kafka: <c>log.dirs</c>.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Gets the id of the one node. Kafka: <c>node.id</c>.</summary>
    /// <value>Default: 1.</value>
    public int NodeId { get; init; } = 1;

    /// <summary>Gets the cluster's id; null takes the one of the data directory, or makes one.</summary>
    public string? ClusterId { get; init; }

    /// <summary>Gets a value indicating whether a topic is made when a client first asks for it. Kafka: <c>auto.create.topics.enable</c>.</summary>
    /// <value>Default: true.</value>
    public bool AutoCreateTopics { get; init; } = true;

    /// <summary>Gets a value indicating whether topics can be deleted. Kafka: <c>delete.topic.enable</c>.</summary>
    /// <value>Default: true.</value>
    public bool DeleteTopics { get; init; } = true;

    /// <summary>Gets the number of partitions of a topic that does not say. Kafka: <c>num.partitions</c>.</summary>
    /// <value>Default: 1.</value>
    public int DefaultPartitions { get; init; } = 1;

    /// <summary>Gets the largest request in bytes. Kafka: <c>socket.request.max.bytes</c>.</summary>
    /// <value>Default: 104857600.</value>
    public int MaxRequestBytes { get; init; } = 100 * 1024 * 1024;

    /// <summary>Gets how long a connection may be quiet. Kafka: <c>connections.max.idle.ms</c>.</summary>
    /// <value>Default: 10 minutes.</value>
    public TimeSpan MaxConnectionIdle { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Gets the most bytes of a fetch response, whatever the client asks. Kafka: <c>fetch.max.bytes</c>.</summary>
    /// <value>Default: 55 MiB.</value>
    public int MaxFetchBytes { get; init; } = 55 * 1024 * 1024;

    /// <summary>Gets the other settings of the broker by Kafka's names: the group and transaction coordinators' and the log cleaner's.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Gets the defaults of topic configurations, by the topic's name for them (<c>retention.ms</c>, not <c>log.retention.hours</c>).</summary>
    public IReadOnlyDictionary<string, string> TopicDefaults { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Gets the users that are created at the start if they are not there, as <c>kafka-storage.sh --add-scram</c> takes them: <c>SCRAM-SHA-256=[name=admin,password=…]</c>.</summary>
    /// <value>Default: none.</value>
    public IReadOnlyList<string> AddScram { get; init; } = [];

    /// <summary>Gets what was set and cannot hold on one node; it is logged once at the start.</summary>
    public IReadOnlyList<string> Notices { get; init; } = [];

    /// <summary>A whole number out of <see cref="Settings"/>.</summary>
    /// <param name="name">Kafka's name.</param>
    /// <param name="fallback">The default.</param>
    /// <returns>The number.</returns>
    /// <exception cref="FormatException">The value is no whole number.</exception>
    public long Number(string name, long fallback) => !Settings.TryGetValue(name, out string? text) ? fallback
        : long.TryParse(text, out long value) ? value
        : throw new FormatException($"{name}={text} is not a whole number");
}
