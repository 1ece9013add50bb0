using System.Collections.Concurrent;
using System.Diagnostics;
using Confluent.Kafka;
using Millrace.TestKit;
using ApiKey = Millrace.Protocol.ApiKey;
using KafkaError = Millrace.Protocol.ErrorCode;

namespace Millrace.Kafka.Testing.Tests;

public sealed class FaultTests
{
    [Fact]
    public async Task An_answer_that_is_lost_duplicates_without_idempotence_and_not_with_it()
    {
        await using var kafka = await EmbeddedKafka.StartAsync();
        foreach (bool idempotent in (bool[])[false, true])
        {
            string topic = $"lost-{idempotent}";
            await Clients.CreateAsync(kafka, topic);
            using var producer = Clients.Producer(kafka, c => (c.EnableIdempotence, c.ClientId) = (idempotent, topic));
            var fault = kafka.Faults.On(ApiKey.Produce).FromClient(topic).DropAfterApplying();

            await producer.ProduceAsync(topic, new() { Value = "x" });

            Assert.Equal(1, fault.Hits);
            Assert.Equal(idempotent ? ["x"] : ["x", "x"], Clients.ReadAll(kafka, topic));
        }
    }

    [Fact]
    public async Task A_dropped_request_was_not_applied()
    {
        await using var kafka = await EmbeddedKafka.StartAsync();
        await Clients.CreateAsync(kafka, "t");
        using var producer = Clients.Producer(kafka, static c => c.ClientId = "mine");
        kafka.Faults.On(ApiKey.Produce).Times(2).Drop();
        kafka.Faults.On(ApiKey.Produce).Truncate(3);

        await producer.ProduceAsync("t", new() { Value = "x" });

        // Twice dropped, then served with half an answer, then served once more.
        Assert.Equal(["x", "x"], Clients.ReadAll(kafka, "t"));
        Assert.Equal(["dropped", "dropped", "served, and the answer cut after 3 bytes", null], kafka.Requests.All.Where(static r => r.Api == ApiKey.Produce && r.ClientId == "mine").Select(static r => r.Fault));
    }

    [Theory]
    [InlineData(KafkaError.NotLeaderOrFollower, true)]
    [InlineData(KafkaError.TopicAuthorizationFailed, false)]
    public async Task A_refusal_is_retried_or_reported_as_its_error_asks(KafkaError error, bool isRetried)
    {
        await using var kafka = await EmbeddedKafka.StartAsync();
        await Clients.CreateAsync(kafka, "t");
        using var producer = Clients.Producer(kafka);
        kafka.Faults.On(ApiKey.Produce).After(1).Fail(error);
        await producer.ProduceAsync("t", new() { Value = "passes" });

        if (isRetried) await producer.ProduceAsync("t", new() { Value = "retried" });
        else Assert.Equal((ErrorCode)(short)error, (await Assert.ThrowsAsync<ProduceException<string, string>>(() => producer.ProduceAsync("t", new() { Value = "refused" }))).Error.Code);

        Assert.Equal(isRetried ? ["passes", "retried"] : ["passes"], Clients.ReadAll(kafka, "t"));
    }

    [Theory]
    [InlineData(ApiKey.Metadata, KafkaError.LeaderNotAvailable)]
    [InlineData(ApiKey.FindCoordinator, KafkaError.CoordinatorNotAvailable)]
    [InlineData(ApiKey.JoinGroup, KafkaError.CoordinatorLoadInProgress)]
    [InlineData(ApiKey.SyncGroup, KafkaError.RebalanceInProgress)]
    [InlineData(ApiKey.Heartbeat, KafkaError.RebalanceInProgress)]
    [InlineData(ApiKey.OffsetFetch, KafkaError.CoordinatorLoadInProgress)]
    [InlineData(ApiKey.ListOffsets, KafkaError.NotLeaderOrFollower)]
    [InlineData(ApiKey.Fetch, KafkaError.NotLeaderOrFollower)]
    public async Task A_consumer_gets_over_a_passing_error_of_every_api(ApiKey api, KafkaError error)
    {
        await using var kafka = await EmbeddedKafka.StartAsync();
        await Clients.CreateAsync(kafka, "t");
        using (var producer = Clients.Producer(kafka)) await producer.ProduceAsync("t", new() { Value = "x" });
        var fault = kafka.Faults.On(api).FromClient("reader").Times(2).Fail(error);
        using var consumer = Clients.Consumer(kafka, "g", static c => (c.ClientId, c.EnablePartitionEof, c.HeartbeatIntervalMs, c.TopicMetadataRefreshIntervalMs) = ("reader", false, 100, 200));
        consumer.Subscribe("t");

        Assert.Equal("x", consumer.Consume(TimeSpan.FromSeconds(90))?.Message.Value);
        for (var i = 0; i < 100 && fault.Hits < 2; i++) consumer.Consume(TimeSpan.FromMilliseconds(100));
        Assert.Equal(2, fault.Hits);
    }

