using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Millrace.TestKit;
using Millrace.TestKit.Kafka;

namespace Millrace.Broker.Tests.Groups.Consumer;

public sealed class ConsumerProtocolClientsOnMillrace(EmbeddedBroker kafka) : ConsumerProtocolClientTests<EmbeddedBroker>(kafka);

public sealed class ConsumerProtocolClientsOnApacheKafka(ApacheKafka kafka) : ConsumerProtocolClientTests<ApacheKafka>(kafka);

/// <summary>group.protocol=consumer through librdkafka and Kafka's own tools; the same on our broker and on Apache Kafka.</summary>
public abstract class ConsumerProtocolClientTests<TKafka>(TKafka kafka) : IClassFixture<TKafka>
    where TKafka : class, IKafkaTarget
{
    private static readonly Dictionary<string, string?> SmallHeap = new() { ["KAFKA_HEAP_OPTS"] = "-Xmx128m" };

    private readonly string _group = ClientKit.Name("g");

    [Theory]
    [InlineData("uniform")]
    [InlineData("range")]
    public async Task Members_share_the_partitions_as_they_come_and_go(string assignor)
    {
        var topic = await ClientKit.CreateTopicAsync(kafka.Bootstrap, 4);
        await using var first = New(c => c.GroupRemoteAssignor = assignor).Start(topic);
        await first.HasAsync(4);
        var second = New(c => c.GroupRemoteAssignor = assignor).Start(topic);
        await second.HasAsync(2);
        await first.HasAsync(2);
        Assert.Empty(first.Assigned.Intersect(second.Assigned));
        // Only what moves is given up.
        Assert.Equal(2, first.Revoked);
        await second.DisposeAsync();
        await first.HasAsync(4);
        Assert.Equal(2, first.Revoked);
    }

    [Fact]
    public async Task Committed_offsets_are_where_the_next_member_begins()
    {
        var topic = await ProduceAsync(10);
        await using (var first = New().Start(topic))
        {
            await Eventually.True(() => first.Values.Count == 10, "10 records");
            first.Client.Commit([new TopicPartitionOffset(topic, 0, 7)]);
        }

        await using var second = New().Start(topic);
        await Eventually.True(() => second.Values.Count == 3, "3 records");
        Assert.Equal(["7", "8", "9"], second.Values);
    }

    [Fact]
    public async Task A_regular_expression_finds_topics_that_come_later()
    {
        var topic = await ClientKit.CreateTopicAsync(kafka.Bootstrap, 1, "r");
        await using var member = New(static c => c.TopicMetadataRefreshIntervalMs = 500).Start("^" + topic + ".*");
        await member.HasAsync(1);
        using var admin = ClientKit.Admin(kafka.Bootstrap);
        await admin.CreateTopicsAsync([new TopicSpecification { Name = topic + "-later", NumPartitions = 2, ReplicationFactor = 1 }]);
        await Eventually.True(() => member.Assigned.Count == 3, "the new topic's partitions", TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task Offsets_are_committed_in_a_transaction()
    {
        var topic = await ProduceAsync(10);
        await using var member = New().Start(topic);
        await Eventually.True(() => member.Values.Count == 10, "10 records");
        using var producer = ClientKit.Producer(kafka.Bootstrap, ClientKit.Name("tx"));
        producer.InitTransactions(ClientKit.Timeout);
        foreach (var (offset, commit) in new[] { (4, true), (9, false) })
        {
            producer.BeginTransaction();
            producer.SendOffsetsToTransaction([new TopicPartitionOffset(topic, 0, offset)], member.Client.ConsumerGroupMetadata, ClientKit.Timeout);
            if (commit) producer.CommitTransaction(ClientKit.Timeout);
            else producer.AbortTransaction(ClientKit.Timeout);
        }

        Assert.Equal(4, member.Client.Committed([new TopicPartition(topic, 0)], ClientKit.Timeout).Single().Offset.Value);
    }

    [Fact]
    public async Task A_static_member_comes_back_to_its_partitions()
    {
        var topic = await ClientKit.CreateTopicAsync(kafka.Bootstrap, 2);
        await using var stays = New(static c => c.GroupInstanceId = "a").Start(topic);
        var restarts = New(static c => c.GroupInstanceId = "b").Start(topic);
        await restarts.HasAsync(1);
        await stays.HasAsync(1);
        var (partition, rebalances) = (restarts.Assigned[0], stays.Rebalances);
        await restarts.DisposeAsync();
        await using var back = New(static c => c.GroupInstanceId = "b").Start(topic);
        await back.HasAsync(1);
        Assert.Equal(partition, back.Assigned[0]);
        Assert.Equal(rebalances, stays.Rebalances);
    }

    [Fact]
    public async Task A_fleet_moves_to_the_new_protocol_and_back_without_a_stop()
    {
        var topic = await ClientKit.CreateTopicAsync(kafka.Bootstrap, 2);
        var old = ClientKit.Consumer(kafka.Bootstrap, _group).Start(topic);
        await old.HasAsync(2);
        var modern = New().Start(topic);
        await modern.HasAsync(1);
        await old.HasAsync(1);
        Assert.Empty(old.Assigned.Intersect(modern.Assigned));
        Assert.Equal(GroupType.Consumer, await TypeAsync());

        await using var older = ClientKit.Consumer(kafka.Bootstrap, _group).Start(topic);
        await modern.DisposeAsync();
        await older.HasAsync(1);
        await old.HasAsync(1);
        Assert.Equal(GroupType.Classic, await TypeAsync());
        await old.DisposeAsync();
        await older.HasAsync(2);
    }

    [Fact]
    public async Task Kafkas_tools_consume_describe_and_reset()
    {
        var console = ApacheKafka.Tool("kafka-console-consumer.sh");
        var topic = await ProduceAsync(50);
        var consumed = await RunAsync(
            console, "--bootstrap-server", kafka.Bootstrap, "--topic", topic, "--group", _group, "--from-beginning", "--max-messages", "50",
            "--consumer-property", "group.protocol=consumer");
        Assert.Contains("Processed a total of 50 messages", consumed, StringComparison.Ordinal);

        await using (var member = New(static c => c.ClientId = "seen").Start(topic))
        {
            await member.HasAsync(1);
            var groups = ApacheKafka.Tool("kafka-consumer-groups.sh");
            var members = await RunAsync(groups, "--bootstrap-server", kafka.Bootstrap, "--describe", "--group", _group, "--members", "--verbose");
            Assert.Matches($@"{_group}\s+\S+\s+/127.0.0.1\s+seen\s+1\s+.*{topic}", members);
            var state = await RunAsync(groups, "--bootstrap-server", kafka.Bootstrap, "--describe", "--group", _group, "--state");
            Assert.Matches($@"{_group}\s+\S+\s+\(1\)\s+uniform\s+Stable\s+1", state);
            var offsets = await RunAsync(groups, "--bootstrap-server", kafka.Bootstrap, "--describe", "--group", _group);
            Assert.Matches($@"{_group}\s+{topic}\s+0\s+50\s+50\s+0\s+\S+\s+/127.0.0.1\s+seen", offsets);
            var types = await RunAsync(groups, "--bootstrap-server", kafka.Bootstrap, "--list", "--type");
            Assert.Matches($@"{_group}\s+Consumer", types);
        }

        var performance = await RunAsync(
            ApacheKafka.Tool("kafka-consumer-perf-test.sh"), "--bootstrap-server", kafka.Bootstrap, "--topic", topic, "--group", _group + "p", "--messages", "50",
            "--timeout", "30000", "--consumer.config", await PropertiesAsync());
        Assert.Matches(@", 50, ", performance);
    }

    private static async Task<string> PropertiesAsync()
    {
        var file = Path.Combine(Directory.CreateTempSubdirectory("millrace-consumer").FullName, "consumer.properties");
        await File.WriteAllTextAsync(file, "group.protocol=consumer\nauto.offset.reset=earliest\n");
        return file;
    }

    private static async Task<string> RunAsync(string tool, params string[] arguments)
    {
        var (code, output) = await ChildProcess.RunAsync(tool, arguments, SmallHeap);
        Assert.True(code == 0, output);
        return output;
    }

    private TestConsumer New(Action<ConsumerConfig>? configure = null) => ClientKit.Modern(kafka.Bootstrap, _group, configure);

    private async Task<GroupType?> TypeAsync()
    {
        var output = await RunAsync(ApacheKafka.Tool("kafka-consumer-groups.sh"), "--bootstrap-server", kafka.Bootstrap, "--list", "--type");
        var line = output.Split('\n').Single(l => l.Contains(_group, StringComparison.Ordinal));
        return line.Contains("Consumer", StringComparison.Ordinal) ? GroupType.Consumer : GroupType.Classic;
    }

    private async Task<string> ProduceAsync(int count)
    {
        var topic = await ClientKit.CreateTopicAsync(kafka.Bootstrap);
        using var producer = ClientKit.Producer(kafka.Bootstrap);
        for (var i = 0; i < count; i++) await producer.ProduceAsync(topic, new() { Key = "k", Value = $"{i}" });
        return topic;
    }

    private enum GroupType
    {
        Classic,
        Consumer,
    }
}
