using System.Buffers;
using System.Text.Json;

namespace Millrace.Connect.ClickHouse;

/// <summary>
/// Makes a table's row of a record. Debezium's envelope gives its <c>after</c>; a delete gives <c>before</c> and the key with <c>_deleted</c> = 1 where the
/// table has that column. Columns that begin with an underscore are filled from the record's place and source if no field has their name.
/// </summary>
internal sealed class RowBuilder(SinkSettings settings)
{
    internal const string DeletedColumn = "_deleted";

    private readonly ArrayBufferWriter<byte> _buffer = new(1024);
    private readonly ValueWriter _values = new(settings.TimeUnit);

    /// <summary>The row as a line of JSON; null if the record asks for no row (a tombstone, or a delete that the table can't hold).</summary>
    /// <exception cref="DataException">The record does not fit the table; the message names the field.</exception>
    internal byte[]? Build(SinkRecord record, TableShape table)
    {
        var (row, isDelete, source, op) = Open(record);
        if (row is null || (isDelete && !table.HasDeletedColumn))
            return null;
        _buffer.ResetWrittenCount();
        using var json = new Utf8JsonWriter(_buffer);
        json.WriteStartObject();
        var written = WriteFields(json, row, table, skipsNulls: isDelete);
        if (isDelete)
        {
            // Under the default replica identity only the key's columns of a deleted row are known.
            foreach (var (name, value, schema) in RecordFields.All(record.Key))
            {
                if (!RecordFields.TryGet(row, name, out var known, out _) || known is null)
                    written += Write(json, table, name, value, schema);
            }
        }

        if (written == 0)
            throw new DataException($"none of its fields ({string.Join(", ", RecordFields.All(row).Select(static field => field.Name).Take(20))}) is a column");
        WriteMetadata(json, record, row, table, isDelete, source, op);
        json.WriteEndObject();
        json.Flush();
        return [.. _buffer.WrittenSpan, (byte)'\n'];
    }

    private static (object? Row, bool IsDelete, object? Source, string? Op) Open(SinkRecord record)
    {
        if (record.Value is null)
            return (null, false, null, null);
        if (!RecordFields.IsRecord(record.Value))
            throw new DataException($"its value is not an object with fields but {record.Value.GetType().Name}");
        var isEnvelope = RecordFields.TryGet(record.Value, "op", out var op, out _) && op is string { Length: 1 }
            && RecordFields.TryGet(record.Value, "source", out _, out _);
        if (!isEnvelope)
            return (record.Value, RecordFields.TryGet(record.Value, "__deleted", out var deleted, out _) && deleted is true or "true", null, null);
        RecordFields.TryGet(record.Value, "source", out var source, out _);
        var isDelete = (string)op! == "d";
        RecordFields.TryGet(record.Value, isDelete ? "before" : "after", out var row, out _);
        return (row ?? (isDelete ? record.Key : null), isDelete, source, (string)op!);
    }

    private int WriteFields(Utf8JsonWriter json, object row, TableShape table, bool skipsNulls)
    {
        var written = 0;
        foreach (var (name, value, schema) in RecordFields.All(row))
        {
            // Of a deleted row null may just mean "not known": the key or the column's default fills it.
            if (skipsNulls && value is null)
                continue;
            if (table.Columns.ContainsKey(name))
                written += Write(json, table, name, value, schema);
            else if (settings.RefusesUnknownFields)
                throw new DataException($"the field {name} has no column (unknown.fields=error)");
        }

        return written;
    }

    private int Write(Utf8JsonWriter json, TableShape table, string name, object? value, Data.ConnectSchema? schema)
    {
        if (!table.Columns.TryGetValue(name, out var type))
            return 0;
        if (value is null && settings.RefusesNulls && !type.IsNullable)
            throw new DataException($"the field {name} is null, and its column has the type {type.Text} (nulls=error)");
        json.WritePropertyName(name);
        try
        {
            _values.Write(json, value, type, schema);
        }
        catch (Exception e) when (e is FormatException or OverflowException or InvalidCastException or ArgumentException)
        {
            throw new DataException($"the field {name} with the value {Show(value)} does not go into a column of the type {type.Text}: {e.Message}", e);
        }

        return 1;
    }

    private static void WriteMetadata(Utf8JsonWriter json, SinkRecord record, object row, TableShape table, bool isDelete, object? source, string? op)
    {
        bool Wants(string column) => table.Columns.ContainsKey(column) && !RecordFields.TryGet(row, column, out _, out _);
        if (Wants(DeletedColumn))
            json.WriteNumber(DeletedColumn, isDelete ? 1 : 0);
        // The log's position orders the changes of a row, across restarts of everything. Without one the Kafka offset does.
        var lsn = source is not null && RecordFields.TryGet(source, "lsn", out var position, out _) && position is long or int ? Convert.ToInt64(position) : (long?)null;
        if (Wants("_version"))
            json.WriteNumber("_version", lsn ?? record.Offset);
        if (Wants("_lsn") && lsn is { } at)
            json.WriteNumber("_lsn", at);
        if (Wants("_op") && op is not null)
            json.WriteString("_op", op);
        if (Wants("_topic"))
            json.WriteString("_topic", record.OriginalTopic);
        if (Wants("_partition"))
            json.WriteNumber("_partition", record.OriginalPartition);
        if (Wants("_offset"))
            json.WriteNumber("_offset", record.Offset);
        if (Wants("_timestamp") && record.Timestamp is { } timestamp)
            json.WriteString("_timestamp", ValueWriter.Iso(DateTimeOffset.FromUnixTimeMilliseconds(timestamp)));
    }

    private static string Show(object? value)
    {
        var text = value?.ToString() ?? "null";
        return text.Length > 80 ? $"'{text[..80]}…'" : $"'{text}'";
    }
}
