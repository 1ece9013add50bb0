namespace Millrace.Connect.ClickHouse;

/// <summary>A target table: its columns that can be written, and whether it can drop a repeated insert.</summary>
internal sealed class TableShape
{
    // A repeated insert is recognised among so many of the table's last ones. While one task is down others may write: at ten inserts a
    // second this bridges a quarter of an hour, and costs the table a few hundred kilobytes.
    private const int DeduplicationWindow = 10_000;

    private TableShape(string name, IReadOnlyDictionary<string, ColumnType> columns)
    {
        Name = name;
        Columns = columns;
        Insert = $"INSERT INTO {ClickHouseTarget.Name(name)} ({string.Join(", ", columns.Keys.Select(ClickHouseTarget.Name))}) FORMAT JSONEachRow";
    }

    internal string Name { get; }

    internal IReadOnlyDictionary<string, ColumnType> Columns { get; }

    /// <summary>The insert statement for rows of this shape.</summary>
    internal string Insert { get; }

    /// <summary>True if deletes can be written as rows.</summary>
    internal bool HasDeletedColumn => Columns.ContainsKey(RowBuilder.DeletedColumn);

    /// <summary>Asks ClickHouse for a table's columns.</summary>
    /// <exception cref="ConnectException">The table is not there, or can't be written exactly once as asked.</exception>
    internal static async Task<TableShape> DescribeAsync(ClickHouseTarget target, string table, string topic, bool isExactlyOnce, CancellationToken ct)
    {
        IReadOnlyList<string[]> rows;
        try
        {
            rows = await target.QueryAsync($"DESCRIBE TABLE {ClickHouseTarget.Name(table)}", ct);
        }
        catch (ClickHouseTargetException e) when (e.Code is 60 or 81)
        {
            throw new ConnectException($"Topic {topic} goes to the table {table}, which ClickHouse does not have: create it, or name another one in topic2TableMap. {e.Message}", e);
        }

        var columns = new Dictionary<string, ColumnType>(StringComparer.Ordinal);
        foreach (var row in rows)
        {
            // The third field says how a column gets its value; these two can't be written.
            if (row.Length < 3 || row[2] is not ("MATERIALIZED" or "ALIAS"))
                columns[row[0]] = ColumnType.Parse(row[1]);
        }

        var shape = new TableShape(table, columns);
        if (isExactlyOnce)
            await shape.RequireDeduplicationAsync(target, ct);
        return shape;
    }

    private async Task RequireDeduplicationAsync(ClickHouseTarget target, CancellationToken ct)
    {
        var found = await target.QueryAsync($"SELECT engine, create_table_query FROM system.tables WHERE database = currentDatabase() AND name = {ClickHouseTarget.Quote(Name)}", ct);
        var engine = found.Count > 0 ? found[0][0] : "";
        if (!engine.EndsWith("MergeTree", StringComparison.Ordinal))
        {
            throw new ConnectException(
                $"exactlyOnce=true needs a table of the MergeTree family, which recognises a repeated insert; {Name} has the engine {engine}. Use a MergeTree table, or set exactlyOnce=false (at least once).");
        }

        // Replicated tables recognise repeated inserts by default, plain ones when told to.
        if (!engine.StartsWith("Replicated", StringComparison.Ordinal) && !found[0][1].Contains("non_replicated_deduplication_window", StringComparison.Ordinal))
            await target.QueryAsync($"ALTER TABLE {ClickHouseTarget.Name(Name)} MODIFY SETTING non_replicated_deduplication_window = {DeduplicationWindow}", ct);
    }
}
