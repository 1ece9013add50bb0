using System.Buffers.Binary;
using Millrace.Broker.Log.Segments;
using Millrace.Broker.Storage;
using Millrace.Protocol.Records;

namespace Millrace.Broker.Log.Producers;

/// <summary>
/// The <c>.snapshot</c> file: the producers at the offset in its name. Version 1, CRC-32C of what follows, number of entries, then entries of
/// producer id, epoch, last sequence, last offset, offset delta, timestamp, coordinator epoch, first offset of the open transaction.
/// </summary>
internal static class ProducerSnapshot
{
    private const short Version = 1;
    private const int HeaderSize = 2 + 4 + 4;
    private const int EntrySize = 8 + 2 + 4 + 8 + 4 + 8 + 4 + 8;

    public static void Write(LogFileSystem files, string path, IReadOnlyCollection<ProducerState> producers)
    {
        var bytes = new byte[HeaderSize + (producers.Count * EntrySize)];
        BinaryPrimitives.WriteInt16BigEndian(bytes, Version);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(6), producers.Count);
        var entry = bytes.AsSpan(HeaderSize);
        foreach (var producer in producers)
        {
            var last = producer.HasBatches ? producer.Last : new ProducerBatch(RecordBatchHeader.NoSequence, -1, 0, producer.LastTimestamp);
            BinaryPrimitives.WriteInt64BigEndian(entry, producer.ProducerId);
            BinaryPrimitives.WriteInt16BigEndian(entry[8..], producer.Epoch);
            BinaryPrimitives.WriteInt32BigEndian(entry[10..], last.LastSequence);
            BinaryPrimitives.WriteInt64BigEndian(entry[14..], last.LastOffset);
            BinaryPrimitives.WriteInt32BigEndian(entry[22..], last.OffsetDelta);
            BinaryPrimitives.WriteInt64BigEndian(entry[26..], producer.LastTimestamp);
            BinaryPrimitives.WriteInt32BigEndian(entry[34..], producer.CoordinatorEpoch);
            BinaryPrimitives.WriteInt64BigEndian(entry[38..], producer.TransactionStart);
            entry = entry[EntrySize..];
        }

        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(2), Crc32C.Compute(bytes.AsSpan(6)));
        files.Replace(path, bytes);
    }

    /// <summary>Reads a snapshot.</summary>
    /// <exception cref="InvalidDataException">The file is malformed.</exception>
    public static List<ProducerState> Read(string path)
    {
        var bytes = File.ReadAllBytes(path).AsSpan();
        if (bytes.Length < HeaderSize || BinaryPrimitives.ReadInt16BigEndian(bytes) != Version)
            throw new InvalidDataException($"{path}: not a producer snapshot of version {Version}.");
        if (BinaryPrimitives.ReadUInt32BigEndian(bytes[2..]) != Crc32C.Compute(bytes[6..]))
            throw new InvalidDataException($"{path}: the checksum does not match.");
        var count = BinaryPrimitives.ReadInt32BigEndian(bytes[6..]);
        if (count < 0 || bytes.Length != HeaderSize + ((long)count * EntrySize))
            throw new InvalidDataException($"{path}: {count} entries do not fit {bytes.Length} bytes.");
        var producers = new List<ProducerState>(count);
        for (var i = 0; i < count; i++)
            producers.Add(ReadEntry(bytes.Slice(HeaderSize + (i * EntrySize), EntrySize)));
        return producers;
    }

    /// <summary>The offsets of the snapshots of a directory, ascending.</summary>
    public static List<long> Find(string directory)
    {
        var offsets = new List<long>();
        foreach (var path in Directory.EnumerateFiles(directory, "*" + SegmentFiles.Snapshot))
        {
            if (SegmentFiles.TryParse(path, SegmentFiles.Snapshot, out var offset))
                offsets.Add(offset);
        }

        offsets.Sort();
        return offsets;
    }

    private static ProducerState ReadEntry(ReadOnlySpan<byte> entry)
    {
        var producer = new ProducerState(BinaryPrimitives.ReadInt64BigEndian(entry)) { Epoch = BinaryPrimitives.ReadInt16BigEndian(entry[8..]) };
        var (lastSequence, lastOffset) = (BinaryPrimitives.ReadInt32BigEndian(entry[10..]), BinaryPrimitives.ReadInt64BigEndian(entry[14..]));
        var timestamp = BinaryPrimitives.ReadInt64BigEndian(entry[26..]);
        if (lastOffset >= 0)
            producer.Add(new ProducerBatch(lastSequence, lastOffset, BinaryPrimitives.ReadInt32BigEndian(entry[22..]), timestamp));
        producer.LastTimestamp = timestamp;
        producer.CoordinatorEpoch = BinaryPrimitives.ReadInt32BigEndian(entry[34..]);
        producer.TransactionStart = BinaryPrimitives.ReadInt64BigEndian(entry[38..]);
        return producer;
    }
}
