using System.Net;
using Millrace.Broker.Tests.Groups;
using Millrace.Broker.Tests.Server;
using Millrace.Protocol;
using Millrace.Protocol.Messages;
using Millrace.TestKit;
using Millrace.TestKit.Kafka;

namespace Millrace.Broker.Tests.Sharing;

public sealed class ShareGroupsOnMillrace(EmbeddedBroker kafka) : ShareGroupTests<EmbeddedBroker>(kafka);

public sealed class ShareGroupsOnApacheKafka(ApacheKafka kafka) : ShareGroupTests<ApacheKafka>(kafka);

/// <summary>KIP-932 request by request; the same on our broker and on Apache Kafka.</summary>
public abstract class ShareGroupTests<TKafka>(TKafka kafka) : IClassFixture<TKafka>
    where TKafka : class, IKafkaTarget
{
    [Fact]
    public async Task Records_are_accepted_released_and_rejected_one_by_one()
    {
        await using var admin = await WireClient.ConnectAsync(IPEndPoint.Parse(kafka.Bootstrap));
        var topic = await ShareScript.TopicAsync(admin);
        await using var client = new ShareClient(await WireClient.ConnectAsync(IPEndPoint.Parse(kafka.Bootstrap)), ClientKit.Name("g"));
        var (id, partitions) = await client.JoinAsync(topic);
        Assert.Equal([0], partitions);
        await ShareScript.BeginAsync(client, id);
        await ShareScript.ProduceAsync(admin, topic, "a", "b", "c", "d");

        var got = await client.FetchAsync(id);
        Assert.Equal([(0L, "a", 1), (1L, "b", 1), (2L, "c", 1), (3L, "d", 1)], got);
        var answer = await client.AcknowledgeAsync(id, (0, 0, ShareClient.Accept), (1, 2, ShareClient.Release), (3, 3, ShareClient.Reject));
        Assert.Equal(ErrorCode.None, answer.ErrorCode);
        Assert.Equal(ErrorCode.None, answer.Responses.Single().Partitions.Single().ErrorCode);

        var again = await client.FetchAsync(id);
        Assert.Equal([1L, 2L], again.Select(static r => r.Offset).Distinct());
        Assert.All(again, static r => Assert.Equal(2, r.DeliveryCount));

        // What is settled can be answered again, which says nothing; an answer that nobody knows cannot be given.
        var twice = await client.AcknowledgeAsync(id, (0, 0, ShareClient.Accept));
        Assert.Equal((ErrorCode.None, ErrorCode.None), (twice.ErrorCode, twice.Responses.Single().Partitions.Single().ErrorCode));
        var unknown = await client.AcknowledgeAsync(id, (7, 7, 9));
        Assert.Equal((ErrorCode.None, ErrorCode.InvalidRequest), (unknown.ErrorCode, unknown.Responses.Single().Partitions.Single().ErrorCode));
        Assert.Equal(ErrorCode.None, await client.HeartbeatAsync(-1));
    }

    [Fact]
    public async Task What_one_member_holds_another_does_not_get_until_it_has_gone()
    {
        await using var admin = await WireClient.ConnectAsync(IPEndPoint.Parse(kafka.Bootstrap));
        var topic = await ShareScript.TopicAsync(admin);
        var group = ClientKit.Name("g");
        await using var second = new ShareClient(await WireClient.ConnectAsync(IPEndPoint.Parse(kafka.Bootstrap)), group);
        Guid id;
        await using (var first = new ShareClient(await WireClient.ConnectAsync(IPEndPoint.Parse(kafka.Bootstrap)), group))
        {
            (id, _) = await first.JoinAsync(topic);
            await second.JoinAsync(topic);
            await ShareScript.BeginAsync(first, id);
            await ShareScript.ProduceAsync(admin, topic, "a", "b");
            Assert.Equal(2, (await first.FetchAsync(id)).Count);
            await ShareScript.BeginAsync(second, id);
            await ShareScript.ProduceAsync(admin, topic, "c");
            Assert.Equal([(2L, "c", 1)], await second.FetchAsync(id));
        }

        // The connection of the first has ended: its records are free again.
        Assert.Equal([(0L, "a"), (1L, "b")], (await second.FetchAsync(id)).Select(static r => (r.Offset, r.Value)));
    }

    [Fact]
    public async Task Wrong_epochs_and_unknown_members_are_refused()
    {
        await using var admin = await WireClient.ConnectAsync(IPEndPoint.Parse(kafka.Bootstrap));
        var topic = await ShareScript.TopicAsync(admin);
        var group = ClientKit.Name("g");
        await using var client = new ShareClient(await WireClient.ConnectAsync(IPEndPoint.Parse(kafka.Bootstrap)), group);
        var (id, _) = await client.JoinAsync(topic);
        Assert.Equal(ErrorCode.FencedMemberEpoch, await client.HeartbeatAsync(77));
        Assert.Equal(ErrorCode.InvalidRequest, await client.HeartbeatAsync(-2));
        Assert.Equal(ErrorCode.InvalidShareSessionEpoch, (await client.AcknowledgeAsync(id, (0, 0, ShareClient.Accept))).ErrorCode);

        var described = await admin.AskAsync(new ShareGroupDescribeRequest { GroupIds = [group, "none"] }, 1);
        Assert.Equal(["Stable", ""], described.Groups.Select(static g => g.GroupState));
        Assert.Equal(ErrorCode.GroupIdNotFound, described.Groups[1].ErrorCode);
        var member = described.Groups[0].Members.Single();
        Assert.Equal((client.MemberId, topic, "simple"), (member.MemberId, member.SubscribedTopicNames.Single(), described.Groups[0].AssignorName));
        Assert.Equal([0], member.Assignment.TopicPartitions.Single().Partitions);
        var listed = await admin.AskAsync(new ListGroupsRequest { TypesFilter = ["share"] }, 5);
        Assert.Contains(listed.Groups, g => g.GroupId == group && g.GroupType == "share" && g.GroupState == "Stable");
        var features = await admin.AskAsync(new ApiVersionsRequest { ClientSoftwareName = "test", ClientSoftwareVersion = "1" }, 4);
        Assert.Contains(features.FinalizedFeatures, static f => f is { Name: "share.version", MaxVersionLevel: 1 });
    }
}

