using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Millrace.Kafka.Testing.Tests;

/// <summary>The clients of these tests: librdkafka, with time-outs short enough for a test.</summary>
internal static class Clients
{
    public static IProducer<string, string> Producer(EmbeddedKafka kafka, Action<ProducerConfig>? configure = null)
    {
        var config = new ProducerConfig { BootstrapServers = kafka.BootstrapServers, LingerMs = 0, RetryBackoffMs = 20, ReconnectBackoffMs = 20, ReconnectBackoffMaxMs = 100 };
        configure?.Invoke(config);
        return new ProducerBuilder<string, string>(config).SetLogHandler(static (_, _) => { }).SetErrorHandler(static (_, _) => { }).Build();
    }

    public static IConsumer<string, string> Consumer(EmbeddedKafka kafka, string group, Action<ConsumerConfig>? configure = null)
    {
        var config = new ConsumerConfig
        {
            BootstrapServers = kafka.BootstrapServers,
            GroupId = group,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            EnableAutoCommit = false,
            ReconnectBackoffMs = 20,
            ReconnectBackoffMaxMs = 100,
            EnablePartitionEof = true,
        };
        configure?.Invoke(config);
        return new ConsumerBuilder<string, string>(config).SetLogHandler(static (_, _) => { }).SetErrorHandler(static (_, _) => { }).Build();
    }

    public static async Task CreateAsync(EmbeddedKafka kafka, string topic, int partitions = 1, short replicas = -1, Dictionary<string, string>? configs = null)
    {
        using var admin = Admin(kafka);
        await admin.CreateTopicsAsync([new TopicSpecification { Name = topic, NumPartitions = partitions, ReplicationFactor = replicas, Configs = configs }]);
    }

    public static IAdminClient Admin(EmbeddedKafka kafka) =>
        new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka.BootstrapServers }).SetLogHandler(static (_, _) => { }).SetErrorHandler(static (_, _) => { }).Build();

    /// <summary>The values of a topic, read to the ends of all its partitions.</summary>
    public static List<string> ReadAll(EmbeddedKafka kafka, string topic)
    {
        using var consumer = Consumer(kafka, "reader-" + Guid.NewGuid());
        int partitions;
        using (var admin = Admin(kafka)) partitions = admin.GetMetadata(topic, TimeSpan.FromSeconds(10)).Topics[0].Partitions.Count;
        consumer.Assign(Enumerable.Range(0, partitions).Select(p => new TopicPartitionOffset(topic, p, Offset.Beginning)));
        var (values, ended) = (new List<string>(), new HashSet<int>());
        while (ended.Count < partitions)
        {
            var result = consumer.Consume(TimeSpan.FromSeconds(90)) ?? throw new TimeoutException($"read {values.Count} records, not to the end");
            if (result.IsPartitionEOF) ended.Add(result.Partition);
            else values.Add(result.Message.Value);
        }

        return values;
    }
}
