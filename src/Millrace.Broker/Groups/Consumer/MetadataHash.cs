using System.Buffers.Binary;
using System.IO.Hashing;

namespace Millrace.Broker.Groups.Consumer;

/// <summary>
/// The hash of the topics that a group reads (KIP-1101), as Apache Kafka computes it: XXH3 over the hashes of the topics, which are ordered by name; a topic's hash is over its id, name, partitions and racks. It
/// stands in the group's record, so that a group that moves between a real Kafka and this broker does not rebalance for it.
/// </summary>
internal static class MetadataHash
{
    private const byte Magic = 0;

    public static long Of(IEnumerable<string> topics, IGroupTopics all)
    {
        var hash = new XxHash3();
        var any = false;
        foreach (var name in topics.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            if (all.Find(name) is not { } topic) continue;
            any = true;
            Append(hash, Of(topic));
        }

        return any ? (long)hash.GetCurrentHashAsUInt64() : 0;
    }

    private static long Of(GroupTopic topic)
    {
        var hash = new XxHash3();
        hash.Append([Magic]);
        Span<byte> id = stackalloc byte[16];
        topic.Id.TryWriteBytes(id, bigEndian: true, out _);
        Append(hash, BinaryPrimitives.ReadInt64BigEndian(id));
        Append(hash, BinaryPrimitives.ReadInt64BigEndian(id[8..]));
        Append(hash, topic.Name);
        Append(hash, topic.Partitions);
        // After each partition would come its racks: this node has none.
        for (var partition = 0; partition < topic.Partitions; partition++) Append(hash, partition);

        return (long)hash.GetCurrentHashAsUInt64();
    }

    private static void Append(XxHash3 hash, long value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        hash.Append(bytes);
    }

    private static void Append(XxHash3 hash, int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        hash.Append(bytes);
    }

    // UTF-16 units, then their number.
    private static void Append(XxHash3 hash, string text)
    {
        Span<byte> unit = stackalloc byte[2];
        foreach (var c in text)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(unit, c);
            hash.Append(unit);
        }

        Append(hash, text.Length);
    }
}
