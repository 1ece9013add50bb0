using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Millrace.Streams.Connectors;

namespace Millrace.Streams.Kafka.Tests;

internal sealed record Payment(string Account, long Timestamp, long Amount);

internal sealed record MinuteActivity(string Account, long WindowEnd, long Count, long Sum);

internal sealed class CountAndSum : IAggregateFunction<Payment, (long Count, long Sum), (long Count, long Sum)>
{
    public (long Count, long Sum) CreateAccumulator() => default;

    public (long Count, long Sum) Add(Payment value, (long Count, long Sum) accumulator) => (accumulator.Count + 1, accumulator.Sum + value.Amount);

    public (long Count, long Sum) GetResult((long Count, long Sum) accumulator) => accumulator;

    public (long Count, long Sum) Merge((long Count, long Sum) first, (long Count, long Sum) second) => (first.Count + second.Count, first.Sum + second.Sum);
}

internal sealed class ToMinuteActivity : ProcessWindowFunction<(long Count, long Sum), MinuteActivity, string>
{
    public override void Process(string key, Context ctx, IReadOnlyList<(long Count, long Sum)> elements, ICollector<MinuteActivity> output) =>
        output.Collect(new MinuteActivity(key, ctx.Window.End, elements[0].Count, elements[0].Sum));
}

/// <summary>The seed's job, from topic to topic, and what its output must be.</summary>
internal sealed record ActivityJob(string Bootstrap, string Input, string Output, string CheckpointFolder)
{
    public const int Partitions = 3;

    // Results carry event time, and a broker deletes what is older than its retention: so the events are of the last hour.
    private static readonly long s_start = TimeProvider.System.GetUtcNow().AddHours(-1).ToUnixTimeSeconds() * 1000;

    public int Parallelism { get; init; } = 2;

    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromMilliseconds(50);

    public RestartStrategy RestartStrategy { get; init; } = RestartStrategy.None;

    public Func<Payment, Payment> Intercept { get; init; } = static payment => payment;

    public Func<ISink<MinuteActivity>, ISink<MinuteActivity>> WrapSink { get; init; } = static sink => sink;

    public DeliveryGuarantee Guarantee { get; init; } = DeliveryGuarantee.ExactlyOnce;

    public string JobName { get; init; } = "activity";

    public StreamExecutionEnvironment Define(bool bounded = true)
    {
        var env = StreamExecutionEnvironment.GetExecutionEnvironment();
        env.EnableCheckpointing(CheckpointInterval);
        env.CheckpointConfig.CheckpointStorage = CheckpointFolder;
        env.Parallelism = Parallelism;
        env.RestartStrategy = RestartStrategy;
        env.AutoWatermarkInterval = TimeSpan.FromMilliseconds(5);

        var builder = KafkaSource.Builder<Payment>()
            .SetBootstrapServers(Bootstrap).SetTopics(Input).SetGroupId(Output + "-group")
            .SetStartingOffsets(OffsetsInitializer.CommittedOffsets())
            .SetDeserializer(KafkaDeserializers.Json<Payment>());
        var source = (bounded ? builder.SetBounded(OffsetsInitializer.Latest()) : builder).Build();
        var sink = KafkaSink.Builder<MinuteActivity>()
            .SetBootstrapServers(Bootstrap).SetTopic(Output).SetDeliveryGuarantee(Guarantee).SetTransactionalId(Output + "-tx")
            .SetTransactionTimeout(TimeSpan.FromMinutes(2)).SetKey(one => one.Account).SetJsonValue().Build();
        env.FromSource(
                source,
                WatermarkStrategy.ForBoundedOutOfOrderness<Payment>(TimeSpan.FromMilliseconds(50)).WithTimestampAssigner((payment, _) => payment.Timestamp),
                "Kafka Source").Uid("source")
            .Map(Intercept).Uid("intercept")
            .KeyBy(payment => payment.Account)
            .Window(TumblingEventTimeWindows.Of(TimeSpan.FromSeconds(1)))
            .Aggregate(new CountAndSum(), new ToMinuteActivity()).Uid("activity")
            .SinkTo(WrapSink(sink)).Uid("sink");
        return env;
    }

    /// <summary>A job of its own topics, with the first payments in them.</summary>
    public static async Task<ActivityJob> PrepareAsync(string bootstrap, string checkpointFolder, int payments)
    {
        var id = Guid.NewGuid().ToString("N")[..8];
        var job = new ActivityJob(bootstrap, $"payments-{id}", $"activity-{id}", checkpointFolder);
        await CreateTopicsAsync(bootstrap, job.Input, job.Output);
        await job.ProduceAsync(payments);
        return job;
    }

    public static async Task CreateTopicsAsync(string bootstrap, params string[] topics)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrap }).Build();
        await admin.CreateTopicsAsync(topics.Select(topic => new TopicSpecification { Name = topic, NumPartitions = Partitions, ReplicationFactor = 1 }));
    }

    /// <summary>Writes payments; those of an account are in one partition, in order.</summary>
    public async Task ProduceAsync(int count, int from = 0)
    {
        using var producer = new ProducerBuilder<string, string>(new ProducerConfig { BootstrapServers = Bootstrap, EnableIdempotence = true }).Build();
        for (var n = from; n < from + count; n++)
        {
            var account = n % 20;
            producer.Produce(
                new TopicPartition(Input, new Partition(account % Partitions)),
                new Message<string, string> { Key = $"a{account}", Value = $$"""{"account":"a{{account}}","timestamp":{{s_start + (n * 5L)}},"amount":{{n % 7}}}""" });
        }

        await Task.Run(() => producer.Flush(TimeSpan.FromSeconds(90)));
    }

    public static List<string> Expected(int count) => [.. Enumerable.Range(0, count)
        .GroupBy(n => (Account: n % 20, Window: n * 5L / 1000)).Select(group =>
            new MinuteActivity($"a{group.Key.Account}", s_start + ((group.Key.Window + 1) * 1000), group.Count(), group.Sum(n => n % 7)).ToString()).Order(StringComparer.Ordinal)];

    /// <summary>All committed results, as text, in order.</summary>
    public List<string> ReadOutput()
    {
        using var consumer = new ConsumerBuilder<Ignore, byte[]>(new ConsumerConfig
        {
            BootstrapServers = Bootstrap,
            GroupId = "reader",
            IsolationLevel = IsolationLevel.ReadCommitted,
            EnablePartitionEof = true,
            EnableAutoCommit = false,
        }).Build();
        consumer.Assign(Enumerable.Range(0, Partitions).Select(p => new TopicPartitionOffset(Output, p, Offset.Beginning)));
        var results = new List<string>();
        var ended = new HashSet<int>();
        while (ended.Count < Partitions)
        {
            var result = consumer.Consume(TimeSpan.FromSeconds(90)) ?? throw new TimeoutException("The output topic does not answer.");
            if (result.IsPartitionEOF)
            {
                ended.Add(result.Partition.Value);
            }
            else
            {
                results.Add(System.Text.Json.JsonSerializer.Deserialize<MinuteActivity>(
                    Encoding.UTF8.GetString(result.Message.Value), System.Text.Json.JsonSerializerOptions.Web)!.ToString());
            }
        }

        results.Sort(StringComparer.Ordinal);
        return results;
    }
}