/// <summary>What all tests of share groups do.</summary>
internal static class ShareScript
{
    /// <summary>A fetch that decides where the group begins: at the end, before anything is produced.</summary>
    public static Task BeginAsync(ShareClient client, Guid topicId) => Eventually.True(
        async () =>
        {
            var response = await client.AskAsync(topicId, 0);
            Assert.Equal(ErrorCode.None, response.ErrorCode);
            return response.Responses.SelectMany(static t => t.Partitions).All(static p => p.ErrorCode == ErrorCode.None);
        },
        "a share partition");

    public static async Task ProduceAsync(WireClient client, string topic, params string[] values)
    {
        var answer = await client.AskAsync(Requests.Produce(topic, Requests.Batch(values)), 9);
        Assert.Equal(ErrorCode.None, answer.Responses.Single().PartitionResponses.Single().ErrorCode);
    }

    public static async Task<string> TopicAsync(WireClient client)
    {
        var topic = ClientKit.Name("t");
        var request = new CreateTopicsRequest { TimeoutMs = 30_000, Topics = [new() { Name = topic, NumPartitions = 1, ReplicationFactor = 1 }] };
        Assert.Equal(ErrorCode.None, (await client.AskAsync(request, 7)).Topics.Single().ErrorCode);
        await Eventually.True(async () => (await client.AskAsync(Requests.Fetch(topic, 0), 12)).Responses.Single().Partitions.Single().ErrorCode == ErrorCode.None, "the topic's leader");
        return topic;
    }
}
