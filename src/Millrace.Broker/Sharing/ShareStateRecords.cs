using Millrace.Broker.Coordination;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Sharing;

/// <summary>One partition of a topic for one share group.</summary>
internal readonly record struct ShareKey(string GroupId, Guid TopicId, int Partition)
{
    /// <summary>Kafka's text of it, whose hash chooses the partition of <c>__share_group_state</c>.</summary>
    public override string ToString()
    {
        Span<byte> id = stackalloc byte[16];
        TopicId.TryWriteBytes(id, bigEndian: true, out _);
        return $"{GroupId}:{System.Buffers.Text.Base64Url.EncodeToString(id)}:{Partition}";
    }
}

/// <summary>What is stored of a share partition: all of it, a change, or (without a value) that it is gone.</summary>
internal abstract record ShareStateRecord(ShareKey Key);

internal sealed record ShareSnapshotRecord(ShareKey Key, ShareSnapshotValue? Value) : ShareStateRecord(Key);

internal sealed record ShareUpdateRecord(ShareKey Key, ShareUpdateValue Value) : ShareStateRecord(Key);

/// <summary>Keys and values of <c>__share_group_state</c> as Apache Kafka writes them. The key's first two bytes tell the kind.</summary>
internal static class ShareStateRecords
{
    private const short SnapshotKey = 0;
    private const short UpdateKey = 1;

    public static CoordinatorRecord Snapshot(ShareKey key, ShareSnapshotValue? value) => new(
        Key(SnapshotKey, new ShareSnapshotKey { GroupId = key.GroupId, TopicId = key.TopicId, Partition = key.Partition }),
        value is null ? null : VersionedRecords.Encode(value, 0));

    public static CoordinatorRecord Update(ShareKey key, ShareUpdateValue value) => new(
        Key(UpdateKey, new ShareUpdateKey { GroupId = key.GroupId, TopicId = key.TopicId, Partition = key.Partition }), VersionedRecords.Encode(value, 0));

    /// <summary>Reads a record; null if its key is of another kind.</summary>
    /// <exception cref="MalformedMessageException">The bytes are not what their kind says.</exception>
    public static ShareStateRecord? Decode(CoordinatorRecord record)
    {
        var kind = VersionedRecords.VersionOf(record.Key);
        if (kind is not (SnapshotKey or UpdateKey)) return null;
        // Both keys have the same fields.
        var plain = record.Key.ToArray();
        plain[1] = 0;
        var read = VersionedRecords.Decode<ShareSnapshotKey>(plain);
        var key = new ShareKey(read.GroupId, read.TopicId, read.Partition);
        if (record.Value is null) return kind == SnapshotKey ? new ShareSnapshotRecord(key, null) : null;
        return kind == SnapshotKey
            ? new ShareSnapshotRecord(key, VersionedRecords.Decode<ShareSnapshotValue>(record.Value))
            : new ShareUpdateRecord(key, VersionedRecords.Decode<ShareUpdateValue>(record.Value));
    }

    private static byte[] Key(short kind, IKafkaMessage key)
    {
        var bytes = VersionedRecords.Encode(key, 0);
        bytes[1] = (byte)kind;
        return bytes;
    }
}
