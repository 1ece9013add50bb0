using System.Globalization;

namespace Millrace.Connect.Configuration;

/// <summary>Reads Kafka Connect's worker.properties (distributed mode). A key that is not known is an error that names file, line and key.</summary>
public static class WorkerProperties
{
    // What workers' files have and this worker takes without an effect, each with the reason.
    private static readonly Dictionary<string, string> WithoutEffect = Reasons(
        ("the connectors of this worker are built in", ["plugin.path", "plugin.discovery"]),
        ("one worker of a group runs at a time: no other one is told an address", ["rest.advertised.host.name", "rest.advertised.port", "rest.advertised.listener"]),
        ("offsets are in offset.storage.topic", ["offset.storage.file.filename"]),
        ("headers are always texts, as by SimpleHeaderConverter", ["header.converter"]),
        ("one worker of a group runs at a time: there is no balancing between workers",
            ["session.timeout.ms", "heartbeat.interval.ms", "rebalance.timeout.ms", "connect.protocol", "scheduled.rebalance.max.delay.ms", "worker.sync.timeout.ms", "worker.unsync.backoff.ms"]),
        ("workers send each other no requests", [
            "inter.worker.key.generation.algorithm", "inter.worker.key.size", "inter.worker.key.ttl.ms", "inter.worker.signature.algorithm", "inter.worker.verification.algorithms",
        ]),
        ("a flush and an end take the time that they need", ["offset.flush.timeout.ms", "task.shutdown.graceful.timeout.ms"]),
        ("topics of sources are always created before their first record", ["topic.creation.enable"]),
        ("the topics that a connector used are not tracked", ["topic.tracking.enable", "topic.tracking.allow.reset"]),
        ("every client setting may be overridden by a connector", ["connector.client.config.override.policy"]),
        ("the topic of configurations has one partition always", ["config.storage.partitions"]),
        ("REST answers no browsers of other origins, and has no headers of its own", ["access.control.allow.origin", "access.control.allow.methods", "response.http.headers.config"]),
        ("metrics are at GET /connectors/NAME/metrics", ["metric.reporters", "metrics.num.samples", "metrics.recording.level", "metrics.sample.window.ms"]),
        ("the clients look for changes and connect again at intervals of their own", ["metadata.max.age.ms", "retry.backoff.ms", "retry.backoff.max.ms", "reconnect.backoff.ms", "reconnect.backoff.max.ms"]));

    private static readonly Dictionary<string, string> Effects = new(StringComparer.Ordinal)
    {
        ["bootstrap.servers"] = "the brokers that everything is kept in and moved through",
        ["group.id"] = "names the cluster of workers; part of the transactional ids",
        ["listeners"] = "where REST is served",
        ["rest.port"] = "the port at which REST is served, on loopback",
        ["config.storage.topic"] = "keeps the connectors' configurations",
        ["offset.storage.topic"] = "keeps the sources' positions",
        ["status.storage.topic"] = "keeps the states of connectors and tasks",
        ["offset.storage.partitions"] = "partitions of that topic when it is created",
        ["status.storage.partitions"] = "partitions of that topic when it is created",
        ["config.storage.replication.factor"] = "replicas of the internal topics when they are created; the last of the three that is given holds",
        ["offset.storage.replication.factor"] = "replicas of the internal topics when they are created; the last of the three that is given holds",
        ["status.storage.replication.factor"] = "replicas of the internal topics when they are created; the last of the three that is given holds",
        ["key.converter"] = "converts keys, unless a connector names another",
        ["value.converter"] = "converts values, unless a connector names another",
        ["offset.flush.interval.ms"] = "how often sinks commit their offsets",
        ["exactly.once.source.support"] = "no effect: sources are always exactly-once",
        ["restart.failed.tasks"] = "whether failed tasks start again by themselves",
        ["transaction.max.linger.ms"] = "the longest time for which a busy source's transaction stays open",
        ["transaction.max.records"] = "records of a source's transaction, at most",
    };

    /// <summary>Reads a file.</summary>
    public static ConnectWorkerOptions Load(string path, ConnectWorkerOptions? defaults = null) => Parse(File.ReadAllText(path), path, defaults);

