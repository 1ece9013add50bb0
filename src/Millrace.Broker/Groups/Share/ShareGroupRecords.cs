using Millrace.Broker.Coordination;
using Millrace.Broker.Groups.Consumer;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Groups.Share;

/// <summary>A member of a share group. What it is to read it reads at once: records have locks, partitions have not.</summary>
internal sealed record ShareGroupMember(string MemberId)
{
    public int Epoch { get; init; }

    public int PreviousEpoch { get; init; }

    public string? RackId { get; init; }

    public string ClientId { get; init; } = "";

    public string ClientHost { get; init; } = "";

    public IReadOnlyList<string> Topics { get; init; } = [];

    public IReadOnlySet<TopicIdPartition> Assigned { get; init; } = new HashSet<TopicIdPartition>();
}

/// <summary>A topic whose partitions have their state in <c>__share_group_state</c>.</summary>
internal sealed record SharedTopic(Guid Id, string Name, int Partitions);

/// <summary>A record of a share group in <c>__consumer_offsets</c>; without content it is a tombstone.</summary>
internal abstract record ShareGroupRecord(string GroupId) : GroupRecord(GroupId);

internal sealed record ShareEpochRecord(string GroupId, int? Epoch, long MetadataHash = 0) : ShareGroupRecord(GroupId);

internal sealed record ShareMemberRecord(string GroupId, string MemberId, ShareGroupMember? Member) : ShareGroupRecord(GroupId);

internal sealed record ShareTargetEpochRecord(string GroupId, int? Epoch, long UnixMs = 0) : ShareGroupRecord(GroupId);

internal sealed record ShareTargetRecord(string GroupId, string MemberId, IReadOnlySet<TopicIdPartition>? Partitions) : ShareGroupRecord(GroupId);

internal sealed record ShareCurrentRecord(string GroupId, string MemberId, ShareGroupMember? Member) : ShareGroupRecord(GroupId);

internal sealed record SharedTopicsRecord(string GroupId, IReadOnlyList<SharedTopic>? Topics) : ShareGroupRecord(GroupId);

/// <summary>Keys and values of share groups as Apache Kafka writes them. The key's first two bytes tell the kind.</summary>
internal static class ShareGroupRecords
{
    private const short MemberKey = 10;
    private const short EpochKey = 11;
    private const short TargetEpochKey = 12;
    private const short TargetKey = 13;
    private const short CurrentKey = 14;
    private const short TopicsKey = 15;

    public static CoordinatorRecord Encode(ShareGroupRecord record) => record switch
    {
        ShareEpochRecord r => Make(EpochKey, new ShareGroupMetadataKey { GroupId = r.GroupId }, r.Epoch is { } epoch ? new ShareGroupMetadataValue { Epoch = epoch, MetadataHash = r.MetadataHash } : null),
        ShareMemberRecord r => Make(MemberKey, new ShareGroupMemberMetadataKey { GroupId = r.GroupId, MemberId = r.MemberId }, r.Member is not { } m
            ? null
            : new ShareGroupMemberMetadataValue { RackId = m.RackId, ClientId = m.ClientId, ClientHost = m.ClientHost, SubscribedTopicNames = [.. m.Topics] }),
        ShareTargetEpochRecord r => Make(TargetEpochKey, new ShareGroupTargetAssignmentMetadataKey { GroupId = r.GroupId }, r.Epoch is { } epoch
            ? new ShareGroupTargetAssignmentMetadataValue { AssignmentEpoch = epoch, AssignmentTimestamp = r.UnixMs }
            : null),
        ShareTargetRecord r => Make(TargetKey, new ShareGroupTargetAssignmentMemberKey { GroupId = r.GroupId, MemberId = r.MemberId }, r.Partitions is not { } partitions
            ? null
            : new ShareGroupTargetAssignmentMemberValue
            {
                TopicPartitions = [.. ByTopic(partitions).Select(static t => new ShareGroupTargetAssignmentMemberValue.TopicPartition { TopicId = t.Key, Partitions = [.. t.Select(static p => p.Partition)] })],
            }),
        ShareCurrentRecord r => Make(CurrentKey, new ShareGroupCurrentMemberAssignmentKey { GroupId = r.GroupId, MemberId = r.MemberId }, r.Member is not { } m
            ? null
            : new ShareGroupCurrentMemberAssignmentValue
            {
                MemberEpoch = m.Epoch,
                PreviousMemberEpoch = m.PreviousEpoch,
                AssignedPartitions = [.. ByTopic(m.Assigned).Select(static t => new ShareGroupCurrentMemberAssignmentValue.TopicPartitions { TopicId = t.Key, Partitions = [.. t.Select(static p => p.Partition)] })],
            }),
        SharedTopicsRecord r => Make(TopicsKey, new ShareGroupStatePartitionMetadataKey { GroupId = r.GroupId }, r.Topics is not { } topics
            ? null
            : new ShareGroupStatePartitionMetadataValue
            {
                InitializedTopics = [.. topics.Select(static t => new ShareGroupStatePartitionMetadataValue.TopicPartitionsInfo { TopicId = t.Id, TopicName = t.Name, Partitions = [.. Enumerable.Range(0, t.Partitions)] })],
            }),
        _ => throw new ArgumentOutOfRangeException(nameof(record), record, "an unknown kind of record"),
    };

