using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Tests.Server;

public sealed class TopicTests
{
    [Theory]
    [InlineData("a b", ErrorCode.InvalidTopic)]
    [InlineData("", ErrorCode.InvalidTopic)]
    [InlineData("..", ErrorCode.InvalidTopic)]
    [InlineData("with.dot", ErrorCode.InvalidTopic)]
    [InlineData("with_dot", ErrorCode.TopicAlreadyExists)]
    [InlineData("good-name.1", ErrorCode.None)]
    public async Task Names_follow_Kafkas_rules(string name, ErrorCode expected)
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("with_dot");
        Assert.Equal(expected, (await broker.CreateTopicAsync(name)).ErrorCode);
    }

    [Theory]
    [InlineData("retention.ms", "-5", "retention.ms")]
    [InlineData("retention.ms", "week", "whole number")]
    [InlineData("cleanup.policy", "shred", "delete, compact")]
    [InlineData("no.such.thing", "1", "no.such.thing")]
    public async Task A_setting_that_is_not_valid_is_refused_with_its_rule(string name, string value, string says)
    {
        await using var broker = await TestBroker.StartAsync();
        var result = await broker.CreateTopicAsync("t", 1, (name, value));
        Assert.Equal(ErrorCode.InvalidConfig, result.ErrorCode);
        Assert.Contains(says, result.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Three_replicas_on_one_node_are_refused_and_minus_one_is_the_default()
    {
        await using var broker = await TestBroker.StartAsync(o => o with { DefaultPartitions = 3 });
        var request = new CreateTopicsRequest { Topics = [new() { Name = "three", NumPartitions = 1, ReplicationFactor = 3 }, new() { Name = "default", NumPartitions = -1, ReplicationFactor = -1 }] };
        var response = await broker.AskAsync(request, 7);
        Assert.Equal(ErrorCode.InvalidReplicationFactor, response.Topics[0].ErrorCode);
        Assert.Equal((ErrorCode.None, 3, (short)1), (response.Topics[1].ErrorCode, response.Topics[1].NumPartitions, response.Topics[1].ReplicationFactor));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(3, true)]
    [InlineData(4, false)]
    [InlineData(12, true)]
    public async Task Metadata_creates_a_topic_where_the_version_or_the_request_says_so(short version, bool allow)
    {
        await using var broker = await TestBroker.StartAsync();
        var response = await broker.AskAsync(new MetadataRequest { Topics = [new() { Name = "fresh" }], AllowAutoTopicCreation = allow }, version);
        Assert.Equal(allow ? ErrorCode.None : ErrorCode.UnknownTopicOrPartition, response.Topics.Single().ErrorCode);
        Assert.Equal(allow ? 1 : 0, response.Topics.Single().Partitions.Count);
    }

    [Fact]
    public async Task Topics_settings_and_records_survive_a_restart_and_a_deletion_stays()
    {
        await using var broker = await TestBroker.StartAsync();
        var created = await broker.CreateTopicAsync("kept", 2, ("retention.ms", "1234567"));
        await broker.CreateTopicAsync("gone");
        await broker.ProduceAsync("kept", "a", "b");
        await broker.AskAsync(new DeleteTopicsRequest { Topics = [new() { Name = "gone" }] }, 6);
        string? cluster = broker.Server.ClusterId;
        await broker.RestartAsync();

        Assert.Equal(cluster, broker.Server.ClusterId);
        var topic = (await broker.AskAsync(new MetadataRequest { Topics = null }, 12)).Topics.Single();
        Assert.Equal(("kept", created.TopicId, 2), (topic.Name, topic.TopicId, topic.Partitions.Count));
        Assert.Equal(["a", "b"], (await broker.FetchAsync("kept", 0)).Values());
        Assert.Equal("1234567", await ConfigAsync(broker, "kept", "retention.ms"));
    }

    [Fact]
    public async Task Settings_are_set_appended_to_subtracted_from_and_deleted()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t");
        Assert.Equal(ErrorCode.None, (await AlterAsync(broker, "cleanup.policy", 2, "compact")).ErrorCode);
        Assert.Equal("delete,compact", await ConfigAsync(broker, "t", "cleanup.policy"));
        await AlterAsync(broker, "cleanup.policy", 3, "delete");
        Assert.Equal("compact", await ConfigAsync(broker, "t", "cleanup.policy"));
        await AlterAsync(broker, "cleanup.policy", 1, null);
        Assert.Equal("delete", await ConfigAsync(broker, "t", "cleanup.policy"));
        var refused = await AlterAsync(broker, "segment.bytes", 0, "many");
        Assert.Equal(ErrorCode.InvalidConfig, refused.ErrorCode);
        Assert.Contains("'many'", refused.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Partitions_grow_and_never_shrink()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t", 2);
        var request = new CreatePartitionsRequest { Topics = [new() { Name = "t", Count = 5, Assignments = null }] };
        Assert.Equal(ErrorCode.None, (await broker.AskAsync(request, 3)).Results.Single().ErrorCode);
        request.Topics[0].Count = 4;
        Assert.Equal(ErrorCode.InvalidPartitions, (await broker.AskAsync(request, 3)).Results.Single().ErrorCode);
        Assert.Equal(5, (await broker.AskAsync(new MetadataRequest { Topics = null }, 9)).Topics.Single().Partitions.Count);
    }

    [Fact]
    public async Task DescribeTopicPartitions_gives_pages()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("a", 3);
        await broker.CreateTopicAsync("b", 2);
        var seen = new List<string>();
        var request = new DescribeTopicPartitionsRequest { ResponsePartitionLimit = 2 };
        for (int page = 0; page < 10; page++)
        {
            var response = await broker.AskAsync(request, 0);
            seen.AddRange(response.Topics.SelectMany(t => t.Partitions.Select(p => $"{t.Name}{p.PartitionIndex}")));
            if (response.NextCursor is null) break;
            request.Cursor = new() { TopicName = response.NextCursor.TopicName, PartitionIndex = response.NextCursor.PartitionIndex };
        }

        Assert.Equal(["a0", "a1", "a2", "b0", "b1"], seen);
    }

    private static async Task<IncrementalAlterConfigsResponse.AlterConfigsResourceResponse> AlterAsync(TestBroker broker, string name, sbyte operation, string? value) =>
        (await broker.AskAsync(new IncrementalAlterConfigsRequest { Resources = [new() { ResourceType = 2, ResourceName = "t", Configs = [new() { Name = name, ConfigOperation = operation, Value = value }] }] }, 1)).Responses.Single();

    private static async Task<string?> ConfigAsync(TestBroker broker, string topic, string name)
    {
        var response = await broker.AskAsync(new DescribeConfigsRequest { Resources = [new() { ResourceType = 2, ResourceName = topic, ConfigurationKeys = [name] }] }, 4);
        return response.Results.Single().Configs.Single().Value;
    }
}
