using System.Net;
using Millrace.Broker.Tests.Server;
using Millrace.Protocol;
using Millrace.Protocol.Messages;
using Millrace.TestKit;
using Millrace.TestKit.Kafka;
using Beat = Millrace.Protocol.Messages.ConsumerGroupHeartbeatRequest;
using Answer = Millrace.Protocol.Messages.ConsumerGroupHeartbeatResponse;

namespace Millrace.Broker.Tests.Groups.Consumer;

public sealed class ConsumerGroupProtocolOnMillrace(EmbeddedBroker kafka) : ConsumerGroupProtocolTests<EmbeddedBroker>(kafka);

public sealed class ConsumerGroupProtocolOnApacheKafka(ApacheKafka kafka) : ConsumerGroupProtocolTests<ApacheKafka>(kafka);

/// <summary>KIP-848 request by request: errors, texts and epochs are the same on our broker and on Apache Kafka.</summary>
public abstract class ConsumerGroupProtocolTests<TKafka>(TKafka kafka) : IClassFixture<TKafka>
    where TKafka : class, IKafkaTarget
{
    private readonly string _group = ClientKit.Name("g");

    [Fact]
    public async Task Malformed_requests_are_refused_with_Kafkas_words()
    {
        await using var client = await ConnectAsync();
        await RefusedAsync(client, Join() with { GroupId = "" }, ErrorCode.InvalidRequest, "GroupId can't be empty.");
        await RefusedAsync(client, Join() with { InstanceId = "" }, ErrorCode.InvalidRequest, "InstanceId can't be empty.");
        await RefusedAsync(client, Join() with { RackId = "" }, ErrorCode.InvalidRequest, "RackId can't be empty.");
        await RefusedAsync(client, Join() with { MemberId = "" }, ErrorCode.InvalidRequest, "MemberId can't be empty.");
        await RefusedAsync(client, Join() with { RebalanceTimeoutMs = -1 }, ErrorCode.InvalidRequest, "RebalanceTimeoutMs must be provided in first request.");
        await RefusedAsync(client, Join() with { Owned = null }, ErrorCode.InvalidRequest, "TopicPartitions must be empty when (re-)joining.");
        await RefusedAsync(
            client, Join() with { Topics = null }, ErrorCode.InvalidRequest, "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.");
        await RefusedAsync(client, Join() with { Epoch = -2 }, ErrorCode.InvalidRequest, "InstanceId can't be null.");
        await RefusedAsync(client, Join() with { Epoch = -3 }, ErrorCode.InvalidRequest, "MemberEpoch is invalid.");
        await RefusedAsync(
            client, Join() with { Assignor = "mine" }, ErrorCode.UnsupportedAssignor, "ServerAssignor mine is not supported. Supported assignors: uniform, range.");
        await RefusedAsync(
            client, Join() with { Regex = "a(b" }, ErrorCode.InvalidRegularExpression, "SubscribedTopicRegex `a(b` is not a valid regular expression: ");
        await RefusedAsync(client, Join() with { Regex = "(?=a)" }, ErrorCode.InvalidRegularExpression, "SubscribedTopicRegex `(?=a)` is not a valid regular expression: ");
        await RefusedAsync(client, Join() with { Epoch = 1 }, ErrorCode.GroupIdNotFound, $"Consumer group {_group} not found.");
        await RefusedAsync(client, Join() with { Epoch = -1 }, ErrorCode.GroupIdNotFound, $"Group {_group} not found.");
    }

    [Fact]
    public async Task Epochs_fence_who_is_ahead_or_behind()
    {
        await using var client = await ConnectAsync();
        var topic = await TopicAsync(client, 2);
        var joined = await AcceptedAsync(client, Join(topic));
        Assert.Equal((2, 5000), (joined.MemberEpoch, joined.HeartbeatIntervalMs));
        Assert.Equal([0, 1], joined.Assignment!.TopicPartitions.Single().Partitions);
        Assert.Null((await AcceptedAsync(client, Stay("m", 2))).Assignment);
        await RefusedAsync(
            client, Stay("m", 3), ErrorCode.FencedMemberEpoch,
            "The consumer group member has a greater member epoch (3) than the one known by the group coordinator (2). The member must abandon all its partitions and rejoin.");
        await RefusedAsync(
            client, Stay("m", 1), ErrorCode.FencedMemberEpoch,
            "The consumer group member has a smaller member epoch (1) than the one known by the group coordinator (2). The member must abandon all its partitions and rejoin.");
        await RefusedAsync(client, Stay("other", 2), ErrorCode.UnknownMemberId, $"Member other is not a member of group {_group}.");
        // The answer to the first request may have been lost.
        Assert.Equal(2, (await AcceptedAsync(client, Join(topic))).MemberEpoch);
        var left = await AcceptedAsync(client, Stay("m", -1));
        Assert.Equal(("m", -1, 0), (left.MemberId, left.MemberEpoch, left.HeartbeatIntervalMs));
        await RefusedAsync(client, Stay("m", 2), ErrorCode.UnknownMemberId, $"Member m is not a member of group {_group}.");
    }

    [Fact]
    public async Task A_member_that_has_forgotten_its_epoch_begins_anew()
    {
        await using var client = await ConnectAsync();
        var topics = new[] { await TopicAsync(client, 1), await TopicAsync(client, 1) };
        var epoch = (await AcceptedAsync(client, Join(topics[0]))).MemberEpoch;
        await Eventually.True(
            async () =>
            {
                epoch = (await AcceptedAsync(client, Stay("m", epoch) with { Topics = [.. topics] })).MemberEpoch;
                return epoch == 3;
            },
            "the next epoch");
        var again = await AcceptedAsync(client, Join(topics));
        Assert.Equal((3, 2), (again.MemberEpoch, Count(again)));
    }

    [Theory]
    [InlineData("uniform")]
    [InlineData("range")]
    public async Task A_second_member_gets_its_part_once_the_first_has_given_it_up(string assignor)
    {
        await using var client = await ConnectAsync();
        var topic = await TopicAsync(client, 4);
        var first = await AcceptedAsync(client, Join(topic) with { MemberId = "a", Assignor = assignor });
        Assert.Equal(4, Count(first));

        // Kafka computes at most one assignment a second: the second member may have to ask again.
        var second = await AcceptedAsync(client, Join(topic) with { MemberId = "b", Assignor = assignor });
        await Eventually.True(
            async () =>
            {
                if (second.MemberEpoch < 3) second = await AcceptedAsync(client, Stay("b", second.MemberEpoch));
                return second.MemberEpoch == 3;
            },
            "the second member in epoch 3");
        Assert.Equal(0, Count(second));
        var described = await DescribeAsync(client);
        Assert.Equal(("Reconciling", 3, 3, assignor), (described.GroupState, described.GroupEpoch, described.AssignmentEpoch, described.AssignorName));

        var told = await AcceptedAsync(client, Stay("a", 2));
        Assert.Equal((2, 2), (told.MemberEpoch, Count(told)));
        Assert.Null((await AcceptedAsync(client, Stay("b", 3))).Assignment);
        var kept = told.Assignment!.TopicPartitions.Single();
        var done = await AcceptedAsync(client, Stay("a", 2) with { Owned = [new() { TopicId = kept.TopicId, Partitions = kept.Partitions }] });
        Assert.Equal((3, true), (done.MemberEpoch, done.Assignment is null));
        var granted = await AcceptedAsync(client, Stay("b", 3));
        Assert.Equal((3, 2), (granted.MemberEpoch, Count(granted)));
        Assert.Empty(kept.Partitions.Intersect(granted.Assignment!.TopicPartitions.Single().Partitions));

        described = await DescribeAsync(client);
        Assert.Equal("Stable", described.GroupState);
        var member = described.Members.Single(m => m.MemberId == "b");
        Assert.Equal((3, 1, "test"), (member.MemberEpoch, (int)member.MemberType, member.ClientId));
        Assert.Equal([topic], member.SubscribedTopicNames);
        Assert.Equal(member.TargetAssignment.TopicPartitions.Single().Partitions, member.Assignment.TopicPartitions.Single().Partitions);
    }

    [Fact]
    public async Task A_static_member_comes_back_to_its_place()
    {
        await using var client = await ConnectAsync();
        var topic = await TopicAsync(client, 2);
        await AcceptedAsync(client, Join(topic) with { MemberId = "a", InstanceId = "i" });
        await RefusedAsync(
            client, Join(topic) with { MemberId = "b", InstanceId = "i" }, ErrorCode.UnreleasedInstanceId,
            "Static member b with instance id i cannot join the group because the instance id is owned by a member.");
        await RefusedAsync(
            client, Stay("b", 2) with { InstanceId = "i" }, ErrorCode.FencedInstanceId, "Static member b with instance id i was fenced by member a.");
        await RefusedAsync(client, Stay("b", 2) with { InstanceId = "j" }, ErrorCode.UnknownMemberId, "Instance id j is unknown.");
        Assert.Equal(-2, (await AcceptedAsync(client, Stay("a", -2) with { InstanceId = "i" })).MemberEpoch);
        var back = await AcceptedAsync(client, Join(topic) with { MemberId = "b", InstanceId = "i" });
        Assert.Equal((2, 2), (back.MemberEpoch, Count(back)));
        await RefusedAsync(client, Stay("a", 2) with { InstanceId = "i" }, ErrorCode.FencedInstanceId, "Static member a with instance id i was fenced by member b.");
    }

    [Fact]
    public async Task Offsets_need_the_members_epoch()
    {
        await using var client = await ConnectAsync();
        var topic = await TopicAsync(client, 1);
        await AcceptedAsync(client, Join(topic));
        Assert.Equal(ErrorCode.None, await CommitAsync(client, topic, "m", 2));
        Assert.Equal(ErrorCode.StaleMemberEpoch, await CommitAsync(client, topic, "m", 3));
        Assert.Equal(ErrorCode.StaleMemberEpoch, await CommitAsync(client, topic, "m", 1));
        Assert.Equal(ErrorCode.UnknownMemberId, await CommitAsync(client, topic, "other", 2));
        Assert.Equal(ErrorCode.UnsupportedVersion, await CommitAsync(client, topic, "m", 2, version: 8));
        Assert.Equal(ErrorCode.UnknownMemberId, await CommitAsync(client, topic, "", -1));
        Assert.Equal(ErrorCode.None, (await FetchAsync(client, "m", 2)).ErrorCode);
        Assert.Equal(ErrorCode.StaleMemberEpoch, (await FetchAsync(client, "m", 1)).ErrorCode);
        Assert.Equal(ErrorCode.UnknownMemberId, (await FetchAsync(client, "other", 2)).ErrorCode);
        Assert.Equal(7, (await FetchAsync(client, null, -1)).Topics.Single().Partitions.Single().CommittedOffset);
    }

    [Fact]
    public async Task A_group_is_listed_and_described_as_what_it_is()
    {
        await using var client = await ConnectAsync();
        var topic = await TopicAsync(client, 1);
        await AcceptedAsync(client, Join(topic));
        var listed = (await client.AskAsync(new ListGroupsRequest { TypesFilter = ["Consumer"] }, 5)).Groups.Single(g => g.GroupId == _group);
        Assert.Equal(("consumer", "Stable", "consumer"), (listed.ProtocolType, listed.GroupState, listed.GroupType.ToLowerInvariant()));
        Assert.DoesNotContain((await client.AskAsync(new ListGroupsRequest { TypesFilter = ["classic"] }, 5)).Groups, g => g.GroupId == _group);
        var classic = (await client.AskAsync(new DescribeGroupsRequest { Groups = [_group] }, 6)).Groups.Single();
        Assert.Equal((ErrorCode.GroupIdNotFound, $"Group {_group} is not a classic group."), (classic.ErrorCode, classic.ErrorMessage));
        var unknown = (await client.AskAsync(new ConsumerGroupDescribeRequest { GroupIds = ["nobody"] }, 1)).Groups.Single();
        Assert.Equal((ErrorCode.GroupIdNotFound, "Group nobody not found."), (unknown.ErrorCode, unknown.ErrorMessage));
        Assert.Equal(ErrorCode.NonEmptyGroup, (await client.AskAsync(new DeleteGroupsRequest { GroupsNames = [_group] }, 2)).Results.Single().ErrorCode);
        await AcceptedAsync(client, Stay("m", -1));
        Assert.Equal("Empty", (await DescribeAsync(client)).GroupState);
        Assert.Equal(ErrorCode.None, (await client.AskAsync(new DeleteGroupsRequest { GroupsNames = [_group] }, 2)).Results.Single().ErrorCode);
        Assert.Equal(ErrorCode.GroupIdNotFound, (await DescribeAsync(client)).ErrorCode);
    }

    [Fact]
    public async Task A_regular_expression_follows_the_topics()
    {
        await using var client = await ConnectAsync();
        var prefix = await TopicAsync(client, 1);
        var answer = await AcceptedAsync(client, Join() with { Topics = null, Regex = prefix + "(-[a-z]+)?" });
        // Kafka resolves it in the background.
        await Eventually.True(
            async () =>
            {
                if (Count(answer) == 0) answer = await AcceptedAsync(client, Join() with { Topics = null, Regex = prefix + "(-[a-z]+)?", Epoch = answer.MemberEpoch });
                return Count(answer) == 1;
            },
            "the topic's partition");
        var described = await DescribeAsync(client);
        Assert.Equal(prefix + "(-[a-z]+)?", described.Members.Single().SubscribedTopicRegex);
        Assert.Equal(prefix, described.Members.Single().Assignment.TopicPartitions.Single().TopicName);
    }

    private static int Count(Answer answer) => answer.Assignment?.TopicPartitions.Sum(static t => t.Partitions.Count) ?? 0;

    private static async Task<Answer> AcceptedAsync(WireClient client, Request request)
    {
        var answer = await client.AskAsync(request.ToWire(), 1);
        Assert.Equal((ErrorCode.None, null), (answer.ErrorCode, answer.ErrorMessage));
        return answer;
    }

    private static async Task RefusedAsync(WireClient client, Request request, ErrorCode error, string message)
    {
        var answer = await client.AskAsync(request.ToWire(), 1);
        Assert.Equal(error, answer.ErrorCode);
        Assert.StartsWith(message, answer.ErrorMessage, StringComparison.Ordinal);
    }

    private async Task<WireClient> ConnectAsync()
    {
        var client = await WireClient.ConnectAsync(IPEndPoint.Parse(kafka.Bootstrap));
        await Eventually.True(
            async () => (await client.AskAsync(new FindCoordinatorRequest { CoordinatorKeys = [_group] }, 4)).Coordinators.Single().ErrorCode == ErrorCode.None,
            "a coordinator");
        await Eventually.True(
            async () => (await DescribeAsync(client)).ErrorCode == ErrorCode.GroupIdNotFound, "a loaded coordinator");
        return client;
    }

    /// <summary>A topic that the coordinator knows: Kafka's learns of it a moment after the client that made it.</summary>
    private async Task<string> TopicAsync(WireClient client, int partitions)
    {
        var topic = await ClientKit.CreateTopicAsync(kafka.Bootstrap, partitions);
        await Eventually.True(
            async () =>
            {
                var probe = Join(topic) with { GroupId = _group + "-probe", MemberId = ClientKit.Name("m") };
                var answer = await client.AskAsync(probe.ToWire(), 1);
                await client.AskAsync((Stay(probe.MemberId, -1) with { GroupId = probe.GroupId }).ToWire(), 1);
                return Count(answer) == partitions;
            },
            "the coordinator knows the topic");
        return topic;
    }

    private async Task<ConsumerGroupDescribeResponse.DescribedGroup> DescribeAsync(WireClient client) =>
        (await client.AskAsync(new ConsumerGroupDescribeRequest { GroupIds = [_group] }, 1)).Groups.Single();

    private async Task<ErrorCode> CommitAsync(WireClient client, string topic, string memberId, int epoch, short version = 9) =>
        (await client.AskAsync(new OffsetCommitRequest
        {
            GroupId = _group,
            MemberId = memberId,
            GenerationIdOrMemberEpoch = epoch,
            Topics = [new() { Name = topic, Partitions = [new() { CommittedOffset = 7, CommittedMetadata = "" }] }],
        }, version)).Topics.Single().Partitions.Single().ErrorCode;

    private async Task<OffsetFetchResponse.OffsetFetchResponseGroup> FetchAsync(WireClient client, string? memberId, int epoch) =>
        (await client.AskAsync(new OffsetFetchRequest { Groups = [new() { GroupId = _group, MemberId = memberId, MemberEpoch = epoch, Topics = null }] }, 9)).Groups.Single();

    private Request Join(params string[] topics) => new(_group, "m", 0) { Topics = [.. topics], RebalanceTimeoutMs = 60_000, Owned = [] };

    private Request Stay(string memberId, int epoch) => new(_group, memberId, epoch);

    private sealed record Request(string GroupId, string MemberId, int Epoch)
    {
        public string? InstanceId { get; init; }

        public string? RackId { get; init; }

        public int RebalanceTimeoutMs { get; init; } = -1;

        public List<string>? Topics { get; init; }

        public string? Regex { get; init; }

        public string? Assignor { get; init; }

        public List<Beat.TopicPartitionsData>? Owned { get; init; }

        public Beat ToWire() => new()
        {
            GroupId = GroupId,
            MemberId = MemberId,
            MemberEpoch = Epoch,
            InstanceId = InstanceId,
            RackId = RackId,
            RebalanceTimeoutMs = RebalanceTimeoutMs,
            SubscribedTopicNames = Topics,
            SubscribedTopicRegex = Regex,
            ServerAssignor = Assignor,
            TopicPartitions = Owned,
        };
    }
}
