using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Millrace.Protocol.Records;

/// <summary>The fixed header of a record batch of format version 2 (KIP-98, KIP-101; magic 2), 61 bytes.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct RecordBatchHeader
{
    /// <summary>Bytes of the header, up to and with the number of records.</summary>
    public const int Size = 61;

    /// <summary>Base offset and length: what the length field does not count.</summary>
    public const int LogOverhead = 12;

    /// <summary>The only format version that is spoken. Kafka 4 writes no other.</summary>
    public const byte CurrentMagic = 2;

    /// <summary>The producer id of a batch that no idempotent producer wrote.</summary>
    public const long NoProducerId = -1;

    /// <summary>The producer epoch of such a batch.</summary>
    public const short NoProducerEpoch = -1;

    /// <summary>The sequence of such a batch.</summary>
    public const int NoSequence = -1;

    internal const int LengthOffset = 8;
    internal const int LeaderEpochOffset = 12;
    internal const int MagicOffset = 16;
    internal const int CrcOffset = 17;
    internal const int AttributesOffset = 21;
    internal const int LastOffsetDeltaOffset = 23;
    internal const int BaseTimestampOffset = 27;
    internal const int MaxTimestampOffset = 35;
    internal const int ProducerIdOffset = 43;
    internal const int ProducerEpochOffset = 51;
    internal const int BaseSequenceOffset = 53;
    internal const int CountOffset = 57;

    /// <summary>Offset of the first record.</summary>
    public required long BaseOffset { get; init; }

    /// <summary>Bytes that follow the length field.</summary>
    public required int Length { get; init; }

    /// <summary>Epoch of the partition's leader that appended the batch.</summary>
    public required int PartitionLeaderEpoch { get; init; }

    /// <summary>Format version.</summary>
    public required byte Magic { get; init; }

    /// <summary>CRC-32C of everything from the attributes on.</summary>
    public required uint Crc { get; init; }

    /// <summary>Codec, kind of timestamp, transactional and control flags.</summary>
    public required short Attributes { get; init; }

    /// <summary>Offset of the last record, counted from the base offset. Compaction keeps it.</summary>
    public required int LastOffsetDelta { get; init; }

    /// <summary>Timestamp of the first record in milliseconds, or the delete horizon where <see cref="HasDeleteHorizon"/>.</summary>
    public required long BaseTimestamp { get; init; }

    /// <summary>The largest timestamp of the batch.</summary>
    public required long MaxTimestamp { get; init; }

    /// <summary>Producer id, or −1.</summary>
    public required long ProducerId { get; init; }

    /// <summary>Producer epoch, or −1.</summary>
    public required short ProducerEpoch { get; init; }

    /// <summary>Sequence of the first record, or −1.</summary>
    public required int BaseSequence { get; init; }

    /// <summary>Records in the batch. Compaction lowers it, down to 0.</summary>
    public required int Count { get; init; }

    /// <summary>Bytes of the whole batch.</summary>
    public int TotalSize => Length + LogOverhead;

    /// <summary>Offset of the last record.</summary>
    public long LastOffset => BaseOffset + LastOffsetDelta;

    /// <summary>Offset after the batch.</summary>
    public long NextOffset => BaseOffset + LastOffsetDelta + 1;

    /// <summary>The codec of the records.</summary>
    public CompressionType Compression => (CompressionType)(Attributes & RecordBatchAttributes.CompressionMask);

    /// <summary>Whether the timestamps are the broker's time of appending.</summary>
    public bool IsLogAppendTime => (Attributes & RecordBatchAttributes.LogAppendTime) != 0;

    /// <summary>Whether the batch belongs to a transaction.</summary>
    public bool IsTransactional => (Attributes & RecordBatchAttributes.Transactional) != 0;

    /// <summary>Whether the batch holds control records, such as the end of a transaction.</summary>
    public bool IsControl => (Attributes & RecordBatchAttributes.Control) != 0;

    /// <summary>Whether the base timestamp is the time from which compaction may drop tombstones (KIP-534).</summary>
    public bool HasDeleteHorizon => (Attributes & RecordBatchAttributes.DeleteHorizon) != 0;

    /// <summary>Whether the batch carries a producer id.</summary>
    public bool HasProducerId => ProducerId >= 0;

    /// <summary>Sequence of the last record; sequences wrap after 2³¹ − 1 to 0.</summary>
    public int LastSequence => BaseSequence == NoSequence ? NoSequence : AddToSequence(BaseSequence, LastOffsetDelta);

    /// <summary>Moves a sequence on, wrapping after 2³¹ − 1 to 0.</summary>
    public static int AddToSequence(int sequence, int delta) => (int)(((long)sequence + delta) & int.MaxValue);

    /// <summary>Reads the header at the start of <paramref name="data"/>; false where there are fewer than 61 bytes. Nothing is judged.</summary>
    public static bool TryRead(ReadOnlySpan<byte> data, out RecordBatchHeader header)
    {
        if (data.Length < Size)
        {
            header = default;
            return false;
        }

        header = new RecordBatchHeader
        {
            BaseOffset = BinaryPrimitives.ReadInt64BigEndian(data),
            Length = BinaryPrimitives.ReadInt32BigEndian(data[LengthOffset..]),
            PartitionLeaderEpoch = BinaryPrimitives.ReadInt32BigEndian(data[LeaderEpochOffset..]),
            Magic = data[MagicOffset],
            Crc = BinaryPrimitives.ReadUInt32BigEndian(data[CrcOffset..]),
            Attributes = BinaryPrimitives.ReadInt16BigEndian(data[AttributesOffset..]),
            LastOffsetDelta = BinaryPrimitives.ReadInt32BigEndian(data[LastOffsetDeltaOffset..]),
            BaseTimestamp = BinaryPrimitives.ReadInt64BigEndian(data[BaseTimestampOffset..]),
            MaxTimestamp = BinaryPrimitives.ReadInt64BigEndian(data[MaxTimestampOffset..]),
            ProducerId = BinaryPrimitives.ReadInt64BigEndian(data[ProducerIdOffset..]),
            ProducerEpoch = BinaryPrimitives.ReadInt16BigEndian(data[ProducerEpochOffset..]),
            BaseSequence = BinaryPrimitives.ReadInt32BigEndian(data[BaseSequenceOffset..]),
            Count = BinaryPrimitives.ReadInt32BigEndian(data[CountOffset..]),
        };
        return true;
    }

    /// <summary>Writes the header to the start of <paramref name="target"/>.</summary>
    public void Write(Span<byte> target)
    {
        BinaryPrimitives.WriteInt64BigEndian(target, BaseOffset);
        BinaryPrimitives.WriteInt32BigEndian(target[LengthOffset..], Length);
        BinaryPrimitives.WriteInt32BigEndian(target[LeaderEpochOffset..], PartitionLeaderEpoch);
        target[MagicOffset] = Magic;
        BinaryPrimitives.WriteUInt32BigEndian(target[CrcOffset..], Crc);
        BinaryPrimitives.WriteInt16BigEndian(target[AttributesOffset..], Attributes);
        BinaryPrimitives.WriteInt32BigEndian(target[LastOffsetDeltaOffset..], LastOffsetDelta);
        BinaryPrimitives.WriteInt64BigEndian(target[BaseTimestampOffset..], BaseTimestamp);
        BinaryPrimitives.WriteInt64BigEndian(target[MaxTimestampOffset..], MaxTimestamp);
        BinaryPrimitives.WriteInt64BigEndian(target[ProducerIdOffset..], ProducerId);
        BinaryPrimitives.WriteInt16BigEndian(target[ProducerEpochOffset..], ProducerEpoch);
        BinaryPrimitives.WriteInt32BigEndian(target[BaseSequenceOffset..], BaseSequence);
        BinaryPrimitives.WriteInt32BigEndian(target[CountOffset..], Count);
    }

    /// <summary>The checksum that the header and this body should have.</summary>
    /// <param name="body">The records as they are stored.</param>
    public uint ComputeCrc(ReadOnlySpan<byte> body)
    {
        Span<byte> bytes = stackalloc byte[Size];
        Write(bytes);
        return Crc32C.Append(Crc32C.Compute(bytes[AttributesOffset..]), body);
    }

    /// <summary>Names what contradicts the format in the header itself, or null.</summary>
    public string? Validate()
    {
        if (Magic != CurrentMagic)
            return $"the magic is {Magic}, only record format version {CurrentMagic} is spoken";
        if (Length < Size - LogOverhead)
            return $"the length {Length} is smaller than the header";
        if (LastOffsetDelta < 0)
            return $"the last offset delta {LastOffsetDelta} is negative";
        if (Count < 0 || Count > (long)LastOffsetDelta + 1)
            return $"{Count} records do not fit a last offset delta of {LastOffsetDelta}";
        if (BaseOffset < 0)
            return $"the base offset {BaseOffset} is negative";
        if ((Attributes & RecordBatchAttributes.CompressionMask) > (int)CompressionType.Zstd)
            return $"the compression type {Attributes & RecordBatchAttributes.CompressionMask} is unknown";
        return null;
    }
}

/// <summary>Bits of the attributes of a record batch.</summary>
internal static class RecordBatchAttributes
{
    public const short CompressionMask = 0x07;
    public const short LogAppendTime = 0x08;
    public const short Transactional = 0x10;
    public const short Control = 0x20;
    public const short DeleteHorizon = 0x40;
}
