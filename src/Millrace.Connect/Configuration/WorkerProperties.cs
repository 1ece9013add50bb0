using System.Globalization;

namespace Millrace.Connect.Configuration;

/// <summary>Reads Kafka Connect's worker.properties (distributed mode). A key that is not known is an error that names file, line and key.</summary>
public static class WorkerProperties
{
    // Accepted because workers' files have them and their effect is either given already or does not exist here.
    private static readonly HashSet<string> Harmless = new(StringComparer.Ordinal)
    {
        "plugin.path", "plugin.discovery", "rest.advertised.host.name", "rest.advertised.port", "rest.advertised.listener", "offset.storage.file.filename", "header.converter",
        "session.timeout.ms", "heartbeat.interval.ms", "rebalance.timeout.ms", "connect.protocol", "scheduled.rebalance.max.delay.ms", "worker.sync.timeout.ms",
        "worker.unsync.backoff.ms", "offset.flush.timeout.ms", "task.shutdown.graceful.timeout.ms", "topic.creation.enable", "topic.tracking.enable",
        "topic.tracking.allow.reset", "connector.client.config.override.policy", "access.control.allow.origin", "access.control.allow.methods", "metadata.max.age.ms",
        "config.storage.partitions", "metric.reporters", "metrics.num.samples", "metrics.recording.level", "metrics.sample.window.ms", "inter.worker.key.generation.algorithm", "inter.worker.key.size", "inter.worker.key.ttl.ms",
        "inter.worker.signature.algorithm", "inter.worker.verification.algorithms", "retry.backoff.ms", "retry.backoff.max.ms", "reconnect.backoff.ms", "reconnect.backoff.max.ms", "response.http.headers.config",
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
        foreach (var (key, value, line) in JavaProperties.Parse(text, file))
        {
            named.Add(key);
            ConfigException Wrong(string rule) => new($"{file}, line {line}: {key}={value} is not allowed: {rule}.");
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
                case "config.providers": throw new ConfigException($"{file}, line {line}: {key} is not supported yet; ${{env:NAME}} and ${{file:path:key}} always work in connector configurations.");
                default:
                    if (key.StartsWith("key.converter.", StringComparison.Ordinal) || key.StartsWith("value.converter.", StringComparison.Ordinal)) converters[key] = value;
                    else if (key.StartsWith("producer.", StringComparison.Ordinal)) producers[key[9..]] = value;
                    else if (key.StartsWith("consumer.", StringComparison.Ordinal)) consumers[key[9..]] = value;
                    else if (key.StartsWith("admin.", StringComparison.Ordinal) || KafkaClients.IsClientKey(key)) clients[key.StartsWith("admin.", StringComparison.Ordinal) ? key[6..] : key] = value;
                    else if (!Harmless.Contains(key)) throw new ConfigException($"{file}, line {line}: unknown key \"{key}\". Remove it, or see docs/connect.md for the keys that a worker takes.");
                    break;
            }
        }

        // A worker file that names a converter means Kafka Connect's defaults for it (schemas.enable=true), not ours.
        foreach (var kind in (string[])["key", "value"])
        {
            if (!named.Contains(kind + ".converter") && options.ConverterSettings.TryGetValue(kind + ".converter.schemas.enable", out var ours))
                converters.TryAdd(kind + ".converter.schemas.enable", ours);
        }

        return options with { ConverterSettings = converters, ClientSettings = clients, ProducerSettings = producers, ConsumerSettings = consumers };
    }

    private static string? Listener(string value)
    {
        var text = value.Contains("://", StringComparison.Ordinal) ? value : "http://" + value;
        if (text.Contains(',', StringComparison.Ordinal)) return null;
        if (text.StartsWith("http://:", StringComparison.OrdinalIgnoreCase)) text = "http://0.0.0.0:" + text[8..];
        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttp ? text.TrimEnd('/') : null;
    }
}
