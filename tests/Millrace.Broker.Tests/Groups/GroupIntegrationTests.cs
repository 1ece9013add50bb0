using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Millrace.TestKit;
using Millrace.TestKit.Kafka;

namespace Millrace.Broker.Tests.Groups;

public sealed class GroupTestsOnMillrace(EmbeddedBroker kafka) : GroupIntegrationTests<EmbeddedBroker>(kafka);

public sealed class GroupTestsOnApacheKafka(ApacheKafka kafka) : GroupIntegrationTests<ApacheKafka>(kafka);

/// <summary>Consumer groups through librdkafka; the same on our broker and on Apache Kafka.</summary>
public abstract class GroupIntegrationTests<TKafka>(TKafka kafka) : IClassFixture<TKafka>
    where TKafka : class, IKafkaTarget
{
    [Theory]
    [InlineData(PartitionAssignmentStrategy.Range)]
    [InlineData(PartitionAssignmentStrategy.RoundRobin)]
    [InlineData(PartitionAssignmentStrategy.CooperativeSticky)]
    public async Task Members_share_the_partitions_as_they_come_and_go(PartitionAssignmentStrategy strategy)
    {
        var topic = await ClientKit.CreateTopicAsync(kafka.Bootstrap, 4);
        var group = ClientKit.Name("g");
        await using var first = ClientKit.Consumer(kafka.Bootstrap, group, c => c.PartitionAssignmentStrategy = strategy).Start(topic);
        await first.HasAsync(4);

        var second = ClientKit.Consumer(kafka.Bootstrap, group, c => c.PartitionAssignmentStrategy = strategy).Start(topic);
        await second.HasAsync(2);
        await first.HasAsync(2);
        Assert.Empty(first.Assigned.Intersect(second.Assigned));
        if (strategy == PartitionAssignmentStrategy.CooperativeSticky) Assert.Equal(2, first.Revoked);

        await second.DisposeAsync();
        await first.HasAsync(4);
    }

    [Fact]
    public async Task A_member_that_falls_silent_loses_its_partitions()
    {
        var topic = await ClientKit.CreateTopicAsync(kafka.Bootstrap, 2);
        var group = ClientKit.Name("g");
        await using var survivor = ClientKit.Consumer(kafka.Bootstrap, group).Start(topic);
        await survivor.HasAsync(2);
        // It polls too rarely: librdkafka stops its heartbeats.
        await using var silent = ClientKit.Consumer(kafka.Bootstrap, group, c =>
        {
            c.SessionTimeoutMs = 6_000;
            c.MaxPollIntervalMs = 6_000;
        });
        silent.Client.Subscribe(topic);
        await Eventually.True(() =>
        {
            silent.Client.Consume(TimeSpan.FromMilliseconds(50));
            return silent.Client.Assignment.Count == 1;
        }, "the second member gets one partition");

        await survivor.HasAsync(2);
    }

    [Fact]
    public async Task Committed_offsets_are_where_the_next_member_begins()
    {
        var topic = await ClientKit.CreateTopicAsync(kafka.Bootstrap);
        var group = ClientKit.Name("g");
        using (var producer = ClientKit.Producer(kafka.Bootstrap))
        {
            for (var i = 0; i < 10; i++) await producer.ProduceAsync(topic, new() { Key = "k", Value = $"{i}" });
        }

        await using (var first = ClientKit.Consumer(kafka.Bootstrap, group).Start(topic))
        {
            await Eventually.True(() => first.Values.Count == 10, "10 records");
            first.Client.Commit([new TopicPartitionOffset(topic, 0, 7)]);
        }

        await using var second = ClientKit.Consumer(kafka.Bootstrap, group).Start(topic);
        await Eventually.True(() => second.Values.Count == 3, "3 records");
        Assert.Equal(["7", "8", "9"], second.Values);
    }

    [Fact]
    public async Task A_static_member_comes_back_without_a_rebalance()
    {
        var topic = await ClientKit.CreateTopicAsync(kafka.Bootstrap, 2);
        var group = ClientKit.Name("g");
        await using var stays = ClientKit.Consumer(kafka.Bootstrap, group, static c => c.GroupInstanceId = "a").Start(topic);
        var restarts = ClientKit.Consumer(kafka.Bootstrap, group, static c =>
        {
            c.GroupInstanceId = "b";
            c.SessionTimeoutMs = 20_000;
        }).Start(topic);
        await restarts.HasAsync(1);
        await stays.HasAsync(1);
        var before = (Partition: restarts.Assigned[0], stays.Rebalances);

        // Closing a static member sends no LeaveGroup.
        await restarts.DisposeAsync();
        await using var back = ClientKit.Consumer(kafka.Bootstrap, group, static c => c.GroupInstanceId = "b").Start(topic);
        await back.HasAsync(1);

        Assert.Equal(before.Partition, back.Assigned[0]);
        Assert.Equal(before.Rebalances, stays.Rebalances);
    }

    [Fact]
    public async Task Two_members_with_one_instance_id_fence_each_other()
    {
        var topic = await ClientKit.CreateTopicAsync(kafka.Bootstrap);
        var group = ClientKit.Name("g");
        await using var first = ClientKit.Consumer(kafka.Bootstrap, group, static c => c.GroupInstanceId = "same").Start(topic);
        await first.HasAsync(1);

        await using var second = ClientKit.Consumer(kafka.Bootstrap, group, static c => c.GroupInstanceId = "same").Start(topic);
        await second.HasAsync(1);

        await Eventually.True(() => first.FatalError?.Code == ErrorCode.FencedInstanceId, "the first member is fenced");
    }

    [Fact]
    public async Task Administrators_see_groups_and_delete_them_once_they_are_empty()
    {
        var topic = await ClientKit.CreateTopicAsync(kafka.Bootstrap, 2);
        var group = ClientKit.Name("g");
        using var admin = ClientKit.Admin(kafka.Bootstrap);
        var member = ClientKit.Consumer(kafka.Bootstrap, group, static c => c.ClientId = "seen").Start(topic);
        await member.HasAsync(2);
        member.Client.Commit([new TopicPartitionOffset(topic, 1, 0)]);

        var listed = await admin.ListConsumerGroupsAsync(new() { MatchStates = [ConsumerGroupState.Stable] });
        Assert.Contains(listed.Valid, g => g.GroupId == group && g.State == ConsumerGroupState.Stable);
        var described = (await admin.DescribeConsumerGroupsAsync([group])).ConsumerGroupDescriptions[0];
        Assert.Equal("range", described.PartitionAssignor);
        var one = Assert.Single(described.Members);
        Assert.Equal("seen", one.ClientId);
        Assert.Equal(2, one.Assignment.TopicPartitions.Count);
        var refused = await Assert.ThrowsAsync<DeleteGroupsException>(() => admin.DeleteGroupsAsync([group]));
        Assert.Equal(ErrorCode.NonEmptyGroup, refused.Results[0].Error.Code);
        var subscribed = await Assert.ThrowsAsync<DeleteConsumerGroupOffsetsException>(
            () => admin.DeleteConsumerGroupOffsetsAsync(group, [new TopicPartition(topic, 1)]));
        Assert.Equal(ErrorCode.GroupSubscribedToTopic, subscribed.Result.Partitions[0].Error.Code);

        await member.DisposeAsync();
        Assert.Equal(ConsumerGroupState.Empty, (await admin.DescribeConsumerGroupsAsync([group])).ConsumerGroupDescriptions[0].State);
        var offsets = await admin.ListConsumerGroupOffsetsAsync([new ConsumerGroupTopicPartitions(group, null)]);
        Assert.Equal(0, Assert.Single(offsets[0].Partitions).Offset);
        await admin.DeleteConsumerGroupOffsetsAsync(group, [new TopicPartition(topic, 1)]);
        Assert.Empty((await admin.ListConsumerGroupOffsetsAsync([new ConsumerGroupTopicPartitions(group, null)]))[0].Partitions);
        await admin.DeleteGroupsAsync([group]);
        Assert.DoesNotContain((await admin.ListConsumerGroupsAsync()).Valid, g => g.GroupId == group);
    }

    [Fact]
    public async Task Offsets_are_reset_while_nobody_reads()
    {
        var topic = await ClientKit.CreateTopicAsync(kafka.Bootstrap);
        var group = ClientKit.Name("g");
        using var admin = ClientKit.Admin(kafka.Bootstrap);

        await admin.AlterConsumerGroupOffsetsAsync([new ConsumerGroupTopicPartitionOffsets(group, [new TopicPartitionOffset(topic, 0, 42)])]);

        var offsets = await admin.ListConsumerGroupOffsetsAsync([new ConsumerGroupTopicPartitions(group, [new TopicPartition(topic, 0)])]);
        Assert.Equal(42, offsets[0].Partitions[0].Offset);
    }
}
