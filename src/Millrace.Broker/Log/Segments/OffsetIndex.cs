using System.Buffers.Binary;
using Millrace.Broker.Storage;

namespace Millrace.Broker.Log.Segments;

/// <summary>
/// The <c>.index</c> file: for one batch in about every <c>index.interval.bytes</c> its last offset, relative to the segment's base, and its
/// position; 4 bytes each, big-endian.
/// </summary>
internal sealed class OffsetIndex(LogFileSystem files, string path, long baseOffset) : SegmentIndex(files, path, baseOffset, Size)
{
    public const int Size = 8;

    public void Append(long lastOffset, int position)
    {
        var entry = NewEntry();
        BinaryPrimitives.WriteInt32BigEndian(entry, checked((int)(lastOffset - BaseOffset)));
        BinaryPrimitives.WriteInt32BigEndian(entry[4..], position);
        Publish();
    }

    /// <summary>The position of the last indexed batch that does not end after <paramref name="offset"/>, or 0: where to start searching.</summary>
    public int Lookup(long offset)
    {
        var entries = Entries();
        var (low, high) = (0, entries.Length / Size);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (BaseOffset + BinaryPrimitives.ReadInt32BigEndian(entries[(middle * Size)..]) <= offset)
                low = middle + 1;
            else
                high = middle;
        }

        return low == 0 ? 0 : BinaryPrimitives.ReadInt32BigEndian(entries[(((low - 1) * Size) + 4)..]);
    }

    public (long LastOffset, int Position)? Last()
    {
        var entries = Entries();
        if (entries.IsEmpty)
            return null;
        var entry = entries[^Size..];
        return (BaseOffset + BinaryPrimitives.ReadInt32BigEndian(entry), BinaryPrimitives.ReadInt32BigEndian(entry[4..]));
    }

    /// <summary>An offset that is not before the last one that starts below <paramref name="position"/>, or null where the index ends before it.</summary>
    public long? OffsetAfter(int position)
    {
        var entries = Entries();
        var (low, high) = (0, entries.Length / Size);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (BinaryPrimitives.ReadInt32BigEndian(entries[((middle * Size) + 4)..]) < position)
                low = middle + 1;
            else
                high = middle;
        }

        return low == entries.Length / Size ? null : BaseOffset + BinaryPrimitives.ReadInt32BigEndian(entries[(low * Size)..]);
    }

    protected override string? Validate(ReadOnlySpan<byte> entries)
    {
        var (lastOffset, lastPosition) = (-1, -1);
        for (var at = 0; at < entries.Length; at += Size)
        {
            var (offset, position) = (BinaryPrimitives.ReadInt32BigEndian(entries[at..]), BinaryPrimitives.ReadInt32BigEndian(entries[(at + 4)..]));
            if (offset <= lastOffset || position <= lastPosition)
                return $"entry {at / Size} (offset {offset}, position {position}) is not after the one before it";
            (lastOffset, lastPosition) = (offset, position);
        }

        return null;
    }
}
