using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Millrace.Streams.Kafka.Tests;

/// <summary>Numbers from a topic, as text; what is no number is poison. The plainest job there is, to look at its source and its sink.</summary>
internal sealed class EchoJob(string bootstrap, string id)
{
    private readonly ConcurrentQueue<int> _seen = new();

    public string Input { get; } = "numbers-" + id;

    public string Output { get; } = "copies-" + id;

    public IEnumerable<int> Seen => _seen;

    public StreamExecutionEnvironment Environment { get; } = CreateEnvironment();

    public KafkaSourceBuilder<int> Source() => KafkaSource.Builder<int>()
        .SetBootstrapServers(bootstrap).SetTopics(Input).SetGroupId("echo-" + id)
        .SetValueOnlyDeserializer(bytes => int.Parse(Encoding.UTF8.GetString(bytes), CultureInfo.InvariantCulture));

    public KafkaSinkBuilder<int> Sink() => KafkaSink.Builder<int>()
        .SetBootstrapServers(bootstrap).SetTopic(Output).SetValueSerializer(n => Encoding.UTF8.GetBytes(n.ToString(CultureInfo.InvariantCulture)));

    public DataStream<int> From(KafkaSource<int> source, TimeSpan? idleness = null)
    {
        var watermarks = WatermarkStrategy.NoWatermarks<int>();
        return Environment.FromSource(source, idleness is { } limit ? watermarks.WithIdleness(limit) : watermarks, "numbers").Map(n =>
        {
            _seen.Enqueue(n);
            return n;
        });
    }

    public Task RunAsync() => Environment.ExecuteAsync("echo-" + id, TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(60));

    public Task<JobClient> StartAsync() => Environment.StartAsync("echo-" + id, TestContext.Current.CancellationToken);

    public async Task CreateTopicsAsync(int partitions = 1, params string[] further)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrap }).Build();
        await admin.CreateTopicsAsync(((string[])[Input, Output, .. further]).Select(topic => new TopicSpecification { Name = topic, NumPartitions = partitions, ReplicationFactor = 1 }));
    }

    public async Task AddPartitionsAsync(int total)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrap }).Build();
        await admin.CreatePartitionsAsync([new PartitionsSpecification { Topic = Input, IncreaseTo = total }]);
    }

    public async Task ProduceAsync(params (int Partition, string Value, long Timestamp)[] records)
    {
        using var producer = new ProducerBuilder<Null, string>(new ProducerConfig { BootstrapServers = bootstrap }).Build();
        foreach (var (partition, value, timestamp) in records)
        {
            producer.Produce(
                new TopicPartition(Input, partition),
                new Message<Null, string> { Value = value, Timestamp = timestamp > 0 ? new Timestamp(timestamp, TimestampType.CreateTime) : Timestamp.Default });
        }

        await Task.Run(() => producer.Flush(TimeSpan.FromSeconds(90)));
    }

    /// <summary>The group's offset in the first partition of the input.</summary>
    public long Committed()
    {
        using var consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig { BootstrapServers = bootstrap, GroupId = "echo-" + id }).Build();
        return consumer.Committed([new TopicPartition(Input, 0)], TimeSpan.FromSeconds(10))[0].Offset.Value;
    }

    /// <summary>All committed records of a topic's first partition.</summary>
    public List<ConsumeResult<byte[], string>> Read(string topic)
    {
        using var consumer = new ConsumerBuilder<byte[], string>(new ConsumerConfig
        {
            BootstrapServers = bootstrap,
            GroupId = "reader",
            IsolationLevel = IsolationLevel.ReadCommitted,
            EnablePartitionEof = true,
            EnableAutoCommit = false,
        }).Build();
        consumer.Assign(new TopicPartitionOffset(topic, 0, Offset.Beginning));
        var records = new List<ConsumeResult<byte[], string>>();
        while (true)
        {
            var result = consumer.Consume(TimeSpan.FromSeconds(90)) ?? throw new TimeoutException($"{topic} does not answer.");
            if (result.IsPartitionEOF)
            {
                return records;
            }

            records.Add(result);
        }
    }

    private static StreamExecutionEnvironment CreateEnvironment()
    {
        var env = StreamExecutionEnvironment.GetExecutionEnvironment();
        env.RestartStrategy = RestartStrategy.None;
        env.EnableCheckpointing(TimeSpan.FromMilliseconds(50));
        return env;
    }
}
