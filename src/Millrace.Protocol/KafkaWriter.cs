using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;

namespace Millrace.Protocol;

/// <summary>
/// Writes the primitive types of the Kafka protocol into a pooled, growing buffer. Record sets of <see cref="ExternalThreshold"/> bytes or more are
/// not copied: they become segments of their own in the <see cref="EncodedMessage"/>, and must stay valid until it is disposed.
/// </summary>
/// <remarks>Kafka protocol guide, "Protocol Primitive Types"; KIP-482 for the compact forms and tagged fields.</remarks>
public ref struct KafkaWriter
{
    /// <summary>The size from which a record set is referenced instead of copied: below it, a segment of its own costs more than the copy.</summary>
    public const int ExternalThreshold = 8 * 1024;

    private const int MinimumCapacity = 256;

    private byte[] _buffer;
    private int _position;
    private int _externalBytes;
    private List<ExternalSegment>? _externals;

    /// <summary>Initializes a new instance of the <see cref="KafkaWriter"/> struct.</summary>
    /// <param name="capacity">The expected size in bytes; the buffer grows as needed.</param>
    public KafkaWriter(int capacity)
    {
        _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(capacity, MinimumCapacity));
    }

    /// <summary>Gets the number of bytes written, external segments included.</summary>
    public readonly int Length => _position + _externalBytes;

    /// <summary>Writes a boolean.</summary>
    /// <param name="value">The value.</param>
    public void WriteBoolean(bool value) => Reserve(1)[0] = value ? (byte)1 : (byte)0;

    /// <summary>Writes a signed byte.</summary>
    /// <param name="value">The value.</param>
    public void WriteInt8(sbyte value) => Reserve(1)[0] = (byte)value;

    /// <summary>Writes a big-endian 16-bit integer.</summary>
    /// <param name="value">The value.</param>
    public void WriteInt16(short value) => BinaryPrimitives.WriteInt16BigEndian(Reserve(2), value);

    /// <summary>Writes a big-endian unsigned 16-bit integer.</summary>
    /// <param name="value">The value.</param>
    public void WriteUint16(ushort value) => BinaryPrimitives.WriteUInt16BigEndian(Reserve(2), value);

    /// <summary>Writes a big-endian 32-bit integer.</summary>
    /// <param name="value">The value.</param>
    public void WriteInt32(int value) => BinaryPrimitives.WriteInt32BigEndian(Reserve(4), value);

    /// <summary>Writes a big-endian 64-bit integer.</summary>
    /// <param name="value">The value.</param>
    public void WriteInt64(long value) => BinaryPrimitives.WriteInt64BigEndian(Reserve(8), value);

    /// <summary>Writes a big-endian IEEE 754 double.</summary>
    /// <param name="value">The value.</param>
    public void WriteFloat64(double value) => BinaryPrimitives.WriteDoubleBigEndian(Reserve(8), value);

    /// <summary>Writes a UUID, most significant byte first.</summary>
    /// <param name="value">The value.</param>
    public void WriteUuid(Guid value) => value.TryWriteBytes(Reserve(16), bigEndian: true, out _);

    /// <summary>Writes an error code.</summary>
    /// <param name="value">The value.</param>
    public void WriteError(ErrorCode value) => WriteInt16((short)value);

    /// <summary>Writes an unsigned variable-length integer.</summary>
    /// <param name="value">The value.</param>
    public void WriteUnsignedVarint(uint value)
    {
        while (value >= 0x80)
        {
            Reserve(1)[0] = (byte)(value | 0x80);
            value >>= 7;
        }

        Reserve(1)[0] = (byte)value;
    }

    /// <summary>Writes a string that is not null.</summary>
    /// <param name="value">The value.</param>
    /// <param name="flexible">Whether the version has compact lengths.</param>
    public void WriteString(string value, bool flexible)
    {
        ArgumentNullException.ThrowIfNull(value);
        int bytes = Encoding.UTF8.GetByteCount(value);
        if (!flexible && bytes > short.MaxValue) throw new ArgumentException($"a string of {bytes} bytes exceeds the {short.MaxValue} that this version can carry", nameof(value));
        if (flexible) WriteUnsignedVarint((uint)bytes + 1);
        else WriteInt16((short)bytes);
        Encoding.UTF8.GetBytes(value, Reserve(bytes));
    }

    /// <summary>Writes a string that can be null.</summary>
    /// <param name="value">The value, or null.</param>
    /// <param name="flexible">Whether the version has compact lengths.</param>
    public void WriteNullableString(string? value, bool flexible)
    {
        if (value is not null) WriteString(value, flexible);
        else if (flexible) WriteUnsignedVarint(0);
        else WriteInt16(-1);
    }

    /// <summary>Writes a byte array that is not null.</summary>
    /// <param name="value">The value.</param>
    /// <param name="flexible">Whether the version has compact lengths.</param>
    public void WriteBytes(byte[] value, bool flexible)
    {
        ArgumentNullException.ThrowIfNull(value);
        WriteArrayLength(value.Length, flexible);
        WriteRaw(value);
    }

    /// <summary>Writes a byte array that can be null.</summary>
    /// <param name="value">The value, or null.</param>
    /// <param name="flexible">Whether the version has compact lengths.</param>
    public void WriteNullableBytes(byte[]? value, bool flexible)
    {
        if (value is null) WriteArrayLength(-1, flexible);
        else WriteBytes(value, flexible);
    }

    /// <summary>Writes a record set that is not null.</summary>
    /// <param name="value">The batches; referenced until the message is disposed if they are large.</param>
    /// <param name="flexible">Whether the version has compact lengths.</param>
    public void WriteRecords(ReadOnlyMemory<byte> value, bool flexible)
    {
        WriteArrayLength(value.Length, flexible);
        if (value.Length < ExternalThreshold)
        {
            WriteRaw(value.Span);
            return;
        }

        (_externals ??= []).Add(new ExternalSegment(_position, value));
        _externalBytes += value.Length;
    }

    /// <summary>Writes a record set that can be null.</summary>
    /// <param name="value">The batches, or null; referenced until the message is disposed if they are large.</param>
    /// <param name="flexible">Whether the version has compact lengths.</param>
    public void WriteNullableRecords(ReadOnlyMemory<byte>? value, bool flexible)
    {
        if (value is { } records) WriteRecords(records, flexible);
        else WriteArrayLength(-1, flexible);
    }

    /// <summary>Writes the length of an array.</summary>
    /// <param name="length">The number of elements, or -1 for null.</param>
    /// <param name="flexible">Whether the version has compact lengths.</param>
    public void WriteArrayLength(int length, bool flexible)
    {
        if (flexible) WriteUnsignedVarint((uint)(length + 1));
        else WriteInt32(length);
    }

    /// <summary>Writes bytes as they are.</summary>
    /// <param name="value">The bytes.</param>
    public void WriteRaw(scoped ReadOnlySpan<byte> value) => value.CopyTo(Reserve(value.Length));

    /// <summary>Begins a tagged field: its size is put in front of it by <see cref="EndTag"/>.</summary>
    /// <param name="tag">The tag.</param>
    /// <returns>The mark to give to <see cref="EndTag"/>.</returns>
    public int BeginTag(int tag)
    {
        WriteUnsignedVarint((uint)tag);
        return _position;
    }

    /// <summary>Ends a tagged field.</summary>
    /// <param name="mark">What <see cref="BeginTag"/> returned.</param>
    public void EndTag(int mark)
    {
        int size = _position - mark;
        int prefix = 1;
        for (uint rest = (uint)size >> 7; rest != 0; rest >>= 7) prefix++;
        Reserve(prefix);
        _buffer.AsSpan(mark, size).CopyTo(_buffer.AsSpan(mark + prefix));
        _position = mark;
        WriteUnsignedVarint((uint)size);
        _position = mark + prefix + size;
    }

    /// <summary>Overwrites four bytes that were written before: a frame's length.</summary>
    /// <param name="position">Where.</param>
    /// <param name="value">The value.</param>
    public readonly void Patch(int position, int value) => BinaryPrimitives.WriteInt32BigEndian(_buffer.AsSpan(position, 4), value);

    /// <summary>Ends the message and hands its buffer over.</summary>
    /// <returns>The message; dispose it when it has been sent.</returns>
    public EncodedMessage Complete()
    {
        var message = new EncodedMessage(_buffer, _position, _externals, Length);
        _buffer = [];
        _position = 0;
        _externals = null;
        _externalBytes = 0;
        return message;
    }

    /// <summary>Gives the buffer back where the message was not completed.</summary>
    public void Dispose()
    {
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Span<byte> Reserve(int length)
    {
        if (_buffer.Length - _position < length) Grow(length);
        var span = _buffer.AsSpan(_position, length);
        _position += length;
        return span;
    }

    private void Grow(int length)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(checked(_position + length), Math.Min(_buffer.Length * 2, Array.MaxLength)));
        _buffer.AsSpan(0, _position).CopyTo(larger);
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}

/// <summary>A record set that is sent from where it lies.</summary>
/// <param name="Position">The position in the writer's buffer in front of which it goes out.</param>
/// <param name="Memory">The bytes.</param>
internal readonly record struct ExternalSegment(int Position, ReadOnlyMemory<byte> Memory);
