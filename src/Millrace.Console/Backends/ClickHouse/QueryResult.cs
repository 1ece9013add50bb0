using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Millrace.Console.Backends.ClickHouse;

/// <summary>A column of a result.</summary>
internal sealed record ResultColumn(string Name, string Type)
{
    private string Core
    {
        get
        {
            var type = Type;
            foreach (var wrapper in (ReadOnlySpan<string>)["LowCardinality(", "Nullable("])
            {
                if (type.StartsWith(wrapper, StringComparison.Ordinal)) type = type[wrapper.Length..];
            }

            return type;
        }
    }

    public bool IsNumber => Core is ['U', 'I', 'n', 't', ..] or ['I', 'n', 't', >= '0' and <= '9', ..] or ['F', 'l', 'o', 'a', 't', ..] or ['D', 'e', 'c', 'i', 'm', 'a', 'l', ..];

    /// <summary>The time zone that the column's times are written in, where its type names one: DateTime64(3, 'Asia/Seoul').</summary>
    public string? Zone => IsTime && Core.Split('\'') is [_, { Length: > 0 } zone, _] ? zone : null;

    public bool IsTime => Core.StartsWith("Date", StringComparison.Ordinal);
}

/// <summary>The answer to a statement: a table, or plain text when the statement asked for another format.</summary>
internal sealed record QueryResult(
    IReadOnlyList<ResultColumn> Columns, IReadOnlyList<string?[]> Rows, string? PlainText, TimeSpan Elapsed, long RowsRead, long BytesRead)
{
    public bool IsCut => Rows.Count >= ClickHouseClient.RowLimit;

    /// <summary>Reads ClickHouse's JSONCompact. ClickHouse ends a result at a block, not at a row: what is beyond the limit is left out here.</summary>
    public static QueryResult Parse(byte[] answer)
    {
        // ClickHouse's String holds any bytes, and JSONCompact passes them on: replace what is no text.
        if (!Utf8.IsValid(answer)) answer = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(answer));
        try
        {
            using var document = JsonDocument.Parse(answer);
            var root = document.RootElement;
            if (root.Get("meta").ValueKind == JsonValueKind.Array && root.Get("data").ValueKind == JsonValueKind.Array)
            {
                ResultColumn[] columns = [.. root.Items("meta").Select(static column => new ResultColumn(column.Text("name"), column.Text("type")))];
                List<string?[]> rows = [.. root.Items("data").Take(ClickHouseClient.RowLimit).Select(row => Row(row, columns.Length))];
                var statistics = root.Get("statistics");
                var seconds = Math.Clamp(statistics.Double("elapsed"), 0, 86_400);
                return new QueryResult(columns, rows, null, TimeSpan.FromSeconds(seconds), statistics.Long("rows_read"), statistics.Long("bytes_read"));
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Another format, a statement without a result, or half a surrogate pair in a text.
        }

        return new QueryResult([], [], Encoding.UTF8.GetString(answer), TimeSpan.Zero, 0, 0);
    }

    /// <summary>The number in a cell, for charts.</summary>
    public double? NumberAt(int row, int column) =>
        double.TryParse(Rows[row][column], NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;

    private static string?[] Row(JsonElement row, int columns)
    {
        var cells = new string?[columns];
        var index = 0;
        foreach (var cell in row.Items())
        {
            if (index == columns) break;
            cells[index++] = cell.ValueKind == JsonValueKind.Null ? null : cell.ToString();
        }

        return cells;
    }
}