    [Fact]
    public async Task A_delay_and_a_throttle_reach_the_client()
    {
        await using var kafka = await EmbeddedKafka.StartAsync();
        await Clients.CreateAsync(kafka, "t");
        var throttles = new ConcurrentBag<long>();
        var config = new ProducerConfig { BootstrapServers = kafka.BootstrapServers, LingerMs = 0, StatisticsIntervalMs = 50, ClientId = "slow" };
        using var producer = new ProducerBuilder<string, string>(config)
            .SetStatisticsHandler((_, json) => throttles.Add(System.Text.Json.JsonDocument.Parse(json).RootElement.GetProperty("brokers").EnumerateObject().Max(static b => b.Value.GetProperty("throttle").GetProperty("max").GetInt64())))
            .Build();
        await producer.ProduceAsync("t", new() { Value = "warm" });
        var delay = kafka.Faults.On(ApiKey.Produce).FromClient("slow").Delay(TimeSpan.FromMilliseconds(300));
        kafka.Faults.On(ApiKey.Produce).FromClient("slow").Throttle(TimeSpan.FromMilliseconds(77));

        var watch = Stopwatch.StartNew();
        await producer.ProduceAsync("t", new() { Value = "late" });
        var took = watch.Elapsed;
        await producer.ProduceAsync("t", new() { Value = "throttled" });

        Assert.Equal(1, delay.Hits);
        Assert.True(took >= TimeSpan.FromMilliseconds(290), $"answered after {took}");
        await Eventually.True(() => throttles.Contains(77), "the throttle time in librdkafka's statistics", cancellationToken: TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task The_same_seed_strikes_the_same_requests()
    {
        var runs = new List<string>();
        for (var run = 0; run < 2; run++)
        {
            await using var kafka = await EmbeddedKafka.StartAsync(static o => o.Seed = 42);
            await Clients.CreateAsync(kafka, "t");
            using var producer = Clients.Producer(kafka, static c => c.ClientId = "p");
            kafka.Faults.On(ApiKey.Produce).FromClient("p").WithProbability(0.3).Always().Fail(KafkaError.NotLeaderOrFollower);
            for (var i = 0; i < 20; i++) await producer.ProduceAsync("t", new() { Value = $"{i}" });
            runs.Add(string.Concat(kafka.Requests.All.Where(static r => r.Api == ApiKey.Produce).Select(static r => r.Fault is null ? '.' : 'x')));
        }

        Assert.Contains('x', runs[0]);
        Assert.Equal(runs[0], runs[1]);
    }

    [Fact]
    public async Task A_test_can_wait_for_a_request()
    {
        await using var kafka = await EmbeddedKafka.StartAsync();
        using var producer = Clients.Producer(kafka, static c => c.ClientId = "me");
        var waiting = kafka.Requests.WaitForAsync(static r => r.Api == ApiKey.Produce && r.ClientId == "me", TimeSpan.FromSeconds(90), TestContext.Current.CancellationToken);

        await producer.ProduceAsync("t", new() { Value = "x" });

        Assert.Equal(1, (await waiting).BrokerId);
        await Assert.ThrowsAsync<TimeoutException>(() => kafka.Requests.WaitForAsync(static r => r.Api == ApiKey.EndTxn, TimeSpan.FromMilliseconds(20), TestContext.Current.CancellationToken));
    }
}
