using Millrace.Connect.Data;
using Millrace.Connect.Postgres.Catalog;
using Millrace.Connect.Postgres.Configuration;
using Millrace.Connect.Postgres.Replication;
using Millrace.Connect.Postgres.Types;

namespace Millrace.Connect.Postgres.Events;

/// <summary>A table as its events need it: topic, schemas, and a reader for each column. Made anew when the table changes.</summary>
internal sealed class TableModel
{
    private readonly ValueReader[] _readers;
    private readonly int[] _key;

    internal TableModel(TableInfo table, IReadOnlyList<ValueReader> readers, PostgresOptions options, ConnectSchema source)
    {
        Id = table.Id;
        IsFull = table.ReplicaIdentity == 'f';
        _readers = [.. readers];
        Topic = Sanitize($"{options.Prefix}.{table.Id.Schema}.{table.Id.Name}");
        var keys = options.Keys.For(table.Id) ?? table.KeyColumns;
        _key = [.. keys.Select(k => IndexOf(table, k))];
        // Whether every delete brings the key: an identity by another index, or a key of chosen columns, may leave it out.
        var keyAlwaysKnown = IsFull || (table.ReplicaIdentity == 'd' && options.Keys.For(table.Id) is null);
        var row = SchemaBuilder.Struct(Topic + ".Value").Optional();
        var key = SchemaBuilder.Struct(Topic + ".Key");
        for (var i = 0; i < readers.Count; i++)
        {
            var column = table.Columns[i];
            // A delete under the default identity knows the key only; a column that may be absent must be optional.
            var required = column.NotNull && (IsFull || (keyAlwaysKnown && _key.Contains(i)));
            row.Field(column.Name, readers[i].Schema().Optional(!required).Build());
        }

        foreach (var i in _key) key.Field(table.Columns[i].Name, readers[i].Schema().Optional(!table.Columns[i].NotNull || !keyAlwaysKnown).Build());
        RowSchema = row.Build();
        KeySchema = _key.Length == 0 ? null : key.Build();
        Envelope = SchemaBuilder.Struct(Topic + ".Envelope").Version(2)
            .Field("before", RowSchema).Field("after", RowSchema).Field("source", source).Field("transaction", EventSchemas.Transaction)
            .Field("op", ConnectSchema.String).Field("ts_ms", ConnectSchema.OptionalInt64).Field("ts_us", ConnectSchema.OptionalInt64).Field("ts_ns", ConnectSchema.OptionalInt64).Build();
    }

    internal TableId Id { get; }

    internal bool IsFull { get; }

    internal string Topic { get; }

    internal ConnectSchema RowSchema { get; }

    internal ConnectSchema? KeySchema { get; }

    internal ConnectSchema Envelope { get; }

    /// <summary>Reads a tuple of the stream. A value that was not sent because it did not change is taken from the row before, if that has it.</summary>
    internal Struct ReadTuple(TupleReader tuple, Struct? before = null)
    {
        var reader = new PgOutputReader(tuple.Bytes.Span);
        var count = PgOutputDecoder.ColumnCount(ref reader);
        if (count != _readers.Length) throw new DataException($"A row of {Id} has {count} columns, but its relation has {_readers.Length}.");
        var values = new object?[count];
        for (var i = 0; i < count; i++)
        {
            values[i] = (char)reader.Byte() switch
            {
                't' => Read(i, reader.Bytes(reader.Int32())),
                'u' => before?[i] ?? _readers[i].Unavailable,
                _ => null,
            };
        }

        return new Struct(RowSchema, values);
    }

    /// <summary>Reads one column's text.</summary>
    internal object? Read(int column, ReadOnlySpan<byte> text)
    {
        try
        {
            return _readers[column].Read(text);
        }
        catch (Exception e) when (e is FormatException or OverflowException or ArgumentException)
        {
            throw new DataException($"A value of {Id}.{RowSchema.Fields[column].Name} cannot be read: {e.Message}", e);
        }
    }

    internal Struct? Key(Struct? row)
    {
        if (row is null || KeySchema is null) return null;
        var values = new object?[_key.Length];
        for (var i = 0; i < values.Length; i++) values[i] = row[_key[i]];
        return new Struct(KeySchema, values);
    }

    /// <summary>Whether two rows have the same key.</summary>
    internal bool SameKey(Struct a, Struct b) => Array.TrueForAll(_key, i => SameValue(a[i], b[i]));

    // Arrays, points and numbers of any scale are objects of several values.
    private static bool SameValue(object? a, object? b) => (a, b) switch
    {
        (byte[] x, byte[] y) => x.AsSpan().SequenceEqual(y),
        (IReadOnlyList<object?> x, IReadOnlyList<object?> y) => x.Count == y.Count && Enumerable.Range(0, x.Count).All(i => SameValue(x[i], y[i])),
        (Struct x, Struct y) => Enumerable.Range(0, x.Schema.Fields.Count).All(i => SameValue(x[i], y[i])),
        _ => Equals(a, b),
    };

    private static int IndexOf(TableInfo table, string column)
    {
        for (var i = 0; i < table.Columns.Count; i++)
        {
            if (table.Columns[i].Name == column) return i;
        }

        throw new ConfigException($"The key of table {table.Id} has the column \"{column}\", which its events do not have: check message.key.columns.");
    }

    private static string Sanitize(string topic) => string.Concat(topic.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' ? c : '_'));
}