    /// <summary>Reads a file's text.</summary>
    /// <exception cref="ConfigException">A key is unknown or its value is wrong.</exception>
    public static ConnectWorkerOptions Parse(string text, string file, ConnectWorkerOptions? defaults = null)
    {
        var options = defaults ?? new ConnectWorkerOptions();
        var converters = new Dictionary<string, string>(StringComparer.Ordinal);
        var named = new HashSet<string>(StringComparer.Ordinal);
        var clients = new Dictionary<string, string>(options.ClientSettings, StringComparer.Ordinal);
        var producers = new Dictionary<string, string>(options.ProducerSettings, StringComparer.Ordinal);
        var consumers = new Dictionary<string, string>(options.ConsumerSettings, StringComparer.Ordinal);
        var notices = new List<string>(options.Notices);
        foreach (var (key, value, line) in JavaProperties.Parse(text, file))
        {
            named.Add(key);
            ConfigException Wrong(string rule) => new($"{file}:{line}: {key}: '{value}' is not allowed: {rule}.");
            int Number(int minimum = 1) => int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n) && n >= minimum
                ? n : throw Wrong($"a whole number of at least {minimum} is needed");
            bool Flag() => bool.TryParse(value, out var flag) ? flag : throw Wrong("true or false is needed");
            switch (key)
            {
                case "bootstrap.servers": options = options with { BootstrapServers = value }; break;
                case "group.id": options = options with { GroupId = value }; break;
                case "listeners": options = options with { Listener = Listener(value) ?? throw Wrong("one address of the form http://host:port is needed") }; break;
                case "rest.port": options = options with { Listener = $"http://127.0.0.1:{Number(0)}" }; break;
                case "config.storage.topic": options = options with { ConfigTopic = value }; break;
                case "offset.storage.topic": options = options with { OffsetTopic = value }; break;
                case "status.storage.topic": options = options with { StatusTopic = value }; break;
                case "offset.storage.partitions": options = options with { OffsetTopicPartitions = Number() }; break;
                case "status.storage.partitions": options = options with { StatusTopicPartitions = Number() }; break;
                case "config.storage.replication.factor" or "offset.storage.replication.factor" or "status.storage.replication.factor":
                    options = options with { ReplicationFactor = (short)Number(-1) };
                    break;
                case "key.converter": options = options with { KeyConverter = value }; break;
                case "value.converter": options = options with { ValueConverter = value }; break;
                case "offset.flush.interval.ms": options = options with { OffsetFlushInterval = TimeSpan.FromMilliseconds(Number()) }; break;
                case "exactly.once.source.support":
                    if (value.ToLowerInvariant() is not ("enabled" or "preparing" or "disabled")) throw Wrong("disabled, preparing or enabled is needed");
                    break; // Sources are always exactly-once here: the weaker settings lose nothing by it.
                case "restart.failed.tasks": options = options with { RestartFailedTasks = Flag() }; break;
                case "transaction.max.linger.ms": options = options with { TransactionMaxLinger = TimeSpan.FromMilliseconds(Number(0)) }; break;
                case "transaction.max.records": options = options with { TransactionMaxRecords = Number() }; break;
                case "config.providers": throw new ConfigException($"{file}:{line}: {key}: is not supported yet; ${{env:NAME}} and ${{file:path:key}} always work in connector configurations.");
                default:
                    if (key.StartsWith("key.converter.", StringComparison.Ordinal) || key.StartsWith("value.converter.", StringComparison.Ordinal)) converters[key] = value;
                    else if (key.StartsWith("producer.", StringComparison.Ordinal)) producers[key[9..]] = value;
                    else if (key.StartsWith("consumer.", StringComparison.Ordinal)) consumers[key[9..]] = value;
                    else if (key.StartsWith("admin.", StringComparison.Ordinal) || KafkaClients.IsClientKey(key)) clients[key.StartsWith("admin.", StringComparison.Ordinal) ? key[6..] : key] = value;
                    else if (WithoutEffect.TryGetValue(key, out var reason)) notices.Add($"{file}:{line}: {key}: has no effect: {reason}");
                    else throw new ConfigException($"{file}:{line}: {key}: is no key of a worker. Remove it, or see docs/connect.md for the keys that a worker takes.");
                    break;
            }
        }

        // A worker file that names a converter means Kafka Connect's defaults for it (schemas.enable=true), not ours.
        foreach (var kind in (string[])["key", "value"])
        {
            if (!named.Contains(kind + ".converter") && options.ConverterSettings.TryGetValue(kind + ".converter.schemas.enable", out var ours))
                converters.TryAdd(kind + ".converter.schemas.enable", ours);
        }

        return options with { ConverterSettings = converters, ClientSettings = clients, ProducerSettings = producers, ConsumerSettings = consumers, Notices = notices };
    }

    /// <summary>What a key does that <see cref="Parse"/> has taken, for people.</summary>
    /// <param name="key">The key.</param>
    public static string EffectOf(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return WithoutEffect.TryGetValue(key, out var reason) ? $"no effect: {reason}"
            : Effects.TryGetValue(key, out var effect) ? effect
            : key.StartsWith("key.converter.", StringComparison.Ordinal) || key.StartsWith("value.converter.", StringComparison.Ordinal) ? "a setting of the converter"
            : key.StartsWith("producer.", StringComparison.Ordinal) ? "a setting of the sources' producers"
            : key.StartsWith("consumer.", StringComparison.Ordinal) ? "a setting of the sinks' consumers"
            : "a setting of the worker's Kafka clients";
    }

    private static Dictionary<string, string> Reasons(params (string Reason, string[] Keys)[] groups) =>
        groups.SelectMany(static g => g.Keys.Select(k => (Key: k, g.Reason))).ToDictionary(static k => k.Key, static k => k.Reason, StringComparer.Ordinal);

    private static string? Listener(string value)
    {
        var text = value.Contains("://", StringComparison.Ordinal) ? value : "http://" + value;
        if (text.Contains(',', StringComparison.Ordinal)) return null;
        if (text.StartsWith("http://:", StringComparison.OrdinalIgnoreCase)) text = "http://0.0.0.0:" + text[8..];
        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttp ? text.TrimEnd('/') : null;
    }
}
