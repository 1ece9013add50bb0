using System.Buffers.Binary;
using System.Text;

namespace Millrace.Protocol;

/// <summary>
/// Reads the primitive types of the Kafka protocol from one frame. Every length is checked against the bytes that remain before anything
/// is allocated; what does not fit is a <see cref="MalformedMessageException"/>. Record sets are slices of the frame, never copies.
/// </summary>
/// <remarks>Kafka protocol guide, "Protocol Primitive Types"; KIP-482 for the compact forms and tagged fields.</remarks>
public ref struct KafkaReader
{
    private readonly ReadOnlyMemory<byte> _memory;
    private readonly ReadOnlySpan<byte> _span;
    private int _position;

    /// <summary>Initializes a new instance of the <see cref="KafkaReader"/> struct.</summary>
    /// <param name="memory">The frame, without its length prefix.</param>
    public KafkaReader(ReadOnlyMemory<byte> memory)
    {
        _memory = memory;
        _span = memory.Span;
    }

    /// <summary>Gets the number of bytes read.</summary>
    public readonly int Position => _position;

    /// <summary>Gets the number of bytes left.</summary>
    public readonly int Remaining => _span.Length - _position;

    /// <summary>Reads a boolean; every value but zero is true.</summary>
    /// <returns>The value.</returns>
    public bool ReadBoolean() => Take(1)[0] != 0;

    /// <summary>Reads a signed byte.</summary>
    /// <returns>The value.</returns>
    public sbyte ReadInt8() => (sbyte)Take(1)[0];

    /// <summary>Reads a big-endian 16-bit integer.</summary>
    /// <returns>The value.</returns>
    public short ReadInt16() => BinaryPrimitives.ReadInt16BigEndian(Take(2));

    /// <summary>Reads a big-endian unsigned 16-bit integer.</summary>
    /// <returns>The value.</returns>
    public ushort ReadUint16() => BinaryPrimitives.ReadUInt16BigEndian(Take(2));

    /// <summary>Reads a big-endian 32-bit integer.</summary>
    /// <returns>The value.</returns>
    public int ReadInt32() => BinaryPrimitives.ReadInt32BigEndian(Take(4));

    /// <summary>Reads a big-endian 64-bit integer.</summary>
    /// <returns>The value.</returns>
    public long ReadInt64() => BinaryPrimitives.ReadInt64BigEndian(Take(8));

    /// <summary>Reads a big-endian IEEE 754 double.</summary>
    /// <returns>The value.</returns>
    public double ReadFloat64() => BinaryPrimitives.ReadDoubleBigEndian(Take(8));

    /// <summary>Reads a UUID, most significant byte first.</summary>
    /// <returns>The value.</returns>
    public Guid ReadUuid() => new(Take(16), bigEndian: true);

    /// <summary>Reads an error code; codes that this library does not know are kept as numbers.</summary>
    /// <returns>The value.</returns>
    public ErrorCode ReadError() => (ErrorCode)ReadInt16();

    /// <summary>Reads an unsigned variable-length integer of at most five bytes.</summary>
    /// <returns>The value.</returns>
    public uint ReadUnsignedVarint()
    {
        uint value = 0;
        for (int shift = 0; shift < 35; shift += 7)
        {
            byte b = Take(1)[0];
            if (shift == 28 && b > 0x0f) break;
            value |= (uint)(b & 0x7f) << shift;
            if (b < 0x80) return value;
        }

        throw new MalformedMessageException($"the variable-length integer before position {_position} is longer than 32 bits");
    }

    /// <summary>Reads a string that must not be null.</summary>
    /// <param name="flexible">Whether the version has compact lengths.</param>
    /// <returns>The value.</returns>
    public string ReadString(bool flexible)
    {
        int length = ReadLength(flexible, isString: true);
        if (length < 0) MalformedMessageException.ThrowNull("a string");
        return length == 0 ? "" : Encoding.UTF8.GetString(Take(length));
    }

    /// <summary>Reads a string that can be null.</summary>
    /// <param name="flexible">Whether the version has compact lengths.</param>
    /// <returns>The value, or null.</returns>
    public string? ReadNullableString(bool flexible)
    {
        int length = ReadLength(flexible, isString: true);
        return length < 0 ? null : length == 0 ? "" : Encoding.UTF8.GetString(Take(length));
    }

    /// <summary>Reads a byte array that must not be null.</summary>
    /// <param name="flexible">Whether the version has compact lengths.</param>
    /// <returns>A copy of the bytes: it outlives the frame.</returns>
    public byte[] ReadBytes(bool flexible)
    {
        byte[]? value = ReadNullableBytes(flexible);
        if (value is null) MalformedMessageException.ThrowNull("a byte array");
        return value;
    }

    /// <summary>Reads a byte array that can be null.</summary>
    /// <param name="flexible">Whether the version has compact lengths.</param>
    /// <returns>A copy of the bytes, or null.</returns>
    public byte[]? ReadNullableBytes(bool flexible)
    {
        int length = ReadLength(flexible, isString: false);
        return length < 0 ? null : Take(length).ToArray();
    }

    /// <summary>Reads a record set that must not be null.</summary>
    /// <param name="flexible">Whether the version has compact lengths.</param>
    /// <returns>A slice of the frame.</returns>
    public ReadOnlyMemory<byte> ReadRecords(bool flexible)
    {
        var value = ReadNullableRecords(flexible);
        if (value is null) MalformedMessageException.ThrowNull("a record set");
        return value.GetValueOrDefault();
    }

    /// <summary>Reads a record set that can be null.</summary>
    /// <param name="flexible">Whether the version has compact lengths.</param>
    /// <returns>A slice of the frame, or null.</returns>
    public ReadOnlyMemory<byte>? ReadNullableRecords(bool flexible)
    {
        int length = ReadLength(flexible, isString: false);
        if (length < 0) return null;
        int start = _position;
        Take(length);
        return _memory.Slice(start, length);
    }

    /// <summary>Reads the length of an array.</summary>
    /// <param name="flexible">Whether the version has compact lengths.</param>
    /// <param name="elementBytes">The fewest bytes that an element takes: it bounds the length.</param>
    /// <returns>The number of elements, or -1 for null.</returns>
    public int ReadArrayLength(bool flexible, int elementBytes)
    {
        long length = flexible ? (long)ReadUnsignedVarint() - 1 : ReadInt32();
        if (length < -1 || length * elementBytes > Remaining) MalformedMessageException.ThrowLength(_position, length, Remaining);
        return (int)length;
    }

    /// <summary>Reads the number of tagged fields.</summary>
    /// <returns>The number.</returns>
    public int ReadTagCount()
    {
        uint count = ReadUnsignedVarint();
        // A tag takes at least two bytes: its number and its size.
        if (count > (uint)Remaining / 2) MalformedMessageException.ThrowLength(_position, count, Remaining);
        return (int)count;
    }

    /// <summary>Reads the head of a tagged field.</summary>
    /// <param name="end">The position at which the field ends.</param>
    /// <returns>The tag.</returns>
    public int ReadTag(out int end)
    {
        uint tag = ReadUnsignedVarint();
        uint size = ReadUnsignedVarint();
        if (size > (uint)Remaining || tag > int.MaxValue) MalformedMessageException.ThrowLength(_position, size, Remaining);
        end = _position + (int)size;
        return (int)tag;
    }

    /// <summary>Leaves a tagged field, whether its value was read or not.</summary>
    /// <param name="end">The position that <see cref="ReadTag"/> gave.</param>
    public void EndTag(int end)
    {
        if (_position > end) throw new MalformedMessageException($"a tagged field that ends at position {end} was read up to {_position}");
        _position = end;
    }

    /// <summary>Skips all tagged fields of a structure that knows none.</summary>
    public void SkipTaggedFields()
    {
        for (int remaining = ReadTagCount(); remaining > 0; remaining--)
        {
            ReadTag(out int end);
            _position = end;
        }
    }

    /// <summary>Takes raw bytes.</summary>
    /// <param name="length">How many.</param>
    /// <returns>A span over the frame.</returns>
    public ReadOnlySpan<byte> Take(int length)
    {
        if ((uint)length > (uint)Remaining) MalformedMessageException.ThrowTooShort(_position, length, Remaining);
        var taken = _span.Slice(_position, length);
        _position += length;
        return taken;
    }

    private int ReadLength(bool flexible, bool isString)
    {
        long length = flexible ? (long)ReadUnsignedVarint() - 1 : isString ? ReadInt16() : ReadInt32();
        if (length < -1 || length > Remaining) MalformedMessageException.ThrowLength(_position, length, Remaining);
        return (int)length;
    }
}
