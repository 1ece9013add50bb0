using System.Buffers.Binary;
using Millrace.Broker.Coordination;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Groups.Consumer;

/// <summary>The bytes that classic consumers exchange (ConsumerProtocolSubscription, ConsumerProtocolAssignment), read and written for groups of mixed members.</summary>
internal static class ConsumerProtocol
{
    public const string Type = "consumer";

    /// <summary>Reads a subscription.</summary>
    /// <exception cref="MalformedMessageException">The bytes are none.</exception>
    public static ConsumerProtocolSubscription Subscription(byte[] bytes) => Decode<ConsumerProtocolSubscription>(bytes);

    /// <summary>The partitions of an assignment whose topics exist.</summary>
    /// <exception cref="MalformedMessageException">The bytes are none.</exception>
    public static IReadOnlySet<TopicIdPartition> Assignment(byte[] bytes, IGroupTopics topics)
    {
        if (bytes.Length == 0) return new HashSet<TopicIdPartition>();
        return Ids(Decode<ConsumerProtocolAssignment>(bytes).AssignedPartitions.SelectMany(static t => t.Partitions.Select(p => (t.Topic, p))), topics);
    }

    public static IReadOnlySet<TopicIdPartition> Owned(ConsumerProtocolSubscription subscription, IGroupTopics topics) =>
        Ids(subscription.OwnedPartitions.SelectMany(static t => t.Partitions.Select(p => (t.Topic, p))), topics);

    /// <summary>An assignment in the version of the member's subscription.</summary>
    public static byte[] Assignment(IEnumerable<TopicIdPartition> partitions, IGroupTopics topics, byte[] subscription)
    {
        var version = Math.Clamp(VersionedRecords.VersionOf(subscription), ConsumerProtocolAssignment.LowestVersion, ConsumerProtocolAssignment.HighestVersion);
        var assignment = new ConsumerProtocolAssignment
        {
            AssignedPartitions =
            [
                .. partitions.GroupBy(static p => p.TopicId)
                    .Select(group => (Topic: topics.Find(group.Key), Partitions: group.Select(static p => p.Partition).Order()))
                    .Where(static t => t.Topic is not null)
                    .OrderBy(static t => t.Topic!.Name, StringComparer.Ordinal)
                    .Select(static t => new ConsumerProtocolAssignment.TopicPartition { Topic = t.Topic!.Name, Partitions = [.. t.Partitions] }),
            ],
        };
        return VersionedRecords.Encode(assignment, version);
    }

    // A newer version only adds fields at the end.
    private static T Decode<T>(byte[] bytes)
        where T : IVersionedMessage, new()
    {
        var version = VersionedRecords.VersionOf(bytes);
        if (version <= T.HighestVersion) return VersionedRecords.Decode<T>(bytes);
        var known = bytes.ToArray();
        BinaryPrimitives.WriteInt16BigEndian(known, T.HighestVersion);
        return VersionedRecords.Decode<T>(known);
    }

    private static HashSet<TopicIdPartition> Ids(IEnumerable<(string Topic, int Partition)> partitions, IGroupTopics topics)
    {
        var ids = new HashSet<TopicIdPartition>();
        foreach (var (name, partition) in partitions)
        {
            if (topics.Find(name) is { } topic) ids.Add(new TopicIdPartition(topic.Id, partition));
        }

        return ids;
    }
}
