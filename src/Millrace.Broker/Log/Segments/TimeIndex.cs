using System.Buffers.Binary;
using Millrace.Broker.Storage;

namespace Millrace.Broker.Log.Segments;

/// <summary>
/// The <c>.timeindex</c> file: the largest timestamp so far (8 bytes) and the last offset of the batch that holds it, relative to the segment's
/// base (4 bytes). Timestamps grow strictly.
/// </summary>
internal sealed class TimeIndex(LogFileSystem files, string path, long baseOffset) : SegmentIndex(files, path, baseOffset, Size)
{
    public const int Size = 12;

    /// <summary>Adds an entry if the timestamp is larger than all before.</summary>
    public void MaybeAppend(long timestamp, long offset)
    {
        if (timestamp < 0 || (Last() is { } last && (timestamp <= last.Timestamp || offset < last.Offset)))
            return;
        var entry = NewEntry();
        BinaryPrimitives.WriteInt64BigEndian(entry, timestamp);
        BinaryPrimitives.WriteInt32BigEndian(entry[8..], checked((int)(offset - BaseOffset)));
        Publish();
    }

    public (long Timestamp, long Offset)? Last()
    {
        var entries = Entries();
        return entries.IsEmpty ? null : At(entries, (entries.Length / Size) - 1);
    }

    /// <summary>An offset before which no record has a timestamp of at least <paramref name="timestamp"/>.</summary>
    public long Lookup(long timestamp)
    {
        var entries = Entries();
        var (low, high) = (0, entries.Length / Size);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (At(entries, middle).Timestamp < timestamp)
                low = middle + 1;
            else
                high = middle;
        }

        // The batch at the entry has only smaller timestamps, but a search by offset must not skip it: it may be shared.
        return low == 0 ? BaseOffset : At(entries, low - 1).Offset;
    }

    protected override string? Validate(ReadOnlySpan<byte> entries)
    {
        var (lastTimestamp, lastOffset) = (-1L, -1L);
        for (var at = 0; at < entries.Length; at += Size)
        {
            var (timestamp, offset) = At(entries, at / Size);
            if (timestamp <= lastTimestamp || offset < lastOffset || offset < BaseOffset)
                return $"entry {at / Size} (timestamp {timestamp}, offset {offset}) is not after the one before it";
            (lastTimestamp, lastOffset) = (timestamp, offset);
        }

        return null;
    }

    private (long Timestamp, long Offset) At(ReadOnlySpan<byte> entries, int index)
    {
        var entry = entries.Slice(index * Size, Size);
        return (BinaryPrimitives.ReadInt64BigEndian(entry), BaseOffset + BinaryPrimitives.ReadInt32BigEndian(entry[8..]));
    }
}
