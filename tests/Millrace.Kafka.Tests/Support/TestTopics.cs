using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Millrace.Kafka.Consuming;

namespace Millrace.Kafka.Tests.Support;

/// <summary>Topics and records for tests, with Confluent.Kafka's own clients.</summary>
internal static class TestTopics
{
    internal static string NewName(string purpose = "t") => $"{purpose}-{Guid.NewGuid():N}"[..(purpose.Length + 13)];

    internal static async Task<string> CreateAsync(string bootstrap, int partitions = 1, string? name = null)
    {
        name ??= NewName();
        using var admin = Admin(bootstrap);
        await admin.CreateTopicsAsync([new TopicSpecification { Name = name, NumPartitions = partitions, ReplicationFactor = 1 }]);
        return name;
    }

    internal static IAdminClient Admin(string bootstrap) => new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrap }).Build();

    internal static IProducer<byte[], byte[]> Producer(string bootstrap, string? transactionalId = null) =>
        new ProducerBuilder<byte[], byte[]>(new ProducerConfig
        {
            BootstrapServers = bootstrap,
            EnableIdempotence = true,
            LingerMs = 1,
            TransactionalId = transactionalId,
        }).Build();

    internal static async Task ProduceAsync(string bootstrap, string topic, int partition, params IEnumerable<string> values)
    {
        using var producer = Producer(bootstrap);
        var sent = values.Select(v => producer.ProduceAsync(
            new TopicPartition(topic, partition),
            new Message<byte[], byte[]> { Key = Encoding.UTF8.GetBytes("k"), Value = Encoding.UTF8.GetBytes(v) }));
        await Task.WhenAll(sent);
    }

    internal static Dictionary<string, string> ReaderConfig(string bootstrap, string? group = null, params (string Key, string Value)[] more)
    {
        var config = new Dictionary<string, string> { ["bootstrap.servers"] = bootstrap, ["auto.offset.reset"] = "earliest" };
        if (group is not null)
            config["group.id"] = group;
        foreach (var (key, value) in more)
            config[key] = value;
        return config;
    }

    /// <summary>Reads until so many values are there or the time is over.</summary>
    internal static List<string> ReadValues(this KafkaRecordReader reader, int count, TimeSpan? timeout = null)
    {
        var values = new List<string>();
        var started = TimeProvider.System.GetTimestamp();
        while (values.Count < count && TimeProvider.System.GetElapsedTime(started) < (timeout ?? TimeSpan.FromSeconds(90)))
        {
            using var batch = reader.ReadBatch(TimeSpan.FromMilliseconds(100));
            foreach (var record in batch)
                values.Add(Encoding.UTF8.GetString(record.Value));
        }

        return values;
    }

    /// <summary>Polls until a condition holds, dropping records.</summary>
    internal static void PollUntil(this KafkaRecordReader reader, Func<bool> condition, string what, Action<RecordBatch>? look = null)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            if (TimeProvider.System.GetElapsedTime(started) > TimeSpan.FromSeconds(40))
                throw new TimeoutException($"Not seen in 40 s: {what}");
            using var batch = reader.ReadBatch(TimeSpan.FromMilliseconds(50));
            look?.Invoke(batch);
        }
    }
}
