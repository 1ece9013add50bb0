using Confluent.Kafka;

namespace Millrace.Connect;

/// <summary>Makes the worker's Kafka clients from its options; Java's key names are translated where librdkafka's differ.</summary>
internal sealed class KafkaClients(ConnectWorkerOptions options)
{
    // Keys of Java clients that have no counterpart in librdkafka and whose absence changes nothing that a user would see.
    private static readonly HashSet<string> WithoutCounterpart = new(StringComparer.Ordinal)
    {
        "buffer.memory", "max.block.ms", "max.poll.records", "key.serializer", "value.serializer", "key.deserializer", "value.deserializer", "send.buffer.bytes", "receive.buffer.bytes",
    };

    internal static bool IsClientKey(string key) =>
        key.StartsWith("security.", StringComparison.Ordinal) || key.StartsWith("sasl.", StringComparison.Ordinal) || key.StartsWith("ssl.", StringComparison.Ordinal)
        || key is "client.id" or "client.dns.lookup" or "request.timeout.ms" or "connections.max.idle.ms" or "send.buffer.bytes" or "receive.buffer.bytes";

    internal IProducer<byte[], byte[]> Producer(string? transactionalId, IReadOnlyDictionary<string, string>? overrides = null)
    {
        var config = new ProducerConfig(Settings(options.ProducerSettings, overrides))
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
        config.MessageMaxBytes ??= 8 * 1024 * 1024;
        config.AllowAutoCreateTopics = false;
        return new ProducerBuilder<byte[], byte[]>(config).SetLogHandler(static (_, _) => { }).SetErrorHandler(static (_, _) => { }).Build();
    }

    internal ConsumerConfig ConsumerConfig(string groupId, IReadOnlyDictionary<string, string>? overrides = null)
    {
        var config = new ConsumerConfig(Settings(options.ConsumerSettings, overrides)) { BootstrapServers = options.BootstrapServers, EnableAutoCommit = false, EnableAutoOffsetStore = false };
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

    internal IAdminClient Admin() => new AdminClientBuilder(new AdminClientConfig(Settings(new Dictionary<string, string>(StringComparer.Ordinal), null)) { BootstrapServers = options.BootstrapServers })
        .SetLogHandler(static (_, _) => { }).Build();

    private Dictionary<string, string> Settings(IReadOnlyDictionary<string, string> kind, IReadOnlyDictionary<string, string>? overrides)
    {
        var result = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in options.ClientSettings.Concat(kind).Concat(overrides ?? new Dictionary<string, string>(StringComparer.Ordinal)))
        {
            switch (key)
            {
                case "sasl.jaas.config": AddJaas(result, value); break;
                case "ssl.truststore.location" or "ssl.truststore.password" or "ssl.truststore.type":
                    throw new ConfigException($"{key}: Java's key stores are not read; give the authority as PEM by ssl.ca.location.");
                case "compression.type" or "acks" or "linger.ms" or "batch.size": result[key] = value; break;
                default:
                    if (!WithoutCounterpart.Contains(key)) result[key] = value;
                    break;
            }
        }

        return result;
    }

    // org.apache.kafka….PlainLoginModule required username="u" password="p";
    private static void AddJaas(Dictionary<string, string> result, string jaas)
    {
        foreach (var (name, key) in ((string, string)[])[("username", "sasl.username"), ("password", "sasl.password")])
        {
            var start = jaas.IndexOf(name + "=\"", StringComparison.Ordinal);
            if (start < 0) continue;
            start += name.Length + 2;
            var end = jaas.IndexOf('"', start);
            if (end > start) result[key] = jaas[start..end];
        }
    }
}
