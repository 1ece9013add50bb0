using System.Buffers;
using System.Runtime.InteropServices;
using Millrace.Broker.Log.Segments;
using Millrace.Protocol.Records;

namespace Millrace.Broker.Log;

/// <summary>A run of bytes in a segment file. It is read only when someone asks, straight into the caller's buffer.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly struct LogSlice
{
    private readonly LogSegment? _segment;
    private readonly int _position;

    internal LogSlice(LogSegment segment, int position, int length)
    {
        _segment = segment;
        _position = position;
        Length = length;
    }

    public int Length { get; }

    public bool IsEmpty => Length == 0;

    /// <summary>Reads all bytes into <paramref name="target"/>, which has at least <see cref="Length"/> bytes.</summary>
    /// <exception cref="CorruptRecordException">A batch's checksum does not match.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public void CopyTo(Span<byte> target)
    {
        Load(target, out var damage);
        if (damage is not null)
            throw damage;
    }

    /// <summary>Reads the bytes before the first damaged batch, and says how many they are: what is intact is served, and the next read, which
    /// begins at the damage, says where it is.</summary>
    /// <exception cref="CorruptRecordException">The first batch is damaged.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public int CopyIntactTo(Span<byte> target)
    {
        var intact = Load(target, out var damage);
        return damage is null || intact > 0 ? intact : throw damage;
    }

    /// <summary>Appends the bytes to <paramref name="target"/>.</summary>
    public void CopyTo(IBufferWriter<byte> target)
    {
        CopyTo(target.GetSpan(Length));
        target.Advance(Length);
    }

    /// <summary>The bytes in an array of their own.</summary>
    public byte[] ToArray()
    {
        var bytes = GC.AllocateUninitializedArray<byte>(Length);
        CopyTo(bytes);
        return bytes;
    }

    private int Load(Span<byte> target, out CorruptRecordException? damage)
    {
        damage = null;
        if (_segment is null)
            return 0;
        target = target[..Length];
        var read = _segment.File.Read(target, _position);
        if (read < Length)
            throw new CorruptRecordException($"{_segment.File.Path}: {Length} bytes were expected at position {_position}, there are {read}.");
        // What this process wrote was checked when it came; what it found on the disk is checked before it goes out.
        return _position < _segment.WrittenFrom ? Intact(target, out damage) : Length;
    }

    private int Intact(ReadOnlySpan<byte> bytes, out CorruptRecordException? damage)
    {
        damage = null;
        var at = 0;
        while (RecordBatchHeader.TryRead(bytes[at..], out var header))
        {
            var error = header.Validate();
            if (error is null && header.TotalSize > bytes.Length - at)
                break;
            if (error is null && Crc32C.Compute(bytes.Slice(at + RecordBatchHeader.AttributesOffset, header.TotalSize - RecordBatchHeader.AttributesOffset)) != header.Crc)
                error = "the checksum does not match";
            if (error is not null)
            {
                damage = new CorruptRecordException($"{_segment!.File.Path}: the record batch at position {_position + at}, offset {header.BaseOffset}, is damaged: {error}.");
                return at;
            }

            at += header.TotalSize;
        }

        return bytes.Length;
    }
}
