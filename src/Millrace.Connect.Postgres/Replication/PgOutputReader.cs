using System.Buffers.Binary;
using System.Text;

namespace Millrace.Connect.Postgres.Replication;

/// <summary>
/// Reads the fields of one pgoutput message (PostgreSQL documentation, "Logical Replication Message Formats"). Everything that comes from the
/// server is checked: a message that is too short or malformed is an error, never a wrong row.
/// </summary>
internal ref struct PgOutputReader(ReadOnlySpan<byte> message)
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private ReadOnlySpan<byte> _rest = message;

    internal readonly int Remaining => _rest.Length;

    internal byte Byte() => Take(1)[0];

    internal short Int16() => BinaryPrimitives.ReadInt16BigEndian(Take(2));

    internal int Int32() => BinaryPrimitives.ReadInt32BigEndian(Take(4));

    internal uint UInt32() => BinaryPrimitives.ReadUInt32BigEndian(Take(4));

    internal long Int64() => BinaryPrimitives.ReadInt64BigEndian(Take(8));

    internal ulong UInt64() => BinaryPrimitives.ReadUInt64BigEndian(Take(8));

    internal string Text()
    {
        var end = _rest.IndexOf((byte)0);
        if (end < 0) throw TooShort();
        var text = Utf8.GetString(_rest[..end]);
        _rest = _rest[(end + 1)..];
        return text;
    }

    internal ReadOnlySpan<byte> Bytes(int count)
    {
        if (count < 0) throw new DataException($"A replication message gives a length of {count}.");
        return Take(count);
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (_rest.Length < count) throw TooShort();
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    private static DataException TooShort() => new("A replication message ends too early.");
}
