using System.Runtime.InteropServices;

namespace Millrace.Protocol.Records;

/// <summary>Where the parts of a record lie; lengths of −1 are null.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct RawRecord
{
    public long TimestampDelta;
    public int OffsetDelta;
    public int KeyOffset;
    public int KeyLength;
    public int ValueOffset;
    public int ValueLength;
    public int HeaderCount;
    public int HeadersOffset;
    public int HeadersLength;
}

/// <summary>
/// Parses one record: length, attributes, timestamp delta, offset delta, key, value, headers; all integers are zigzag varints.
/// </summary>
internal static class RecordParser
{
    public static bool TryRead(ReadOnlySpan<byte> body, ref int position, out RawRecord record)
    {
        record = default;
        var at = position;
        if (!Varint.TryReadInt32(body, ref at, out var length) || length < 0 || length > body.Length - at)
            return false;
        var end = at + length;
        var data = body[..end];
        if (at >= end)
            return false;
        at++; // Attributes: no bit is in use.
        if (!Varint.TryReadInt64(data, ref at, out record.TimestampDelta)
            || !Varint.TryReadInt32(data, ref at, out record.OffsetDelta)
            || !TryReadBytes(data, ref at, out record.KeyOffset, out record.KeyLength)
            || !TryReadBytes(data, ref at, out record.ValueOffset, out record.ValueLength)
            || !Varint.TryReadInt32(data, ref at, out record.HeaderCount)
            || record.HeaderCount < 0)
        {
            return false;
        }

        record.HeadersOffset = at;
        for (var i = 0; i < record.HeaderCount; i++)
        {
            if (!TryReadBytes(data, ref at, out _, out var keyLength) || keyLength < 0 || !TryReadBytes(data, ref at, out _, out _))
                return false;
        }

        record.HeadersLength = at - record.HeadersOffset;
        position = end;
        return at == end;
    }

    public static bool TryReadBytes(ReadOnlySpan<byte> data, ref int at, out int offset, out int length)
    {
        offset = 0;
        if (!Varint.TryReadInt32(data, ref at, out length) || length < -1 || length > data.Length - at)
            return false;
        offset = at;
        if (length > 0)
            at += length;
        return true;
    }
}
