using System.Buffers.Binary;
using System.Text;

namespace Millrace.Streams.Serialization;

/// <summary>Reads what a <see cref="StateWriter"/> wrote. Every read past the end is an <see cref="InvalidDataException"/>.</summary>
public ref struct StateReader
{
    private ReadOnlySpan<byte> _rest;

    /// <summary>Reads from the start of the bytes.</summary>
    public StateReader(ReadOnlySpan<byte> bytes) => _rest = bytes;

    /// <summary>How many bytes are left.</summary>
    public readonly int Remaining => _rest.Length;

    /// <summary>Reads one byte.</summary>
    public byte ReadByte() => ReadRaw(1)[0];

    /// <summary>Reads four bytes.</summary>
    public int ReadInt32() => BinaryPrimitives.ReadInt32LittleEndian(ReadRaw(sizeof(int)));

    /// <summary>Reads eight bytes.</summary>
    public long ReadInt64() => BinaryPrimitives.ReadInt64LittleEndian(ReadRaw(sizeof(long)));

    /// <summary>Reads a length or a count.</summary>
    public int ReadLength()
    {
        uint value = 0;
        for (var shift = 0; shift < 35; shift += 7)
        {
            var next = ReadByte();
            value |= (uint)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value <= int.MaxValue ? (int)value : throw new InvalidDataException($"A length of {value} in the state is too large.");
            }
        }

        throw new InvalidDataException("A length in the state has more than five bytes.");
    }

    /// <summary>Reads bytes without a length before them.</summary>
    public ReadOnlySpan<byte> ReadRaw(int count)
    {
        if ((uint)count > (uint)_rest.Length)
        {
            throw new InvalidDataException($"The state ends early: {count} bytes wanted, {_rest.Length} left.");
        }

        var result = _rest[..count];
        _rest = _rest[count..];
        return result;
    }

    /// <summary>Reads bytes with their length before them.</summary>
    public ReadOnlySpan<byte> ReadBytes() => ReadRaw(ReadLength());

    /// <summary>Reads text.</summary>
    public string ReadString() => Encoding.UTF8.GetString(ReadBytes());

    /// <summary>Reads all that is left.</summary>
    public ReadOnlySpan<byte> ReadRest() => ReadRaw(_rest.Length);
}
