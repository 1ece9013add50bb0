using Millrace.Broker.Tests.Groups;
using Millrace.Broker.Tests.Server;
using Millrace.Protocol;
using Millrace.TestKit;
using Millrace.TestKit.Kafka;

namespace Millrace.Broker.Tests.Sharing;

/// <summary>What was accepted stays accepted, whatever happens to the broker; and the Java share consumer.</summary>
public sealed class ShareGroupRestartTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task After_a_restart_nothing_accepted_comes_again_and_released_records_count_on(bool pruned)
    {
        await using var broker = await TestBroker.StartAsync(o => pruned ? o with { Settings = Pruning(o.Settings) } : o);
        var group = ClientKit.Name("g");
        string topic;
        Guid id;
        await using (var admin = await broker.ConnectAsync())
        await using (var client = new ShareClient(await broker.ConnectAsync(), group))
        {
            topic = await ShareScript.TopicAsync(admin);
            (id, _) = await client.JoinAsync(topic);
            await ShareScript.BeginAsync(client, id);
            await ShareScript.ProduceAsync(admin, topic, "a", "b", "c");
            await ShareScript.ProduceAsync(admin, topic, "d", "e");
            var seen = 0;
            while (seen < 5) seen += (await client.FetchAsync(id)).Count;
            // Accepted, released, accepted, rejected; the last is neither: its lock ends with the broker.
            var answer = await client.AcknowledgeAsync(id, (0, 0, ShareClient.Accept), (1, 1, ShareClient.Release), (2, 2, ShareClient.Accept), (3, 3, ShareClient.Reject));
            Assert.Equal(ErrorCode.None, answer.Responses.Single().Partitions.Single().ErrorCode);
        }

        if (pruned) await Eventually.True(async () => (await broker.FetchAsync("__share_group_state", 0)).ErrorCode == ErrorCode.OffsetOutOfRange, "a state topic that is cut off");
        await broker.RestartAsync();
        await using var late = await broker.ConnectAsync();
        await using var next = new ShareClient(await broker.ConnectAsync(), group);
        await next.JoinAsync(topic);
        await ShareScript.ProduceAsync(late, topic, "f");
        List<(long Offset, int Count)> got = [];
        while (got.All(static r => r.Offset != 5)) got.AddRange((await next.FetchAsync(id)).Select(static r => (r.Offset, r.DeliveryCount)));
        Assert.Equal([1L, 4L, 5L], got.Select(static r => r.Offset).Order());
        Assert.Equal(2, got.Single(static r => r.Offset == 1).Count);
        Assert.Equal(1, got.Single(static r => r.Offset == 5).Count);
    }

    [Fact]
    public async Task The_java_share_consumer_reads_what_is_produced_after_it_joined()
    {
        var tool = ApacheKafka.Tool("kafka-run-class.sh");
        await using var broker = await TestBroker.StartAsync();
        await using var admin = await broker.ConnectAsync();
        var topic = await ShareScript.TopicAsync(admin);
        var group = ClientKit.Name("g");
        var reading = ChildProcess.RunAsync(
            tool, ["org.apache.kafka.tools.consumer.ConsoleShareConsumer", "--bootstrap-server", broker.Bootstrap, "--topic", topic, "--group", group, "--max-messages", "3", "--timeout-ms", "80000"], new Dictionary<string, string?> { ["KAFKA_HEAP_OPTS"] = "-Xmx128m" });
        // It begins at the end of the topic, which is decided by its first fetch: one record after the other until it is there and has read three.
        await Eventually.True(
            async () =>
            {
                await ShareScript.ProduceAsync(admin, topic, "share-me");
                return await Task.WhenAny(reading, Task.Delay(500, TestContext.Current.CancellationToken)) == reading;
            },
            "three records read");
        var (code, output) = await reading;
        Assert.True(code == 0, output);
        Assert.Equal(3, output.Split("share-me").Length - 1);
    }

    private static Dictionary<string, string> Pruning(IEnumerable<KeyValuePair<string, string>> settings) => new(settings, StringComparer.Ordinal)
    {
        ["share.coordinator.state.topic.num.partitions"] = "1",
        ["share.coordinator.state.topic.prune.interval.ms"] = "50",
        ["share.coordinator.cold.partition.snapshot.interval.ms"] = "1",
    };
}
