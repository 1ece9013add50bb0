using Millrace.Broker.Coordination;
using Millrace.Broker.Groups.Consumer;
using Millrace.Broker.Groups.Share;
using Millrace.Broker.Log;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Groups;

/// <summary>The records of <c>__consumer_offsets</c> as Apache Kafka writes them: the key's version tells offset commits (0, 1) from group metadata (2).</summary>
internal static class GroupRecords
{
    private const short OffsetKeyVersion = 1;
    private const short GroupKeyVersion = 2;

    // The newest versions without tagged fields: every Kafka since 2.1 (offsets) and 2.3 (groups) reads them.
    private const short OffsetValueVersion = 3;
    private const short GroupValueVersion = 3;

    public static CoordinatorRecord Offset(string group, TopicPartition partition, CommittedOffset offset) => new(
        OffsetKey(group, partition),
        VersionedRecords.Encode(
            new OffsetCommitValue
            {
                Offset = offset.Offset,
                LeaderEpoch = offset.LeaderEpoch,
                Metadata = offset.Metadata,
                CommitTimestamp = offset.CommitUnixMs,
                ExpireTimestamp = offset.ExpireUnixMs ?? -1,
            },
            // Only version 1 can hold an expiry of its own.
            offset.ExpireUnixMs is null ? OffsetValueVersion : (short)1));

    public static CoordinatorRecord OffsetTombstone(string group, TopicPartition partition) => new(OffsetKey(group, partition), null);

    public static CoordinatorRecord Metadata(GroupSnapshot group) => new(
        GroupKey(group.GroupId),
        VersionedRecords.Encode(
            new GroupMetadataValue
            {
                ProtocolType = group.ProtocolType,
                Generation = group.Generation,
                Protocol = group.Protocol,
                Leader = group.Leader,
                CurrentStateTimestamp = group.StateSinceUnixMs,
                Members =
                [
                    .. group.Members.Select(static m => new GroupMetadataValue.MemberMetadata
                    {
                        MemberId = m.MemberId,
                        GroupInstanceId = m.InstanceId,
                        ClientId = m.ClientId,
                        ClientHost = m.ClientHost,
                        RebalanceTimeout = m.RebalanceTimeoutMs,
                        SessionTimeout = m.SessionTimeoutMs,
                        Subscription = m.Subscription,
                        Assignment = m.Assignment,
                    }),
                ],
            },
            GroupValueVersion));

    public static CoordinatorRecord MetadataTombstone(string group) => new(GroupKey(group), null);

    /// <summary>Reads a record; null for kinds that belong to other group protocols.</summary>
    /// <exception cref="Protocol.MalformedMessageException">The bytes are not what their version says.</exception>
    public static GroupRecord? Decode(CoordinatorRecord record, long recordOffset)
    {
        switch (VersionedRecords.VersionOf(record.Key))
        {
            case 0 or OffsetKeyVersion:
                var key = DecodeKey<OffsetCommitKey>(record.Key);
                var partition = new TopicPartition(key.Topic, key.Partition);
                if (record.Value is null) return new OffsetRecord(key.Group, partition, null);
                var value = VersionedRecords.Decode<OffsetCommitValue>(record.Value);
                return new OffsetRecord(
                    key.Group,
                    partition,
                    new CommittedOffset(value.Offset, value.LeaderEpoch, value.Metadata, value.CommitTimestamp, recordOffset)
                    {
                        ExpireUnixMs = value.ExpireTimestamp < 0 ? null : value.ExpireTimestamp,
                        TopicId = value.TopicId,
                    });
            case GroupKeyVersion:
                var group = DecodeKey<GroupMetadataKey>(record.Key).Group;
                return new MetadataRecord(
                    group, record.Value is null ? null : ToSnapshot(group, VersionedRecords.Decode<GroupMetadataValue>(record.Value)));
            default:
                return ConsumerGroupRecords.Decode(record) as GroupRecord ?? ShareGroupRecords.Decode(record);
        }
    }

    private static byte[] OffsetKey(string group, TopicPartition partition) =>
        Key(new OffsetCommitKey { Group = group, Topic = partition.Topic, Partition = partition.Partition }, OffsetKeyVersion);

    private static byte[] GroupKey(string group) => Key(new GroupMetadataKey { Group = group }, GroupKeyVersion);

    // The schemas of keys have only version 0: the number in front is the record's type, which used to be counted as a version.
    private static byte[] Key(Protocol.IKafkaMessage key, short type)
    {
        var bytes = VersionedRecords.Encode(key, 0);
        bytes[1] = (byte)type;
        return bytes;
    }

    private static T DecodeKey<T>(byte[] bytes)
        where T : Protocol.IVersionedMessage, new()
    {
        var plain = bytes.ToArray();
        plain[1] = 0;
        return VersionedRecords.Decode<T>(plain);
    }

    private static GroupSnapshot ToSnapshot(string group, GroupMetadataValue value) => new(
        group,
        value.ProtocolType,
        value.Generation,
        value.Protocol,
        value.Leader,
        value.CurrentStateTimestamp,
        [.. value.Members.Select(static m => new MemberSnapshot(
            m.MemberId,
            m.GroupInstanceId,
            m.ClientId,
            m.ClientHost,
            m.RebalanceTimeout < 0 ? m.SessionTimeout : m.RebalanceTimeout,
            m.SessionTimeout,
            m.Subscription,
            m.Assignment))]);
}

/// <summary>A decoded record of <c>__consumer_offsets</c>.</summary>
internal abstract record GroupRecord(string GroupId);

/// <summary>An offset, or null where it was deleted.</summary>
internal sealed record OffsetRecord(string GroupId, TopicPartition Partition, CommittedOffset? Offset) : GroupRecord(GroupId);

/// <summary>A group's metadata, or null where the group was deleted.</summary>
internal sealed record MetadataRecord(string GroupId, GroupSnapshot? Group) : GroupRecord(GroupId);
