using Millrace.Broker.Coordination;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Groups.Consumer;

/// <summary>The topics that a regular expression matched.</summary>
internal sealed record ResolvedRegex(IReadOnlyCollection<string> Topics, long Version, long UnixMs);

/// <summary>A record of a consumer group in <c>__consumer_offsets</c>; without content it is a tombstone.</summary>
internal abstract record ConsumerGroupRecord(string GroupId) : GroupRecord(GroupId);

internal sealed record GroupEpochRecord(string GroupId, int? Epoch, long MetadataHash = 0) : ConsumerGroupRecord(GroupId);

/// <summary>The topics' metadata as Kafka before 4.1 stored them: only ever deleted here.</summary>
internal sealed record PartitionMetadataRecord(string GroupId, bool IsTombstone) : ConsumerGroupRecord(GroupId);

/// <summary>A member and its subscription; of <see cref="Member"/> only what the record holds counts.</summary>
internal sealed record MemberRecord(string GroupId, string MemberId, ConsumerGroupMember? Member) : ConsumerGroupRecord(GroupId);

internal sealed record TargetEpochRecord(string GroupId, int? Epoch, long UnixMs = 0) : ConsumerGroupRecord(GroupId);

internal sealed record TargetRecord(string GroupId, string MemberId, IReadOnlySet<TopicIdPartition>? Partitions) : ConsumerGroupRecord(GroupId);

/// <summary>A member's epoch and partitions; of <see cref="Member"/> only those count.</summary>
internal sealed record CurrentRecord(string GroupId, string MemberId, ConsumerGroupMember? Member) : ConsumerGroupRecord(GroupId);

internal sealed record RegexRecord(string GroupId, string Regex, ResolvedRegex? Resolved) : ConsumerGroupRecord(GroupId);

/// <summary>Keys and values of consumer groups as Apache Kafka writes them. The key's first two bytes tell the kind.</summary>
internal static class ConsumerGroupRecords
{
    private const short GroupKey = 3;
    private const short PartitionMetadataKey = 4;
    private const short MemberKey = 5;
    private const short TargetEpochKey = 6;
    private const short TargetKey = 7;
    private const short CurrentKey = 8;
    private const short RegexKey = 16;

    public static CoordinatorRecord Encode(ConsumerGroupRecord record) => record switch
    {
        GroupEpochRecord r => Make(GroupKey, new ConsumerGroupMetadataKey { GroupId = r.GroupId }, r.Epoch is not { } epoch
            ? null
            : new ConsumerGroupMetadataValue { Epoch = epoch, MetadataHash = r.MetadataHash }),
        PartitionMetadataRecord r => Make(PartitionMetadataKey, new ConsumerGroupPartitionMetadataKey { GroupId = r.GroupId }, null),
        MemberRecord r => Make(MemberKey, new ConsumerGroupMemberMetadataKey { GroupId = r.GroupId, MemberId = r.MemberId }, r.Member is null ? null : Value(r.Member)),
        TargetEpochRecord r => Make(TargetEpochKey, new ConsumerGroupTargetAssignmentMetadataKey { GroupId = r.GroupId }, r.Epoch is not { } epoch
            ? null
            : new ConsumerGroupTargetAssignmentMetadataValue { AssignmentEpoch = epoch, AssignmentTimestamp = r.UnixMs }),
        TargetRecord r => Make(TargetKey, new ConsumerGroupTargetAssignmentMemberKey { GroupId = r.GroupId, MemberId = r.MemberId }, r.Partitions is null
            ? null
            : new ConsumerGroupTargetAssignmentMemberValue
            {
                TopicPartitions = [.. ByTopic(r.Partitions).Select(static t => new ConsumerGroupTargetAssignmentMemberValue.TopicPartition
                {
                    TopicId = t.Key, Partitions = [.. t.Select(static p => p.Partition)],
                })],
            }),
        CurrentRecord r => Make(CurrentKey, new ConsumerGroupCurrentMemberAssignmentKey { GroupId = r.GroupId, MemberId = r.MemberId }, r.Member is not { } m
            ? null
            : new ConsumerGroupCurrentMemberAssignmentValue
            {
                MemberEpoch = m.Epoch,
                PreviousMemberEpoch = m.PreviousEpoch,
                State = (sbyte)m.State,
                AssignedPartitions = Partitions(m.Assigned),
                PartitionsPendingRevocation = Partitions(m.Revoking),
            }),
        RegexRecord r => Make(RegexKey, new ConsumerGroupRegularExpressionKey { GroupId = r.GroupId, RegularExpression = r.Regex }, r.Resolved is not { } resolved
            ? null
            : new ConsumerGroupRegularExpressionValue { Topics = [.. resolved.Topics], Version = resolved.Version, Timestamp = resolved.UnixMs }),
        _ => throw new ArgumentOutOfRangeException(nameof(record), record, "an unknown kind of record"),
    };

