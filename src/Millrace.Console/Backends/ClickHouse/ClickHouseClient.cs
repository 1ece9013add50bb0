using System.Text;
using System.Text.Json;

namespace Millrace.Console.Backends.ClickHouse;

/// <summary>ClickHouse over its HTTP interface.</summary>
internal sealed class ClickHouseClient(ConsoleOptions options, HttpMessageHandler? handler = null) : IDisposable
{
    /// <summary>More rows than this are not sent: a page is for looking, not for exporting.</summary>
    public const int RowLimit = 10_000;

    private const string Tables =
        """
        SELECT database, name, engine, coalesce(total_rows, 0), coalesce(total_bytes, 0)
        FROM system.tables
        WHERE database NOT IN ('system', 'information_schema', 'INFORMATION_SCHEMA', '_temporary_and_external_tables') AND NOT is_temporary
        ORDER BY database, name
        """;

    private readonly RestClient _rest = new(
        "ClickHouse", options.ClickHouseUrl!, "Start ClickHouse there (millrace clickhouse), or set ClickHouseUrl to where one runs.", handler);

    public string Address => _rest.Address;

    public void Dispose() => _rest.Dispose();

    public async Task<IReadOnlyList<StoredTable>> TablesAsync(CancellationToken cancellationToken)
    {
        var result = await QueryAsync(Tables, cancellationToken);
        return [.. result.Rows.Select(static row => new StoredTable(row[0]!, row[1]!, row[2]!, Number(row[3]), Number(row[4])))];

        static long Number(string? text) => long.TryParse(text, out var number) ? number : 0;
    }

    /// <summary>Runs one statement.</summary>
    /// <exception cref="RefusedException">ClickHouse refused the statement; the body says why.</exception>
    /// <exception cref="BackendException">ClickHouse does not answer.</exception>
    public async Task<QueryResult> QueryAsync(string sql, CancellationToken cancellationToken)
    {
        // Big integers as text (a browser's or a double's 53 bits are not enough), at most RowLimit rows, errors before the first byte of the answer.
        var parameters = new StringBuilder("?default_format=JSONCompact&output_format_json_quote_64bit_integers=1&wait_end_of_query=1")
            .Append("&max_result_rows=").Append(RowLimit).Append("&result_overflow_mode=break&max_execution_time=30&database=")
            .Append(Uri.EscapeDataString(options.ClickHouseDatabase));
        if (options.ReadOnly) parameters.Append("&readonly=2");
        using var content = new StringContent(sql.Trim().TrimEnd(';'), Encoding.UTF8, "text/plain");
        using var response = await _rest.SendAsync(HttpMethod.Post, parameters.ToString(), content, cancellationToken, headers =>
        {
            headers.Add("X-ClickHouse-User", options.ClickHouseUser);
            if (!string.IsNullOrEmpty(options.ClickHousePassword)) headers.Add("X-ClickHouse-Key", options.ClickHousePassword);
        });
        return QueryResult.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
    }
}

/// <summary>A table of ClickHouse with its size.</summary>
internal sealed record StoredTable(string Database, string Name, string Engine, long Rows, long Bytes)
{
    public string FullName => Database == "default" ? Name : $"{Database}.{Name}";
}
