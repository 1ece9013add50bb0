using Confluent.Kafka;
using Millrace.TestKit;

namespace Millrace.Kafka.Testing.Tests;

public sealed class TestClockTests
{
    [Fact]
    public void A_timer_comes_due_when_the_clock_is_moved_and_not_before()
    {
        var clock = new TestClock();
        using var fired = new ManualResetEventSlim();
        using var timer = clock.CreateTimer(_ => fired.Set(), null, TimeSpan.FromHours(1), Timeout.InfiniteTimeSpan);

        clock.Advance(TimeSpan.FromMinutes(59));
        Assert.False(fired.Wait(50, TestContext.Current.CancellationToken));
        clock.Advance(TimeSpan.FromMinutes(2));

        Assert.True(fired.Wait(10_000, TestContext.Current.CancellationToken));
        Assert.Equal(TimeSpan.FromMinutes(61), clock.Ahead);
        Assert.InRange(clock.GetElapsedTime(TimeProvider.System.GetTimestamp()), TimeSpan.FromMinutes(60), TimeSpan.FromMinutes(62));
    }

    [Fact]
    public async Task Retention_takes_what_is_old_by_the_clock()
    {
        var clock = new TestClock();
        await using var kafka = await EmbeddedKafka.StartAsync(o => o.TimeProvider = clock);
        await Clients.CreateAsync(kafka, "short", configs: new() { ["retention.ms"] = "3600000", ["segment.ms"] = "60000" });
        using var producer = Clients.Producer(kafka);
        await producer.ProduceAsync("short", new() { Value = "old" });

        clock.Advance(TimeSpan.FromHours(2));

        await Eventually.True(() => Task.FromResult(Clients.ReadAll(kafka, "short").Count == 0), "the old record to go");
    }

    [Fact]
    public async Task A_transaction_that_is_left_open_is_aborted_after_its_time_out()
    {
        var clock = new TestClock();
        await using var kafka = await EmbeddedKafka.StartAsync(o => o.TimeProvider = clock);
        await Clients.CreateAsync(kafka, "t");
        using var producer = Clients.Producer(kafka, static c => (c.TransactionalId, c.TransactionTimeoutMs) = ("left", 600_000));
        producer.InitTransactions(TimeSpan.FromSeconds(20));
        producer.BeginTransaction();
        await producer.ProduceAsync("t", new() { Value = "never committed" });
        using var other = Clients.Producer(kafka);
        await other.ProduceAsync("t", new() { Value = "behind it" });

        clock.Advance(TimeSpan.FromMinutes(11));

        // The marker ends it: what is behind can be read.
        await Eventually.True(() => Task.FromResult(kafka.Partition("t", 0).EndOffset == 3), "the abort marker");
        Assert.Equal(["behind it"], Clients.ReadAll(kafka, "t"));
    }

    [Fact]
    public async Task A_member_that_is_silent_loses_its_partitions_to_another()
    {
        var clock = new TestClock();
        await using var kafka = await EmbeddedKafka.StartAsync(o => o.TimeProvider = clock);
        await Clients.CreateAsync(kafka, "t");
        using (var producer = Clients.Producer(kafka)) await producer.ProduceAsync("t", new() { Value = "x" });
        using var silent = Clients.Consumer(kafka, "g", static c => (c.ClientId, c.SessionTimeoutMs, c.EnablePartitionEof) = ("silent", 300_000, false));
        silent.Subscribe("t");
        Assert.NotNull(silent.Consume(TimeSpan.FromSeconds(90)));

        // Its heartbeats are lost from now on, and what it would need to join again.
        kafka.Faults.OnAny().FromClient("silent").Always().Drop();
        clock.Advance(TimeSpan.FromMinutes(6));

        using var other = Clients.Consumer(kafka, "g", static c => c.EnablePartitionEof = false);
        other.Subscribe("t");
        Assert.Equal("x", other.Consume(TimeSpan.FromSeconds(90))?.Message.Value);
    }
}
