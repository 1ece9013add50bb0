using Millrace.Connect.Postgres.Catalog;

namespace Millrace.Connect.Postgres.Replication;

/// <summary>The relation of a Relation message.</summary>
internal sealed record RelationMessage(uint Oid, TableId Id, char ReplicaIdentity, IReadOnlyList<ColumnInfo> Columns);

/// <summary>What a decoder calls; the spans are valid during the call only.</summary>
internal interface IPgOutputHandler
{
    void Begin(ulong commitLsn, long commitMicros, uint xid);

    void Commit(ulong commitLsn, ulong endLsn);

    void Origin(ulong lsn, string name);

    void Relation(RelationMessage relation);

    void Change(char operation, uint relation, TupleReader? before, bool beforeIsKey, TupleReader? after);

    void Truncate(IReadOnlyList<uint> relations);

    void Message(bool transactional, ulong lsn, string prefix, ReadOnlySpan<byte> content);
}

/// <summary>The bytes of a tuple, a part of the message; valid during the call only. Read against a table's columns.</summary>
internal readonly record struct TupleReader(ReadOnlyMemory<byte> Bytes);

/// <summary>Decodes pgoutput messages of protocol version 1: whole, committed transactions in commit order.</summary>
internal static class PgOutputDecoder
{
    // PostgreSQL's MaxHeapAttributeNumber is 1600.
    private const int MaxColumns = 1664;

    internal static void Decode(ReadOnlyMemory<byte> message, IPgOutputHandler handler)
    {
        var reader = new PgOutputReader(message.Span);
        try
        {
            switch ((char)reader.Byte())
            {
                case 'B':
                    var finalLsn = reader.UInt64();
                    handler.Begin(finalLsn, ToUnixMicros(reader.Int64()), reader.UInt32());
                    break;
                case 'C':
                    reader.Byte();
                    handler.Commit(reader.UInt64(), reader.UInt64());
                    break;
                case 'O':
                    handler.Origin(reader.UInt64(), reader.Text());
                    break;
                case 'R':
                    handler.Relation(ReadRelation(ref reader));
                    break;
                case 'Y':
                    break; // types are looked up in the catalogue
                case 'I':
                    ReadInsert(ref reader, message, handler);
                    break;
                case 'U':
                    ReadUpdate(ref reader, message, handler);
                    break;
                case 'D':
                    ReadDelete(ref reader, message, handler);
                    break;
                case 'T':
                    ReadTruncate(ref reader, handler);
                    break;
                case 'M':
                    var transactional = (reader.Byte() & 1) != 0;
                    handler.Message(transactional, reader.UInt64(), reader.Text(), reader.Bytes(reader.Int32()));
                    break;
                case var unknown:
                    throw new DataException($"Replication message of unknown type 0x{(int)unknown:X2}.");
            }
        }
        catch (Exception e) when (e is System.Text.DecoderFallbackException or OverflowException or ArgumentOutOfRangeException)
        {
            throw new DataException($"A replication message cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Reads a tuple's values; null and unchanged values are told by the kind.</summary>
    internal static int ColumnCount(ref PgOutputReader reader)
    {
        var count = reader.Int16();
        return count is >= 0 and <= MaxColumns ? count : throw new DataException($"A replication message has a row of {count} columns.");
    }

    private static long ToUnixMicros(long sincePostgresEpoch) => checked(sincePostgresEpoch + 946_684_800_000_000);

    private static RelationMessage ReadRelation(ref PgOutputReader reader)
    {
        var oid = reader.UInt32();
        var schema = reader.Text();
        var id = new TableId(schema.Length == 0 ? "pg_catalog" : schema, reader.Text());
        var identity = (char)reader.Byte();
        var columns = new ColumnInfo[ColumnCount(ref reader)];
        for (var i = 0; i < columns.Length; i++)
        {
            var isKey = (reader.Byte() & 1) != 0;
            columns[i] = new ColumnInfo(reader.Text(), reader.UInt32(), reader.Int32(), isKey, NotNull: false);
        }

        return new(oid, id, identity, columns);
    }

    private static void ReadInsert(ref PgOutputReader reader, ReadOnlyMemory<byte> message, IPgOutputHandler handler)
    {
        var relation = reader.UInt32();
        Expect(reader.Byte(), 'N');
        handler.Change('c', relation, null, false, Tuple(ref reader, message));
    }

    private static void ReadUpdate(ref PgOutputReader reader, ReadOnlyMemory<byte> message, IPgOutputHandler handler)
    {
        var relation = reader.UInt32();
        var kind = (char)reader.Byte();
        TupleReader? before = null;
        var isKey = kind == 'K';
        if (kind is 'K' or 'O')
        {
            before = Tuple(ref reader, message);
            kind = (char)reader.Byte();
        }

        Expect((byte)kind, 'N');
        handler.Change('u', relation, before, isKey, Tuple(ref reader, message));
    }

    private static void ReadDelete(ref PgOutputReader reader, ReadOnlyMemory<byte> message, IPgOutputHandler handler)
    {
        var relation = reader.UInt32();
        var kind = (char)reader.Byte();
        if (kind is not ('K' or 'O')) throw new DataException($"A delete message has a row of kind 0x{(int)kind:X2}.");
        handler.Change('d', relation, Tuple(ref reader, message), kind == 'K', null);
    }

    private static void ReadTruncate(ref PgOutputReader reader, IPgOutputHandler handler)
    {
        var count = reader.Int32();
        reader.Byte();
        if (count is < 0 or > 1_000_000) throw new DataException($"A truncate message names {count} tables.");
        var relations = new List<uint>();
        for (var i = 0; i < count; i++) relations.Add(reader.UInt32());
        handler.Truncate(relations);
    }

    // Walks over the values to check them all and to find the end, before anything is made of them.
    private static TupleReader Tuple(ref PgOutputReader reader, ReadOnlyMemory<byte> message)
    {
        var start = message.Length - reader.Remaining;
        var count = ColumnCount(ref reader);
        for (var i = 0; i < count; i++)
        {
            switch ((char)reader.Byte())
            {
                case 'n' or 'u': break;
                case 't': reader.Bytes(reader.Int32()); break;
                case var kind: throw new DataException($"A replication message has a value of kind 0x{(int)kind:X2}; only text was asked for.");
            }
        }

        return new(message[start..^reader.Remaining]);
    }

    private static void Expect(byte actual, char expected)
    {
        if (actual != expected) throw new DataException($"A replication message has 0x{actual:X2} where '{expected}' must be.");
    }
}
