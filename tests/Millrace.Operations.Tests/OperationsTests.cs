using System.Text;
using Confluent.Kafka;
using Millrace.Kafka.Consuming;
using Millrace.Operations.Browsing;
using Millrace.Operations.Groups;
using Millrace.Operations.Overview;
using Millrace.Operations.Topics;
using Millrace.TestKit;
using Millrace.TestKit.Kafka;

namespace Millrace.Operations.Tests;

public sealed class OperationsTestsOnApacheKafka(ApacheKafka kafka) : OperationsTests<ApacheKafka>(kafka);

public sealed class OperationsTestsOnEmbeddedBroker(EmbeddedBroker kafka) : OperationsTests<EmbeddedBroker>(kafka);

public abstract class OperationsTests<TKafka>(TKafka kafka) : IClassFixture<TKafka>
    where TKafka : class, IKafkaTarget
{
    private static readonly DateTimeOffset Start = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000);

    [Fact]
    public async Task A_topic_is_created_listed_described_and_deleted()
    {
        using var cluster = KafkaCluster.Connect(kafka.Bootstrap);
        var topics = new TopicService(cluster);
        var name = NewName();
        await topics.CreateAsync(name, 3, 1, new Dictionary<string, string> { ["cleanup.policy"] = "compact" });
        await Eventually.True(async () => (await topics.ListAsync()).Any(t => t.Name == name && t.Partitions == 3), "the topic in the list");
        await ProduceAsync(name, 1, "a", "b");
        var details = await topics.GetAsync(name);
        Assert.Equal([0, 1, 2], details.Partitions.Select(p => p.Partition));
        Assert.Equal((0, 2, 2), (details.Partitions[1].FirstOffset, details.Partitions[1].NextOffset, details.Partitions[1].Offsets));
        Assert.NotNull(details.Partitions[0].Leader);
        Assert.Equal(2, details.Offsets);
        var policy = details.Settings.Single(s => s.Name == "cleanup.policy");
        Assert.Equal(("compact", false), (policy.Value, policy.IsDefault));
        Assert.Single((await cluster.DescribeAsync()).Brokers);

        await topics.DeleteAsync(name);
        await Eventually.True(async () => (await topics.ListAsync()).All(t => t.Name != name), "the topic to be gone");
        var error = await Assert.ThrowsAsync<OperationsException>(() => topics.GetAsync(name));
        Assert.Contains($"There is no topic {name}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_broker_refuses_is_said()
    {
        using var cluster = KafkaCluster.Connect(kafka.Bootstrap);
        var topics = new TopicService(cluster);
        var name = NewName();
        await topics.CreateAsync(name, 1, 1);
        Assert.Contains(name, (await Assert.ThrowsAsync<OperationsException>(() => topics.CreateAsync(name, 1, 1))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<OperationsException>(() => topics.CreateAsync(NewName(), 1, 1, new Dictionary<string, string> { ["no.such.setting"] = "1" }));
        await Assert.ThrowsAsync<OperationsException>(() => topics.DeleteAsync("__consumer_offsets"));
        await Assert.ThrowsAsync<OperationsException>(() => new GroupService(cluster).GetAsync("no-such-group"));
        await Assert.ThrowsAsync<OperationsException>(() => new RecordBrowser(cluster).FindAsync(new BrowseQuery(name) { Partition = 7 }));
    }

    [Fact]
    public async Task A_groups_lag_is_counted_in_records_and_measured_in_time()
    {
        var topic = await CreateAsync(2);
        await ProduceAsync(topic, 0, "a", "b", "c");
        await ProduceAsync(topic, 1, "a");
        var group = NewName();
        using var reader = KafkaRecordReader.Create(new Dictionary<string, string> { ["bootstrap.servers"] = kafka.Bootstrap, ["group.id"] = group });
        reader.Assign([]);
        reader.Commit([new(topic, 0, 1), new(topic, 1, 1)]);

        using var cluster = new KafkaCluster(
            Millrace.Kafka.Configuration.KafkaClientConfig.From(new Dictionary<string, string> { ["bootstrap.servers"] = kafka.Bootstrap }, "test", Millrace.Kafka.Configuration.KafkaClientRole.Admin),
            timeProvider: new Microsoft.Extensions.Time.Testing.FakeTimeProvider(Start.AddMinutes(10)));
        var details = await new GroupService(cluster).GetAsync(group);
        Assert.Equal([(0, 2), (1, 0)], details.Partitions.Select(p => (p.Partition, p.Lag)));
        // Record 1 of partition 0 was written one second after the start.
        Assert.Equal(TimeSpan.FromSeconds(599), details.Partitions[0].TimeLag);
        Assert.Equal(TimeSpan.Zero, details.Partitions[1].TimeLag);
        Assert.Equal((2, TimeSpan.FromSeconds(599)), (details.Lag, details.TimeLag));
        Assert.Contains(await new GroupService(cluster).ListAsync(), g => g.Id == group);
    }

    [Fact]
    public async Task Behind_nothing_but_transaction_markers_is_not_behind()
    {
        var topic = await CreateAsync(1);
        using (var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig { BootstrapServers = kafka.Bootstrap, TransactionalId = NewName() }).Build())
        {
            producer.InitTransactions(TimeSpan.FromSeconds(20));
            producer.BeginTransaction();
            await producer.ProduceAsync(topic, new() { Value = [1] });
            producer.CommitTransaction();
        }

        var group = NewName();
        using var reader = KafkaRecordReader.Create(new Dictionary<string, string> { ["bootstrap.servers"] = kafka.Bootstrap, ["group.id"] = group });
        reader.Commit([new(topic, 0, 1)]);
        using var cluster = KafkaCluster.Connect(kafka.Bootstrap);
        var lag = Assert.Single((await new GroupService(cluster).GetAsync(group)).Partitions);
        Assert.Equal((2, 0, TimeSpan.Zero), (lag.NextOffset, lag.Lag, lag.TimeLag));
    }

    [Fact]
    public async Task Records_are_found_by_offset_time_key_and_text_within_bounds()
    {
        var topic = await CreateAsync(1);
        await ProduceAsync(topic, 0, Enumerable.Range(0, 50).Select(i => $$"""{"n":{{i}}}""").ToArray());
        using var cluster = KafkaCluster.Connect(kafka.Bootstrap);
        var browser = new RecordBrowser(cluster);

        var first = await browser.FindAsync(new BrowseQuery(topic) { Start = new BrowseStart.Earliest(), Limit = 3 });
        Assert.Equal([0, 1, 2], first.Records.Select(r => r.Offset));
        Assert.False(first.ReachedEnd);
        Assert.Equal((TextFormat.Json, """{"n":0}"""), (first.Records[0].Value!.Value.Format, first.Records[0].Value!.Value.Text));
        Assert.Equal(Start, first.Records[0].Timestamp);
        Assert.Equal("yes", first.Records[0].Headers.Single(h => h.Key == "test").Value!.Value.Text);

        Assert.Equal([48, 49], (await browser.FindAsync(new BrowseQuery(topic) { Limit = 2 })).Records.Select(r => r.Offset));
        Assert.Equal([40, 41], (await browser.FindAsync(new BrowseQuery(topic) { Start = new BrowseStart.AtOffset(40), Limit = 2 })).Records.Select(r => r.Offset));
        Assert.Equal(10, (await browser.FindAsync(new BrowseQuery(topic) { Start = new BrowseStart.AtTime(Start.AddSeconds(10)), Limit = 1 })).Records[0].Offset);
        var byKey = await browser.FindAsync(new BrowseQuery(topic) { Start = new BrowseStart.Earliest(), Key = "k7" });
        Assert.Equal([7], byKey.Records.Select(r => r.Offset));
        Assert.True(byKey.ReachedEnd);
        Assert.Equal(50, byKey.Scanned);
        Assert.Equal([33], (await browser.FindAsync(new BrowseQuery(topic) { Contains = "\"n\":33" })).Records.Select(r => r.Offset));
        var bounded = await browser.FindAsync(new BrowseQuery(topic) { Start = new BrowseStart.Earliest(), Key = "none", ScanLimit = 1 });
        Assert.Empty(bounded.Records);
    }

    [Fact]
    public async Task Offsets_are_reset_after_a_plan_that_changes_nothing()
    {
        var topic = await CreateAsync(2);
        await ProduceAsync(topic, 0, "a", "b", "c");
        var group = NewName();
        using (var reader = KafkaRecordReader.Create(new Dictionary<string, string> { ["bootstrap.servers"] = kafka.Bootstrap, ["group.id"] = group }))
            reader.Commit([new(topic, 0, 3)]);
        using var cluster = KafkaCluster.Connect(kafka.Bootstrap);
        var reset = new OffsetReset(cluster);

        var plan = await reset.PlanAsync(group, topic, new ResetTarget.Earliest());
        Assert.Equal([new ResetStep(topic, 0, 3, 0), new ResetStep(topic, 1, null, 0)], plan);
        Assert.Equal(3, plan[0].ReadAgain);
        Assert.Equal(3, (await new GroupService(cluster).GetAsync(group, measureTime: false)).Partitions[0].Committed);
        Assert.Equal(1, (await reset.PlanAsync(group, topic, new ResetTarget.AtTime(Start.AddMilliseconds(1)), [0]))[0].To);
        Assert.Equal(2, (await reset.PlanAsync(group, topic, new ResetTarget.Shift(-1), [0]))[0].To);
        Assert.Equal(3, (await reset.PlanAsync(group, topic, new ResetTarget.AtOffset(99), [0]))[0].To);
        await Assert.ThrowsAsync<OperationsException>(() => reset.PlanAsync(group, topic, new ResetTarget.Latest(), [5]));

        await reset.ApplyAsync(group, plan);
        Assert.Equal(0, (await new GroupService(cluster).GetAsync(group, measureTime: false)).Partitions[0].Committed);
        await new GroupService(cluster).DeleteAsync(group);
    }

    [Fact]
    public async Task Records_are_counted_without_the_marks_of_transactions()
    {
        var topic = await CreateAsync(1);
        await ProduceInTransactionsAsync(topic, 5);
        using var cluster = KafkaCluster.Connect(kafka.Bootstrap);
        Assert.Equal(10, (await new TopicService(cluster).GetAsync(topic)).Offsets);

        var range = new OffsetRange(topic, 0, 0, 10);
        var counted = await new OffsetCensus(cluster).CountAsync([range], TimeSpan.FromSeconds(20));

        Assert.Equal(5, counted[range]);
        Assert.Equal(2, (await new OffsetCensus(cluster).CountAsync([new OffsetRange(topic, 0, 2, 6)], TimeSpan.FromSeconds(20))).Single().Value);
    }

    [Fact]
    public async Task The_last_records_are_found_behind_marks_and_without_those_of_aborted_transactions()
    {
        var topic = await CreateAsync(1);
        await ProduceInTransactionsAsync(topic, 6, abortsLast: true);
        using var cluster = KafkaCluster.Connect(kafka.Bootstrap);

        var all = await new RecordBrowser(cluster).FindAsync(new BrowseQuery(topic) { Limit = 3 });
        var committed = await new RecordBrowser(cluster).FindAsync(new BrowseQuery(topic) { Limit = 3, OnlyCommitted = true });

        Assert.Equal([6, 8, 10], all.Records.Select(static r => r.Offset));
        Assert.Equal([4, 6, 8], committed.Records.Select(static r => r.Offset));
    }

    [Fact]
    public async Task Sizes_are_those_of_the_partitions_on_their_leaders_disks()
    {
        var topic = await CreateAsync(2);
        await ProduceAsync(topic, 1, new string('x', 5000), new string('y', 5000));
        using var cluster = KafkaCluster.Connect(kafka.Bootstrap);

        var sizes = await new TopicSizes(cluster).ReadAsync();

        Assert.Equal(0, sizes.OfPartition(topic, 0));
        Assert.InRange(sizes.OfPartition(topic, 1)!.Value, 10_000, 20_000);
        Assert.Equal(sizes.OfPartition(topic, 1), sizes.OfTopic(topic));
        Assert.Null(sizes.OfTopic("no-such-topic"));
        Assert.Equal(sizes.OfTopic(topic), (await new TopicService(cluster).ListAsync()).Single(t => t.Name == topic).Bytes);
        Assert.Equal(sizes.OfTopic(topic), (await new TopicService(cluster).GetAsync(topic)).Bytes);
    }

    [Fact]
    public async Task A_snapshot_has_brokers_topics_and_groups_as_the_single_questions_tell_them()
    {
        var topic = await CreateAsync(2);
        await ProduceAsync(topic, 0, "a", "b", "c");
        var group = NewName();
        using (var reader = KafkaRecordReader.Create(new Dictionary<string, string> { ["bootstrap.servers"] = kafka.Bootstrap, ["group.id"] = group }))
            reader.Commit([new(topic, 0, 1)]);
        using var cluster = KafkaCluster.Connect(kafka.Bootstrap);

        var snapshot = await new ClusterService(cluster).SnapshotAsync();

        Assert.Single(snapshot.Brokers);
        Assert.Equal([(0, 0L, 3L), (1, 0L, 0L)], snapshot.Topics.Single(t => t.Name == topic).Partitions.Select(static p => (p.Partition, p.FirstOffset, p.NextOffset)));
        var single = await new GroupService(cluster).GetAsync(group, measureTime: false);
        var listed = snapshot.Groups.Single(g => g.Id == group);
        Assert.Equal(single.Partitions, listed.Partitions);
        Assert.Equal((single.State, single.Coordinator, 2L), (listed.State, listed.Coordinator, listed.Lag));
    }

    private static string NewName() => $"ops-{Guid.NewGuid():N}"[..14];

    private async Task<string> CreateAsync(int partitions)
    {
        var name = NewName();
        using var cluster = KafkaCluster.Connect(kafka.Bootstrap);
        await new TopicService(cluster).CreateAsync(name, partitions, 1);
        return name;
    }

    /// <summary>Each transaction has one record, so records have the even offsets.</summary>
    private async Task ProduceInTransactionsAsync(string topic, int count, bool abortsLast = false)
    {
        using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig { BootstrapServers = kafka.Bootstrap, TransactionalId = NewName() }).Build();
        producer.InitTransactions(TimeSpan.FromSeconds(20));
        for (var i = 0; i < count; i++)
        {
            producer.BeginTransaction();
            await producer.ProduceAsync(topic, new() { Value = [(byte)i], Timestamp = new Timestamp(Start.AddSeconds(i)) });
            if (abortsLast && i == count - 1) producer.AbortTransaction();
            else producer.CommitTransaction();
        }
    }

    /// <summary>Record i has the key ki and the timestamp Start + i seconds.</summary>
    private async Task ProduceAsync(string topic, int partition, params string[] values)
    {
        using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig { BootstrapServers = kafka.Bootstrap }).Build();
        for (var i = 0; i < values.Length; i++)
        {
            await producer.ProduceAsync(new TopicPartition(topic, partition), new()
            {
                Key = Encoding.UTF8.GetBytes($"k{i}"),
                Value = Encoding.UTF8.GetBytes(values[i]),
                Timestamp = new Timestamp(Start.AddSeconds(i)),
                Headers = new Headers { { "test", "yes"u8.ToArray() } },
            });
        }
    }
}
