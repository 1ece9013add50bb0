using System.Net;
using Millrace.Broker.Tests.Server;
using Millrace.Kafka.Testing;
using Millrace.Protocol;
using Millrace.Protocol.Messages;
using Millrace.TestKit;
using Millrace.TestKit.Kafka;

namespace Millrace.Broker.Tests.Groups.Consumer;

/// <summary>A group that a real Kafka has left in its files goes on here.</summary>
public sealed class ForeignGroupTests
{
    [Fact]
    public async Task A_group_of_a_real_Kafka_goes_on_with_its_members_epochs_and_offsets()
    {
        ApacheKafka.Tool("kafka-dump-log.sh");
        await using var kafka = await ApacheKafkaNode.StartAsync(ApacheKafka.Home!);
        var topic = await ClientKit.CreateTopicAsync(kafka.Bootstrap, 2);
        ConsumerGroupDescribeResponse.DescribedGroup before;
        await using (var member = ClientKit.Modern(kafka.Bootstrap, "g", static c => c.GroupInstanceId = "i").Start(topic))
        {
            await member.HasAsync(2);
            member.Client.Commit([new Confluent.Kafka.TopicPartitionOffset(topic, 1, 0)]);
            before = await DescribeAsync(kafka.Bootstrap);
            Assert.Equal("Stable", before.GroupState);
            await kafka.Process.KillAsync();
        }

        using var directory = new TempDirectory("foreign");
        foreach (var partition in Directory.GetDirectories(kafka.DataDirectory).Where(d => !Path.GetFileName(d).StartsWith("__cluster", StringComparison.Ordinal)))
        {
            var target = Directory.CreateDirectory(directory.Combine(Path.GetFileName(partition))).FullName;
            foreach (var file in Directory.GetFiles(partition)) File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        }

        await using var ours = await EmbeddedKafka.StartAsync(o => o.DataDirectory = directory.Path);
        var after = await DescribeAsync(ours.BootstrapServers);
        Assert.Equal((before.GroupEpoch, before.AssignmentEpoch, "Stable"), (after.GroupEpoch, after.AssignmentEpoch, after.GroupState));
        var (was, present) = (before.Members.Single(), after.Members.Single());
        Assert.Equal((was.MemberId, was.InstanceId, was.MemberEpoch, was.ClientHost), (present.MemberId, present.InstanceId, present.MemberEpoch, present.ClientHost));
        Assert.Equal(was.Assignment.TopicPartitions.Single().TopicId, present.Assignment.TopicPartitions.Single().TopicId);
        Assert.Equal([0, 1], present.Assignment.TopicPartitions.Single().Partitions);

        // The member's next heartbeat is one like any other: its topics have the same hash here, so nothing moves.
        await using var client = await WireClient.ConnectAsync(IPEndPoint.Parse(ours.BootstrapServers));
        var beat = await client.AskAsync(
            new ConsumerGroupHeartbeatRequest { GroupId = "g", MemberId = was.MemberId, InstanceId = "i", MemberEpoch = was.MemberEpoch }, 1);
        Assert.Equal((ErrorCode.None, was.MemberEpoch, null), (beat.ErrorCode, beat.MemberEpoch, beat.Assignment));
        var offsets = await client.AskAsync(new OffsetFetchRequest { Groups = [new() { GroupId = "g", Topics = null }] }, 9);
        Assert.Equal(0, offsets.Groups.Single().Topics.Single().Partitions.Single(static p => p.PartitionIndex == 1).CommittedOffset);
    }

    private static async Task<ConsumerGroupDescribeResponse.DescribedGroup> DescribeAsync(string bootstrap)
    {
        await using var client = await WireClient.ConnectAsync(IPEndPoint.Parse(bootstrap));
        return (await client.AskAsync(new ConsumerGroupDescribeRequest { GroupIds = ["g"] }, 1)).Groups.Single();
    }
}
