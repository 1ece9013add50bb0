using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Millrace.TestKit;

namespace Millrace.Kafka.Testing.Tests;

public sealed class ClusterTests
{
    [Fact]
    public async Task Leaders_are_spread_over_the_brokers()
    {
        await using var kafka = await EmbeddedKafka.StartAsync(static o => o.Brokers = 3);
        await Clients.CreateAsync(kafka, "spread", partitions: 6);
        using var admin = Clients.Admin(kafka);

        var metadata = admin.GetMetadata("spread", TimeSpan.FromSeconds(10));

        Assert.Equal([1, 2, 3], metadata.Brokers.Select(static b => b.BrokerId).Order());
        Assert.All(metadata.Topics[0].Partitions, static p => Assert.Equal(3, p.InSyncReplicas.Length));
        Assert.All(metadata.Topics[0].Partitions.GroupBy(static p => p.Leader), static g => Assert.Equal(2, g.Count()));
        Assert.Equal([1, 2, 3], kafka.Brokers.Select(static b => b.Id));
    }

    [Fact]
    public async Task More_replicas_than_brokers_are_refused()
    {
        await using var kafka = await EmbeddedKafka.StartAsync(static o => o.Brokers = 2);

        var error = await Assert.ThrowsAsync<CreateTopicsException>(() => Clients.CreateAsync(kafka, "wide", replicas: 3));

        Assert.Equal(ErrorCode.InvalidReplicationFactor, error.Results[0].Error.Code);
    }

    [Fact]
    public async Task A_stopped_broker_leaves_the_in_sync_replicas_and_min_insync_replicas_then_refuses()
    {
        await using var kafka = await EmbeddedKafka.StartAsync(static o => o.Brokers = 3);
        await Clients.CreateAsync(kafka, "safe", replicas: 3, configs: new() { ["min.insync.replicas"] = "3" });
        using var all = Clients.Producer(kafka, static c => (c.Acks, c.MessageSendMaxRetries) = (Acks.All, 0));
        using var one = Clients.Producer(kafka, static c => (c.Acks, c.MessageSendMaxRetries) = (Acks.Leader, 0));
        await all.ProduceAsync("safe", new() { Value = "a" });
        int follower = kafka.Partition("safe", 0).InSyncReplicas[1];

        await kafka.StopBrokerAsync(follower);

        Assert.DoesNotContain(follower, kafka.Partition("safe", 0).InSyncReplicas);
        Assert.False(kafka.Brokers.Single(b => b.Id == follower).IsRunning);
        var refused = await Assert.ThrowsAsync<ProduceException<string, string>>(() => all.ProduceAsync("safe", new() { Value = "b" }));
        Assert.Equal(ErrorCode.NotEnoughReplicas, refused.Error.Code);
        await one.ProduceAsync("safe", new() { Value = "c" });

        await kafka.StartBrokerAsync(follower);
        await Eventually.True(
            async () =>
            {
                try
                {
                    await all.ProduceAsync("safe", new() { Value = "d" });
                    return true;
                }
                catch (ProduceException<string, string>)
                {
                    return false;
                }
            },
            "acks=all after the broker is back");
        Assert.Equal(["a", "c", "d"], Clients.ReadAll(kafka, "safe"));
    }

