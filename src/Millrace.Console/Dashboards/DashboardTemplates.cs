using Millrace.Console.Backends.ClickHouse;

namespace Millrace.Console.Dashboards;

/// <summary>Dashboards to begin with, offered where their tables exist.</summary>
internal static class DashboardTemplates
{
    // Columns by which people ask first, the most telling one first.
    private static readonly string[] Groupings = ["transaction_type", "type", "kind", "rule", "category", "region", "status", "state", "currency"];

    /// <summary>A dashboard over any table that has a time column: what came when.</summary>
    public static Dashboard Of(StoredTable table, IReadOnlyList<ResultColumn> columns)
    {
        var time = columns.FirstOrDefault(static column => column.IsTime && column.Type.Contains("DateTime", StringComparison.Ordinal));
        var status = columns.FirstOrDefault(static column => column.Name is "status" or "state" or "result");
        var group = Groupings.Select(name => columns.FirstOrDefault(column => column.Name == name)).FirstOrDefault(static column => column is not null);
        var amount = columns.FirstOrDefault(static column => column.IsNumber && column.Name.Contains("amount", StringComparison.Ordinal));
        var from = $"FROM {Quote(table.Database)}.{Quote(table.Name)}";
        var panels = new List<Panel> { new() { Title = "Rows", Kind = PanelKind.Number, Width = 3, Sql = $"SELECT count() {from}" } };
        if (time is not null)
        {
            var at = Quote(time.Name);
            // Without the interval that is still filling, which would look like a fall.
            var recent = $"WHERE {at} > now() - INTERVAL 15 MINUTE AND {at} < toStartOfInterval(now(), INTERVAL 10 SECOND)";
            var minutes = $"WHERE {at} >= toStartOfMinute(now() - INTERVAL 15 MINUTE) AND {at} < toStartOfMinute(now())";
            panels.Add(new() { Title = "In the last minute", Kind = PanelKind.Number, Width = 3, Sql = $"SELECT count() {from} WHERE {at} > now() - INTERVAL 1 MINUTE" });
            panels.Add(new() { Title = "Newest row is behind the clock by", Kind = PanelKind.Number, Width = 3, Unit = "s", Sql = $"SELECT round(toFloat64(now64(3)) - toFloat64(max({at})), 1) {from}" });
            panels.Add(new() { Title = "Volume per 10 seconds", Kind = PanelKind.Line, Width = 12, Sql = $"SELECT toStartOfInterval({at}, INTERVAL 10 SECOND) AS t, count() AS rows\n{from} {recent}\nGROUP BY t ORDER BY t" });
            if (status is not null)
            {
                panels.Add(new()
                {
                    Title = "Error rate per minute",
                    Kind = PanelKind.Line,
                    Width = 6,
                    Unit = "%",
                    Sql = $"SELECT toStartOfMinute({at}) AS t, round(100 * countIf(lower(toString({Quote(status.Name)})) IN ('failed', 'error', 'declined', 'rejected')) / count(), 2) AS errors\n{from} {minutes}\nGROUP BY t ORDER BY t",
                });
            }

            if (amount is not null)
                panels.Add(new() { Title = "Amount percentiles per minute", Kind = PanelKind.Line, Width = 6, Sql = $"SELECT toStartOfMinute({at}) AS t, quantile(0.5)({Quote(amount.Name)}) AS p50, quantile(0.95)({Quote(amount.Name)}) AS p95, quantile(0.99)({Quote(amount.Name)}) AS p99\n{from} {minutes}\nGROUP BY t ORDER BY t" });
        }

        if (group is not null)
            panels.Add(new() { Title = $"By {group.Name.Replace('_', ' ')}", Kind = PanelKind.Bar, Width = 6, Sql = $"SELECT toString({Quote(group.Name)}) AS {Quote(group.Name)}, count() AS rows\n{from}\nGROUP BY 1 ORDER BY rows DESC LIMIT 12" });
        return new Dashboard { Title = table.FullName.Replace('_', ' '), Description = $"What is in {table.FullName}, and how it grows.", Panels = panels };
    }

    internal static string Quote(string name) => "`" + name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("`", "\\`", StringComparison.Ordinal) + "`";
}
