using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Millrace.Kafka.Consuming;
using Millrace.Kafka.DeadLetters;
using Millrace.Kafka.Hosting;
using Millrace.Kafka.Producing;
using Millrace.Kafka.Retry;
using Millrace.Kafka.Telemetry;
using Millrace.Kafka.Tests.Support;
using Millrace.TestKit;
using Millrace.TestKit.Kafka;

namespace Millrace.Kafka.Tests.Hosting;

public sealed class ConsumerTestsOnApacheKafka(ApacheKafka kafka) : ConsumerTests<ApacheKafka>(kafka);

public sealed class ConsumerTestsOnEmbeddedBroker(EmbeddedBroker kafka) : ConsumerTests<EmbeddedBroker>(kafka);

public sealed record Payment(string Id, decimal Amount);

public abstract class ConsumerTests<TKafka>(TKafka kafka) : IClassFixture<TKafka>
    where TKafka : class, IKafkaTarget
{
    [Fact]
    public async Task What_a_producer_sends_a_handler_gets_with_its_event_id_and_trace()
    {
        var topic = await TestTopics.CreateAsync(kafka.Bootstrap);
        var log = new HandlerLog();
        using var listener = new ActivityListener
        {
            ShouldListenTo = s => s.Name == KafkaTelemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        var host = await StartAsync(topic, log);
        var producer = host.Services.GetRequiredService<IKafkaProducer<string, Payment>>();
        using var activity = new Activity("test").SetIdFormat(ActivityIdFormat.W3C).Start();
        activity.TraceStateString = "vendor=1";
        var sent = await producer.SendAsync("k", new Payment("p1", 12.50m), new SendOptions { EventId = "e-1" });
        var tombstone = await producer.SendAsync("k", null);
        activity.Stop();
        await Eventually.True(() => log.Records.Count == 2, "both records");
        await host.EndAsync();

        Assert.Equal((topic, 0, 0), (sent.Topic, sent.Partition, sent.Offset));
        var (record, trace) = log.Records.First(r => r.Record.Offset == 0);
        Assert.Equal(("k", new Payment("p1", 12.50m), "e-1", 1), (record.Key, record.Value, record.EventId, record.Attempt));
        Assert.Equal(activity.TraceId, trace!.TraceId);
        Assert.Equal("vendor=1", trace.TraceStateString);
        Assert.Equal($"process {topic}", trace.DisplayName);
        Assert.Equal("kafka", trace.GetTagItem("messaging.system"));
        Assert.True(log.Records.First(r => r.Record.Offset == tombstone.Offset).Record.IsTombstone);
        Assert.True(Guid.TryParse(log.Records.First(r => r.Record.Offset == 1).Record.EventId, out _));
    }

    [Fact]
    public async Task A_record_that_fails_is_tried_again_and_then_dead_lettered_with_its_cause_while_others_go_on()
    {
        var topic = await TestTopics.CreateAsync(kafka.Bootstrap);
        var log = new HandlerLog
        {
            Act = (r, _) => r.Value?.Id switch
            {
                "flaky" when r.Attempt < 3 => throw new TimeoutException("try again"),
                "broken" => throw new TimeoutException("the ledger is down"),
                "wrong" => throw new FormatException("no such currency"),
                _ => Task.CompletedTask,
            },
        };
        var host = await StartAsync(topic, log);
        var producer = host.Services.GetRequiredService<IKafkaProducer<string, Payment>>();
        foreach (var id in new[] { "flaky", "broken", "wrong", "good" })
            await producer.SendAsync(id, new Payment(id, 1));
        // A poison pill between good ones, and bytes that Kafka itself has no opinion about.
        await TestTopics.ProduceAsync(kafka.Bootstrap, topic, 0, "{not json");
        await producer.SendAsync("last", new Payment("last", 1));
        await Eventually.True(() => log.Records.Any(r => r.Record.Value?.Id == "last"), "the last record");
        await host.EndAsync();

        Assert.Equal(3, log.Records.Count(r => r.Record.Value?.Id == "flaky"));
        Assert.Equal(4, log.Records.Count(r => r.Record.Value?.Id == "broken"));
        Assert.Equal(1, log.Records.Count(r => r.Record.Value?.Id == "wrong"));
        using var reader = KafkaRecordReader.Create(TestTopics.ReaderConfig(kafka.Bootstrap));
        reader.Assign([new(topic + ".dlt", 0, 0)]);
        var letters = new List<(string Key, string Value, Dictionary<string, string> Headers)>();
        reader.PollUntil(() => letters.Count == 3, "three dead letters", batch =>
        {
            foreach (var r in batch)
            {
                letters.Add((
                    Encoding.UTF8.GetString(r.Key),
                    Encoding.UTF8.GetString(r.Value),
                    r.Headers.ToConfluent().ToDictionary(h => h.Key, h => Encoding.UTF8.GetString(h.GetValueBytes()))));
            }
        });
        Assert.Equal(["broken", "wrong", "k"], letters.Select(l => l.Key));
        var broken = letters[0].Headers;
        Assert.Equal(
            (topic, "0", "1", "System.TimeoutException", "the ledger is down", "4"),
            (broken[DeadLetterHeaders.OriginalTopic], broken[DeadLetterHeaders.OriginalPartition], broken[DeadLetterHeaders.OriginalOffset],
                broken[DeadLetterHeaders.ExceptionType], broken[DeadLetterHeaders.ExceptionMessage], broken[DeadLetterHeaders.Attempts]));
        // The handler itself may be inlined into its caller.
        Assert.Contains("   at ", broken[DeadLetterHeaders.ExceptionStack], StringComparison.Ordinal);
        Assert.True(broken.ContainsKey(EventIdHeader.Name));
        Assert.Equal("1", letters[1].Headers[DeadLetterHeaders.Attempts]);
        Assert.Equal("{not json", letters[2].Value);
        Assert.Equal("0", letters[2].Headers[DeadLetterHeaders.Attempts]);
        Assert.Equal("Millrace.Schemas.Serialization.SerdeException", letters[2].Headers[DeadLetterHeaders.ExceptionType]);
    }

    [Fact]
    public async Task A_failing_batch_is_taken_apart_so_that_only_the_bad_record_becomes_a_dead_letter()
    {
        var topic = await TestTopics.CreateAsync(kafka.Bootstrap);
        var log = new HandlerLog { Act = (r, _) => r.Value?.Id == "bad" ? throw new FormatException("bad") : Task.CompletedTask };
        var producer = TestTopics.Producer(kafka.Bootstrap);
        await TestTopics.ProduceAsync(kafka.Bootstrap, topic, 0, "a", "bad", "b", "c");
        var host = await TestHost.StartAsync(kafka.Bootstrap, k =>
        {
            k.Services.AddSingleton(log);
            k.AddSerde(new IdOnlySerde());
            k.AddBatchConsumer<string, Payment, BatchHandler>(topic, TestTopics.NewName("g"));
        });
        await Eventually.True(() => host.Services.GetRequiredService<ConsumerStatus>().Finished == 4, "all records finished");
        var status = host.Services.GetRequiredService<ConsumerStatus>();
        Assert.Equal(1, status.DeadLettered);
        await host.EndAsync();
        Assert.Superset(new HashSet<string> { "a", "b", "c" }, log.Records.Select(r => r.Record.Value!.Id).ToHashSet(StringComparer.Ordinal));
        producer.Dispose();
    }

    [Fact]
    public async Task Stopping_under_load_and_starting_again_loses_nothing_and_repeats_nothing()
    {
        const int Count = 20_000;
        var topic = await TestTopics.CreateAsync(kafka.Bootstrap, partitions: 4);
        var group = TestTopics.NewName("g");
        using (var producer = TestTopics.Producer(kafka.Bootstrap))
        {
            for (var i = 0; i < Count; i++)
                producer.Produce(new TopicPartition(topic, i % 4), new() { Key = [], Value = Encoding.UTF8.GetBytes($$"""{"id":"{{i}}","amount":1}""") });
            producer.Flush(TimeSpan.FromSeconds(30));
        }

        var log = new HandlerLog();
        for (var runs = 0; log.Records.Count < Count && runs < 50; runs++)
        {
            var target = Math.Min(Count, log.Records.Count + 3000);
            var host = await StartAsync(topic, log, group);
            await Eventually.True(() => log.Records.Count >= target, $"{target} records");
            await host.EndAsync();
        }

        Assert.Equal(Count, log.Records.Select(r => r.Record.Value!.Id).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(Count, log.Records.Count);
        foreach (var partition in log.Records.Select(r => r.Record).GroupBy(r => r.Partition))
            Assert.True(partition.Select(r => r.Offset).SequenceEqual(partition.Select(r => r.Offset).Order()), $"order of partition {partition.Key}");
    }

    [Fact]
    public async Task A_record_that_is_not_finished_is_never_committed()
    {
        var topic = await TestTopics.CreateAsync(kafka.Bootstrap);
        var group = TestTopics.NewName("g");
        await TestTopics.ProduceAsync(kafka.Bootstrap, topic, 0, Enumerable.Range(0, 5).Select(i => $$"""{"id":"{{i}}","amount":1}"""));
        var log = new HandlerLog { Act = (r, token) => r.Offset == 3 ? Task.Delay(Timeout.Infinite, token) : Task.CompletedTask };
        var host = await StartAsync(topic, log, group, o =>
        {
            o.DrainTimeout = TimeSpan.FromMilliseconds(100);
            o.StuckAfter = TimeSpan.FromMilliseconds(1);
        });
        await Eventually.True(() => log.Records.Any(r => r.Record.Offset == 3), "the record that hangs");
        var health = host.Services.GetRequiredService<KafkaHealthCheck>();
        await Eventually.True(
            async () => (await health.CheckHealthAsync(new HealthCheckContext())).Status == HealthStatus.Unhealthy, "the health check to see that it is stuck");
        await host.EndAsync();
        using var reader = KafkaRecordReader.Create(TestTopics.ReaderConfig(kafka.Bootstrap, group));
        Assert.Equal(3, reader.Committed([new(topic, 0)], TimeSpan.FromSeconds(10))[0].Offset);
    }

    [Fact]
    public async Task A_transaction_is_seen_as_a_whole_or_not_at_all()
    {
        var topic = await TestTopics.CreateAsync(kafka.Bootstrap);
        var host = await TestHost.StartAsync(
            kafka.Bootstrap, k => k.AddProducer<string, string>(topic), o => o.Producer["transactional.id"] = TestTopics.NewName("tx"));
        var producer = host.Services.GetRequiredService<IKafkaProducer<string, string>>();
        await using (var aborted = await producer.BeginTransactionAsync())
            await aborted.SendAsync(producer, "k", "never");
        await using (var transaction = await producer.BeginTransactionAsync())
        {
            await transaction.SendAsync(producer, "k", "one");
            await transaction.SendAsync(producer, "k", "two");
            await transaction.CommitAsync();
        }

        using var reader = KafkaRecordReader.Create(TestTopics.ReaderConfig(kafka.Bootstrap));
        reader.Assign([new(topic, 0, 0)]);
        Assert.Equal(["one", "two"], reader.ReadValues(2));
        await host.EndAsync();
    }

    private Task<IHost> StartAsync(string topic, HandlerLog log, string? group = null, Action<KafkaConsumerOptions>? configure = null) =>
        TestHost.StartAsync(kafka.Bootstrap, k =>
        {
            k.Services.AddSingleton(log);
            k.AddProducer<string, Payment>(topic).AddConsumer<string, Payment, Handler>(topic, group ?? TestTopics.NewName("g"), o =>
            {
                o.Retry.Delay = TimeSpan.FromMilliseconds(5);
                configure?.Invoke(o);
            });
        });

    private sealed class Handler(HandlerLog log) : IMessageHandler<string, Payment>
    {
        public Task HandleAsync(ConsumedRecord<string, Payment> record, CancellationToken cancellationToken) => log.HandleAsync(record, cancellationToken);
    }

    private sealed class BatchHandler(HandlerLog log) : IBatchHandler<string, Payment>
    {
        public async Task HandleAsync(IReadOnlyList<ConsumedRecord<string, Payment>> records, CancellationToken cancellationToken)
        {
            foreach (var record in records)
                await log.HandleAsync(record, cancellationToken);
        }
    }

    private sealed class IdOnlySerde : Millrace.Schemas.Serialization.ISerde<Payment>
    {
        public void Serialize(Payment value, System.Buffers.IBufferWriter<byte> output, Millrace.Schemas.Serialization.SerdeContext context) =>
            Encoding.UTF8.GetBytes(value.Id, output);

        public Payment Deserialize(ReadOnlySpan<byte> data, Millrace.Schemas.Serialization.SerdeContext context) => new(Encoding.UTF8.GetString(data), 0);
    }
}

public sealed class HandlerLog
{
    public ConcurrentQueue<(ConsumedRecord<string, Payment> Record, Activity? Trace)> Records { get; } = new();

    public Func<ConsumedRecord<string, Payment>, CancellationToken, Task> Act { get; init; } = (_, _) => Task.CompletedTask;

    public Task HandleAsync(ConsumedRecord<string, Payment> record, CancellationToken cancellationToken)
    {
        Records.Enqueue((record, Activity.Current));
        return Act(record, cancellationToken);
    }
}
