using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;
using global::Avro;

namespace Millrace.Schemas.Avro;

/// <summary>
/// Decodes Avro binary (specification 1.12, "Binary Encoding") from memory. Unlike Apache.Avro's own decoder it never allocates more than the bytes that
/// are there can fill, and ends with an exception, not with the process, on values nested too deep: five bytes of a record could otherwise claim two gigabytes.
/// </summary>
internal sealed class BoundedDecoder(ReadOnlyMemory<byte> data) : global::Avro.IO.Decoder
{
    // Items of type null take no bytes; so many are believed without any.
    private const int ItemsWithoutBytes = 65_536;
    private int _position;

    internal int Remaining => data.Length - _position;

    public void ReadNull()
    {
        // Null has no bytes.
    }

    public bool ReadBoolean() => Take(1)[0] switch
    {
        0 => false,
        1 => true,
        var b => throw new AvroException($"{b} is not a boolean"),
    };

    public int ReadInt()
    {
        var value = ReadLong();
        return value is >= int.MinValue and <= int.MaxValue ? (int)value : throw new AvroException($"{value} is not an int");
    }

    public long ReadLong()
    {
        ulong encoded = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            var b = Take(1)[0];
            if (shift == 63 && b > 1)
                break;
            encoded |= (ulong)(b & 0x7F) << shift;
            if ((b & 0x80) == 0)
                return (long)(encoded >> 1) ^ -(long)(encoded & 1);
        }

        throw new AvroException("a number is longer than 64 bits");
    }

    public float ReadFloat() => BinaryPrimitives.ReadSingleLittleEndian(Take(4));

    public double ReadDouble() => BinaryPrimitives.ReadDoubleLittleEndian(Take(8));

    public byte[] ReadBytes() => Take(ReadLong()).ToArray();

    public string ReadString() => Encoding.UTF8.GetString(Take(ReadLong()));

    public int ReadEnum() => ReadInt();

    public int ReadUnionIndex()
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return ReadInt();
    }

    public long ReadArrayStart()
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return ReadBlockCount();
    }

    public long ReadArrayNext() => ReadBlockCount();

    public long ReadMapStart() => ReadArrayStart();

    public long ReadMapNext() => ReadBlockCount();

    public void ReadFixed(byte[] buffer) => ReadFixed(buffer, 0, buffer.Length);

    public void ReadFixed(byte[] buffer, int start, int length) => Take(length).CopyTo(buffer.AsSpan(start, length));

    public void SkipNull()
    {
        // Null has no bytes.
    }

    public void SkipBoolean() => Take(1);

    public void SkipInt() => ReadInt();

    public void SkipLong() => ReadLong();

    public void SkipFloat() => Take(4);

    public void SkipDouble() => Take(8);

    public void SkipBytes() => Take(ReadLong());

    public void SkipString() => Take(ReadLong());

    public void SkipEnum() => ReadInt();

    public void SkipUnionIndex() => ReadUnionIndex();

    public void SkipFixed(int len) => Take(len);

    private long ReadBlockCount()
    {
        var count = ReadLong();
        if (count < 0)
        {
            // A negative count is followed by the block's size in bytes, which is of use only for skipping.
            ReadLong();
            count = count == long.MinValue ? long.MaxValue : -count;
        }

        return count <= Math.Max(Remaining, ItemsWithoutBytes) ? count : throw new AvroException($"a block claims {count} items, and {Remaining} bytes are left");
    }

    private ReadOnlySpan<byte> Take(long length)
    {
        if (length < 0 || length > Remaining)
            throw new AvroException($"{length} bytes are expected at byte {_position}, and {Remaining} are left");
        var span = data.Span.Slice(_position, (int)length);
        _position += (int)length;
        return span;
    }
}

/// <summary>Reads generic Avro values for people.</summary>
public static class AvroBinary
{
    /// <summary>Reads one value with its writer's schema.</summary>
    /// <param name="schema">The writer's schema.</param>
    /// <param name="data">All bytes of the value.</param>
    /// <exception cref="Serialization.SerdeException">They are not such a value.</exception>
    public static object? ReadGeneric(Schema schema, ReadOnlySpan<byte> data)
    {
        try
        {
            var decoder = new BoundedDecoder(data.ToArray());
            var value = new global::Avro.Generic.GenericDatumReader<object>(schema, schema).Read(null!, decoder);
            return decoder.Remaining == 0 ? value : throw new AvroException($"{decoder.Remaining} bytes are left after the value");
        }
        catch (Exception e)
        {
            // Apache.Avro lets many kinds of exceptions out for malformed bytes.
            throw new Serialization.SerdeException($"The bytes are not Avro of {schema.Fullname}: {e.Message}", e);
        }
    }
}