    /// <summary>Reads a record; null if its key is of another kind.</summary>
    /// <exception cref="MalformedMessageException">The bytes are not what their kind says.</exception>
    public static ShareGroupRecord? Decode(CoordinatorRecord record)
    {
        switch (VersionedRecords.VersionOf(record.Key))
        {
            case EpochKey:
                var epoch = Value<ShareGroupMetadataValue>(record.Value);
                return new ShareEpochRecord(Key<ShareGroupMetadataKey>(record.Key).GroupId, epoch?.Epoch, epoch?.MetadataHash ?? 0);
            case MemberKey:
                var member = Key<ShareGroupMemberMetadataKey>(record.Key);
                return new ShareMemberRecord(member.GroupId, member.MemberId, Value<ShareGroupMemberMetadataValue>(record.Value) is not { } m
                    ? null
                    : new ShareGroupMember(member.MemberId) { RackId = m.RackId, ClientId = m.ClientId, ClientHost = m.ClientHost, Topics = m.SubscribedTopicNames });
            case TargetEpochKey:
                var target = Value<ShareGroupTargetAssignmentMetadataValue>(record.Value);
                return new ShareTargetEpochRecord(Key<ShareGroupTargetAssignmentMetadataKey>(record.Key).GroupId, target?.AssignmentEpoch, target?.AssignmentTimestamp ?? 0);
            case TargetKey:
                var key = Key<ShareGroupTargetAssignmentMemberKey>(record.Key);
                return new ShareTargetRecord(key.GroupId, key.MemberId, Value<ShareGroupTargetAssignmentMemberValue>(record.Value)?.TopicPartitions
                    .SelectMany(static t => t.Partitions.Select(p => new TopicIdPartition(t.TopicId, p))).ToHashSet());
            case CurrentKey:
                var current = Key<ShareGroupCurrentMemberAssignmentKey>(record.Key);
                return new ShareCurrentRecord(current.GroupId, current.MemberId, Value<ShareGroupCurrentMemberAssignmentValue>(record.Value) is not { } c
                    ? null
                    : new ShareGroupMember(current.MemberId)
                    {
                        Epoch = c.MemberEpoch,
                        PreviousEpoch = c.PreviousMemberEpoch,
                        Assigned = c.AssignedPartitions.SelectMany(static t => t.Partitions.Select(p => new TopicIdPartition(t.TopicId, p))).ToHashSet(),
                    });
            case TopicsKey:
                // What is still initializing is initialized again: that changes nothing where it was done.
                return new SharedTopicsRecord(Key<ShareGroupStatePartitionMetadataKey>(record.Key).GroupId, Value<ShareGroupStatePartitionMetadataValue>(record.Value)?.InitializedTopics
                    .ConvertAll(static t => new SharedTopic(t.TopicId, t.TopicName, t.Partitions.Count)));
            default:
                return null;
        }
    }

    private static IEnumerable<IGrouping<Guid, TopicIdPartition>> ByTopic(IEnumerable<TopicIdPartition> partitions) =>
        partitions.OrderBy(static p => p.Partition).GroupBy(static p => p.TopicId);

    private static CoordinatorRecord Make(short kind, IKafkaMessage key, IKafkaMessage? value)
    {
        var bytes = VersionedRecords.Encode(key, 0);
        bytes[1] = (byte)kind;
        return new CoordinatorRecord(bytes, value is null ? null : VersionedRecords.Encode(value, 0));
    }

    private static T Key<T>(byte[] bytes)
        where T : IVersionedMessage, new()
    {
        var plain = bytes.ToArray();
        plain[1] = 0;
        return VersionedRecords.Decode<T>(plain);
    }

    private static T? Value<T>(byte[]? bytes)
        where T : class, IVersionedMessage, new() => bytes is null ? null : VersionedRecords.Decode<T>(bytes);
}