    [Fact]
    public async Task A_producer_follows_the_leader_without_loss_or_duplicate()
    {
        await using var kafka = await EmbeddedKafka.StartAsync(static o => o.Brokers = 3);
        await Clients.CreateAsync(kafka, "moves", partitions: 3);
        using var producer = Clients.Producer(kafka, static c => (c.EnableIdempotence, c.LingerMs) = (true, 1));
        var sent = new List<Task>();
        for (var i = 0; i < 3000; i++)
        {
            sent.Add(producer.ProduceAsync("moves", new() { Key = $"{i}", Value = $"{i}" }));
            if (i % 1000 == 500) await kafka.StopBrokerAsync(1 + (i / 1000));
            if (i % 1000 == 900) await kafka.StartBrokerAsync(1 + (i / 1000));
        }

        await Task.WhenAll(sent);

        Assert.Equal(Enumerable.Range(0, 3000), Clients.ReadAll(kafka, "moves").Select(int.Parse).Order());
        Assert.Contains(Enumerable.Range(0, 3), p => kafka.Partition("moves", p).LeaderEpoch > 1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Only_an_unclean_election_loses_and_exactly_what_the_new_leader_had_not(bool unclean)
    {
        await using var kafka = await EmbeddedKafka.StartAsync(static o => o.Brokers = 2);
        await Clients.CreateAsync(kafka, "risk", replicas: 2, configs: new() { ["unclean.leader.election.enable"] = unclean ? "true" : "false" });
        var before = kafka.Partition("risk", 0);
        var (leader, follower) = (before.Leader!.Value, before.Replicas[1]);
        using (var producer = Clients.Producer(kafka, static c => c.EnableIdempotence = true))
        {
            await producer.ProduceAsync("risk", new() { Value = "both have it" });
            await kafka.StopBrokerAsync(follower);
            await producer.ProduceAsync("risk", new() { Value = "only the leader has it" });
        }

        await kafka.StopBrokerAsync(leader);
        await kafka.StartBrokerAsync(follower);

        if (!unclean)
        {
            Assert.Null(kafka.Partition("risk", 0).Leader);
            await kafka.StartBrokerAsync(leader);
            Assert.Equal(["both have it", "only the leader has it"], Clients.ReadAll(kafka, "risk"));
            return;
        }

        var after = kafka.Partition("risk", 0);
        Assert.Equal(follower, after.Leader);
        Assert.True(after.LeaderEpoch > before.LeaderEpoch);
        Assert.Equal(1, after.EndOffset);
        using (var producer = Clients.Producer(kafka)) Assert.Equal(1, (await producer.ProduceAsync("risk", new() { Value = "new" })).Offset.Value);
        await kafka.StartBrokerAsync(leader);
        Assert.Equal(["both have it", "new"], Clients.ReadAll(kafka, "risk"));
        Assert.Equal(2, kafka.Partition("risk", 0).InSyncReplicas.Count);
    }

    [Theory]
    [InlineData(GroupProtocol.Classic)]
    [InlineData(GroupProtocol.Consumer)]
    public async Task A_group_goes_on_when_its_coordinator_stops(GroupProtocol protocol)
    {
        await using var kafka = await EmbeddedKafka.StartAsync(static o => o.Brokers = 3);
        await Clients.CreateAsync(kafka, "work", partitions: 2);
        using var producer = Clients.Producer(kafka, static c => c.EnableIdempotence = true);
        for (var i = 0; i < 10; i++) await producer.ProduceAsync("work", new() { Key = $"{i}", Value = $"{i}" });
        using var consumer = Clients.Consumer(kafka, "workers", c => c.GroupProtocol = protocol);
        consumer.Subscribe("work");
        var first = Take(consumer, 10);
        consumer.Commit();
        var offsets = Enumerable.Range(0, 4).Select(p => kafka.Partition("__consumer_offsets", p)).ToList();
        int coordinator = offsets.First(static o => o.EndOffset > 0).Leader!.Value;

        await kafka.StopBrokerAsync(coordinator);
        for (var i = 10; i < 20; i++) await producer.ProduceAsync("work", new() { Key = $"{i}", Value = $"{i}" });
        var second = Take(consumer, 10);
        await Eventually.True(
            () =>
            {
                try
                {
                    consumer.Commit();
                    return Task.FromResult(true);
                }
                catch (KafkaException)
                {
                    return Task.FromResult(false);
                }
            },
            "a commit with the new coordinator");

        Assert.Equal(Enumerable.Range(0, 20), first.Concat(second).Order());
        Assert.Equal(20, consumer.Committed([new("work", 0), new("work", 1)], TimeSpan.FromSeconds(10)).Sum(static o => o.Offset.Value));
    }

    [Fact]
    public async Task A_transaction_outlives_the_stop_of_its_coordinator()
    {
        await using var kafka = await EmbeddedKafka.StartAsync(static o => o.Brokers = 3);
        await Clients.CreateAsync(kafka, "ledger", partitions: 3);
        using var producer = Clients.Producer(kafka, static c => c.TransactionalId = "books");
        producer.InitTransactions(TimeSpan.FromSeconds(90));
        producer.BeginTransaction();
        for (var i = 0; i < 30; i++) await producer.ProduceAsync("ledger", new() { Key = $"{i}", Value = $"{i}" });
        int coordinator = Enumerable.Range(0, 4).Select(p => kafka.Partition("__transaction_state", p)).First(static o => o.EndOffset > 0).Leader!.Value;

        await kafka.StopBrokerAsync(coordinator);
        await Task.Run(() => producer.CommitTransaction(TimeSpan.FromSeconds(30)), TestContext.Current.CancellationToken);

        Assert.Equal(Enumerable.Range(0, 30), Clients.ReadAll(kafka, "ledger").Select(int.Parse).Order());
    }

    private static List<int> Take(IConsumer<string, string> consumer, int count)
    {
        var values = new List<int>();
        while (values.Count < count)
        {
            var result = consumer.Consume(TimeSpan.FromSeconds(90)) ?? throw new TimeoutException($"{values.Count} of {count} records");
            if (!result.IsPartitionEOF) values.Add(int.Parse(result.Message.Value));
        }

        return values;
    }
}
