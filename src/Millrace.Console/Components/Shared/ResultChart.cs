using Millrace.Console.Backends.ClickHouse;

namespace Millrace.Console.Components.Shared;

/// <summary>A result as series: the first column goes along the bottom, each column of numbers after it is a series.</summary>
internal sealed record ResultChart(IReadOnlyList<string> Labels, IReadOnlyList<string> Names, IReadOnlyList<double?[]> Series)
{
    private const int MostPoints = 2000;

    public static ResultChart Of(QueryResult result)
    {
        if (result.Columns.Count < 2) return new([], [], []);
        int[] numbers = [.. Enumerable.Range(1, result.Columns.Count - 1).Where(column => result.Columns[column].IsNumber).Take(6)];
        var rows = Math.Min(result.Rows.Count, MostPoints);
        return new(
            [.. result.Rows.Take(rows).Select(static row => row[0] ?? "null")],
            [.. numbers.Select(column => result.Columns[column].Name)],
            [.. numbers.Select(column => Enumerable.Range(0, rows).Select(row => result.NumberAt(row, column)).ToArray())]);
    }
}