    /// <summary>Reads a record; null if its key is of another kind.</summary>
    /// <exception cref="MalformedMessageException">The bytes are not what their kind says.</exception>
    public static ConsumerGroupRecord? Decode(CoordinatorRecord record)
    {
        switch (VersionedRecords.VersionOf(record.Key))
        {
            case GroupKey:
                var epoch = Value<ConsumerGroupMetadataValue>(record.Value);
                return new GroupEpochRecord(Key<ConsumerGroupMetadataKey>(record.Key).GroupId, epoch?.Epoch, epoch?.MetadataHash ?? 0);
            case PartitionMetadataKey:
                return new PartitionMetadataRecord(Key<ConsumerGroupPartitionMetadataKey>(record.Key).GroupId, record.Value is null);
            case MemberKey:
                var member = Key<ConsumerGroupMemberMetadataKey>(record.Key);
                return new MemberRecord(member.GroupId, member.MemberId, Member(member.MemberId, Value<ConsumerGroupMemberMetadataValue>(record.Value)));
            case TargetEpochKey:
                var target = Value<ConsumerGroupTargetAssignmentMetadataValue>(record.Value);
                return new TargetEpochRecord(
                    Key<ConsumerGroupTargetAssignmentMetadataKey>(record.Key).GroupId, target?.AssignmentEpoch, target?.AssignmentTimestamp ?? 0);
            case TargetKey:
                var key = Key<ConsumerGroupTargetAssignmentMemberKey>(record.Key);
                return new TargetRecord(key.GroupId, key.MemberId, Value<ConsumerGroupTargetAssignmentMemberValue>(record.Value)?.TopicPartitions
                    .SelectMany(static t => t.Partitions.Select(p => new TopicIdPartition(t.TopicId, p))).ToHashSet());
            case CurrentKey:
                var current = Key<ConsumerGroupCurrentMemberAssignmentKey>(record.Key);
                return new CurrentRecord(current.GroupId, current.MemberId, Current(current.MemberId, Value<ConsumerGroupCurrentMemberAssignmentValue>(record.Value)));
            case RegexKey:
                var regex = Key<ConsumerGroupRegularExpressionKey>(record.Key);
                var resolved = Value<ConsumerGroupRegularExpressionValue>(record.Value);
                return new RegexRecord(
                    regex.GroupId, regex.RegularExpression, resolved is null ? null : new ResolvedRegex(resolved.Topics, resolved.Version, resolved.Timestamp));
            default:
                return null;
        }
    }

    private static ConsumerGroupMemberMetadataValue Value(ConsumerGroupMember m) => new()
    {
        InstanceId = m.InstanceId,
        RackId = m.RackId,
        ClientId = m.ClientId,
        ClientHost = m.ClientHost,
        SubscribedTopicNames = [.. m.Topics],
        SubscribedTopicRegex = m.Regex,
        RebalanceTimeoutMs = m.RebalanceTimeoutMs,
        ServerAssignor = m.ServerAssignor,
        ClassicMemberMetadata = m.Classic is not { } classic
            ? null
            : new ConsumerGroupMemberMetadataValue.ClassicMember
            {
                SessionTimeoutMs = classic.SessionTimeoutMs,
                SupportedProtocols = [.. classic.Protocols.Select(static p => new ConsumerGroupMemberMetadataValue.ClassicProtocol { Name = p.Name, Metadata = p.Metadata })],
            },
    };

    private static ConsumerGroupMember? Member(string memberId, ConsumerGroupMemberMetadataValue? value) => value is null
        ? null
        : new ConsumerGroupMember
        {
            MemberId = memberId,
            InstanceId = value.InstanceId,
            RackId = value.RackId,
            ClientId = value.ClientId,
            ClientHost = value.ClientHost,
            Topics = value.SubscribedTopicNames,
            Regex = value.SubscribedTopicRegex ?? "",
            RebalanceTimeoutMs = value.RebalanceTimeoutMs,
            ServerAssignor = value.ServerAssignor,
            // Without its tag the field is there and empty.
            Classic = value.ClassicMemberMetadata is not { SupportedProtocols.Count: > 0 } classic
                ? null
                : new ClassicProtocols(classic.SessionTimeoutMs, [.. classic.SupportedProtocols.Select(static p => new GroupProtocol(p.Name, p.Metadata))]),
        };

    private static ConsumerGroupMember? Current(string memberId, ConsumerGroupCurrentMemberAssignmentValue? value) => value is null
        ? null
        : new ConsumerGroupMember
        {
            MemberId = memberId,
            Epoch = value.MemberEpoch,
            PreviousEpoch = value.PreviousMemberEpoch,
            State = value.State is >= 0 and <= 2 ? (MemberState)value.State : MemberState.Unknown,
            Assigned = Partitions(value.AssignedPartitions, value.MemberEpoch),
            Revoking = Partitions(value.PartitionsPendingRevocation, value.MemberEpoch),
        };

    private static List<ConsumerGroupCurrentMemberAssignmentValue.TopicPartitions> Partitions(IReadOnlyDictionary<TopicIdPartition, int> partitions) =>
    [
        .. ByTopic(partitions.Keys).Select(t => new ConsumerGroupCurrentMemberAssignmentValue.TopicPartitions
        {
            TopicId = t.Key,
            Partitions = [.. t.Select(static p => p.Partition)],
            AssignmentEpochs = [.. t.Select(p => partitions[p])],
        }),
    ];

    // Kafka before 4.3 stored no assignment epochs: then the member's own is the safe one.
    private static Dictionary<TopicIdPartition, int> Partitions(List<ConsumerGroupCurrentMemberAssignmentValue.TopicPartitions> topics, int memberEpoch)
    {
        var partitions = new Dictionary<TopicIdPartition, int>();
        foreach (var topic in topics)
        {
            for (var i = 0; i < topic.Partitions.Count; i++)
            {
                var epoch = topic.AssignmentEpochs is { } epochs && i < epochs.Count ? epochs[i] : memberEpoch;
                partitions[new TopicIdPartition(topic.TopicId, topic.Partitions[i])] = epoch;
            }
        }

        return partitions;
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
