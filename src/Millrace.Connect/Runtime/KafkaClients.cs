using Confluent.Kafka;
using Millrace.Connect.Configuration;
using Millrace.Kafka.Configuration;

namespace Millrace.Connect;

/// <summary>Makes the worker's Kafka clients from its options; Java's key names are translated where librdkafka's differ.</summary>
internal sealed class KafkaClients(ConnectWorkerOptions options)
{
    // Half of what the queue holds: a row of PostgreSQL may be large, and an update brings it twice.
    private const int LargestRecord = 128 * 1024 * 1024;

    internal static bool IsClientKey(string key) =>
        key.StartsWith("security.", StringComparison.Ordinal) || key.StartsWith("sasl.", StringComparison.Ordinal) || key.StartsWith("ssl.", StringComparison.Ordinal)
        || key is "client.id" or "client.dns.lookup" or "request.timeout.ms" or "connections.max.idle.ms" or "send.buffer.bytes" or "receive.buffer.bytes";

    internal IProducer<byte[], byte[]> Producer(string? transactionalId, IReadOnlyDictionary<string, string>? overrides = null)
    {
        var config = new ProducerConfig(Settings(KafkaClientRole.Producer, options.ProducerSettings, overrides))
        {
            BootstrapServers = options.BootstrapServers,
            EnableIdempotence = true,
            // The Java clients' partitioner: the same key goes to the same partition whoever produces it.
            Partitioner = Partitioner.Murmur2Random,
            EnableDeliveryReports = transactionalId is null,
        };
        if (transactionalId is not null)
        {
            config.TransactionalId = transactionalId;
            // A dead worker's open transaction holds back read_committed consumers for at most this long.
            config.TransactionTimeoutMs ??= 10_000;
        }

        config.LingerMs ??= 5;
        config.QueueBufferingMaxKbytes ??= 256 * 1024;
        config.QueueBufferingMaxMessages ??= 200_000;
        // How large a record may be is the topic's to say.
        config.MessageMaxBytes ??= LargestRecord;
        config.AllowAutoCreateTopics = false;
        return new ProducerBuilder<byte[], byte[]>(config).SetLogHandler(static (_, _) => { }).SetErrorHandler(static (_, _) => { }).Build();
    }

    internal ConsumerConfig ConsumerConfig(string groupId, IReadOnlyDictionary<string, string>? overrides = null)
    {
        var config = new ConsumerConfig(Settings(KafkaClientRole.Consumer, options.ConsumerSettings, overrides)) { BootstrapServers = options.BootstrapServers, EnableAutoCommit = false, EnableAutoOffsetStore = false };
        config.GroupId ??= groupId;
        config.IsolationLevel ??= IsolationLevel.ReadCommitted;
        config.AutoOffsetReset ??= AutoOffsetReset.Earliest;
        return config;
    }

    /// <summary>The same for the batch reader.</summary>
    internal IReadOnlyDictionary<string, string> ReaderConfig(string groupId, IReadOnlyDictionary<string, string>? overrides = null)
    {
        var config = ConsumerConfig(groupId, overrides).ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal);
        config.Remove("dotnet.cancellation.delay.max.ms");
        return config;
    }

    internal IAdminClient Admin() => new AdminClientBuilder(new AdminClientConfig(Settings(KafkaClientRole.Admin, new Dictionary<string, string>(StringComparer.Ordinal), null)) { BootstrapServers = options.BootstrapServers })
        .SetLogHandler(static (_, _) => { }).Build();

    /// <summary>What is wrong with the settings of a client, key by key; Java's names and librdkafka's are known.</summary>
    internal static IReadOnlyList<ConfigError> Problems(IReadOnlyDictionary<string, string> settings, KafkaClientRole role)
    {
        try
        {
            KafkaClientConfig.From(settings, "", role);
            return [];
        }
        catch (KafkaConfigException e)
        {
            return e.Errors;
        }
    }

    private Dictionary<string, string> Settings(KafkaClientRole role, IReadOnlyDictionary<string, string> kind, IReadOnlyDictionary<string, string>? overrides)
    {
        var given = new Dictionary<string, string>(options.ClientSettings, StringComparer.Ordinal);
        foreach (var (key, value) in kind.Concat(overrides ?? new Dictionary<string, string>(StringComparer.Ordinal))) given[key] = value;
        try
        {
            return KafkaClientConfig.From(given, $"{role.ToString().ToLowerInvariant()} settings", role).Native.ToDictionary(StringComparer.Ordinal);
        }
        catch (KafkaConfigException e)
        {
            throw new ConfigException(e.Message, e);
        }
    }
}
