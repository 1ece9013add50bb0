using System.Runtime.CompilerServices;

namespace Millrace.Protocol.Records;

/// <summary>Zigzag varints of the record format (the same as Protocol Buffers' sint32 and sint64).</summary>
internal static class Varint
{
    /// <summary>Reads a signed 64-bit value at <paramref name="position"/> and moves it; false where the bytes end or the value is over-long.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryReadInt64(ReadOnlySpan<byte> data, ref int position, out long value)
    {
        // Deltas and lengths are nearly always one byte.
        if ((uint)position < (uint)data.Length && data[position] < 0x80)
        {
            value = (data[position] >> 1) ^ -(data[position] & 1);
            position++;
            return true;
        }

        return TryReadLong(data, ref position, out value);
    }

    /// <summary>Reads a signed 32-bit value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryReadInt32(ReadOnlySpan<byte> data, ref int position, out int value)
    {
        var read = TryReadInt64(data, ref position, out var wide);
        value = (int)wide;
        return read && value == wide;
    }

    public static int Size(long value)
    {
        var zigzag = (ulong)((value << 1) ^ (value >> 63));
        return ((63 - System.Numerics.BitOperations.LeadingZeroCount(zigzag | 1)) / 7) + 1;
    }

    public static int Write(Span<byte> target, long value)
    {
        var zigzag = (ulong)((value << 1) ^ (value >> 63));
        var position = 0;
        while (zigzag >= 0x80)
        {
            target[position++] = (byte)(zigzag | 0x80);
            zigzag >>= 7;
        }

        target[position++] = (byte)zigzag;
        return position;
    }

    private static bool TryReadLong(ReadOnlySpan<byte> data, ref int position, out long value)
    {
        ulong zigzag = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if ((uint)position >= (uint)data.Length)
                break;
            var next = data[position++];
            if (shift == 63 && next > 1)
                break;
            zigzag |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                value = (long)(zigzag >> 1) ^ -(long)(zigzag & 1);
                return true;
            }
        }

        value = 0;
        return false;
    }
}
