using System.Text;
using System.Text.Json;
using Millrace.Samples.Bank.Audit;
using Npgsql;

namespace Millrace.EndToEnd.Tests.Pgbench;

/// <summary>Rows and the sum of a table's amounts.</summary>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
internal readonly record struct Figures(long Rows, long Sum)
{
    public override string ToString() => $"{Rows:N0} rows, sum {Sum:N0}";
}

/// <summary>Counts rows and sums in PostgreSQL, in the topics, in the job's output and in ClickHouse, and names each difference.</summary>
internal sealed class PgbenchAudit(PgbenchPlatform platform)
{
    private readonly TopicScan _topics = new(platform.Bootstrap);

    /// <summary>What PostgreSQL has: the truth.</summary>
    public Dictionary<string, Figures> Truth { get; } = new(StringComparer.Ordinal);

    /// <summary>Reads the truth; pgbench must have ended.</summary>
    public async Task ReadTruthAsync(CancellationToken cancellationToken)
    {
        await using var database = NpgsqlDataSource.Create(platform.ConnectionString);
        foreach (var table in PgbenchTables.All)
        {
            await using var command = database.CreateCommand($"SELECT count(*), coalesce(sum({table.Amount}), 0)::bigint FROM {table.Name}");
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            await reader.ReadAsync(cancellationToken);
            Truth[table.Name] = new Figures(reader.GetInt64(0), reader.GetInt64(1));
        }
    }

    /// <summary>Differences between PostgreSQL and ClickHouse, which is the end of every path.</summary>
    public async Task<List<string>> CompareClickHouseAsync(CancellationToken cancellationToken)
    {
        var differences = new List<string>();
        foreach (var table in PgbenchTables.All)
        {
            var current = table.Key is null ? string.Empty : " FINAL WHERE _deleted = 0";
            Compare(differences, $"{table.Name} in ClickHouse", await QueryAsync($"SELECT count(), sum({table.Amount}) FROM {table.Name}{current}", cancellationToken), Truth[table.Name]);
        }

        var history = Truth["pgbench_history"];
        Compare(differences, "the job's output in ClickHouse", await QueryAsync("SELECT count(), (SELECT sum(last) FROM (SELECT argMax(sum, rows) AS last FROM branch_deltas GROUP BY bid)) FROM branch_deltas", cancellationToken), history);
        return differences;
    }

    /// <summary>Differences between PostgreSQL and the topics.</summary>
    public async Task<List<string>> CompareTopicsAsync(CancellationToken cancellationToken)
    {
        var differences = new List<string>();
        foreach (var table in PgbenchTables.All.Where(static t => t.Key is not null))
        {
            var captured = new CapturedTable<int, long>(row => row.GetProperty(table.Key!).GetInt32(), row => row.GetProperty(table.Amount).GetInt64());
            await _topics.ReadAsync(table.Topic, (in r) => captured.Apply(r.Value), cancellationToken);
            Compare(differences, $"{table.Name} in its topic", new Figures(captured.Rows.Count, captured.Rows.Values.Sum()), Truth[table.Name]);
            if (captured.Duplicates > 0) differences.Add($"{table.Name}: {captured.Duplicates} events came twice");
        }

        await CompareHistoryAsync(differences, cancellationToken);
        await CompareJobAsync(differences, cancellationToken);
        return differences;
    }

    // History has no key: events are told apart by the position that the connector gave each.
    private async Task CompareHistoryAsync(List<string> differences, CancellationToken cancellationToken)
    {
        var positions = new HashSet<string>(StringComparer.Ordinal);
        long events = 0, sum = 0;
        await _topics.ReadAsync(PgbenchTables.HistoryTopic, (in r) =>
        {
            var reader = new Utf8JsonReader(r.Value);
            using var document = JsonDocument.ParseValue(ref reader);
            sum += document.RootElement.GetProperty("after").GetProperty("delta").GetInt64();
            events++;
            if (!r.Headers.TryGet("__millrace.position"u8, out var position)) throw new InvalidDataException("an event without a position");
            positions.Add(Encoding.UTF8.GetString(position));
        }, cancellationToken);
        Compare(differences, "pgbench_history in its topic", new Figures(events, sum), Truth["pgbench_history"]);
        if (positions.Count != events) differences.Add($"pgbench_history: {events - positions.Count} events came twice");
    }

    // Each branch's results count up by one: a result that is lost or repeated shows even where sums agree.
    private async Task CompareJobAsync(List<string> differences, CancellationToken cancellationToken)
    {
        var last = new Dictionary<int, BranchDeltas>();
        long events = 0;
        await _topics.ReadAsync(BranchDeltasJob.Topic, (in r) =>
        {
            var result = JsonSerializer.Deserialize<BranchDeltas>(r.Value)!;
            var expected = last.TryGetValue(result.Branch, out var before) ? before.Rows + 1 : 1;
            if (result.Rows != expected && differences.Count < 20) differences.Add($"branch {result.Branch}: result {result.Rows} where {expected} was due, at offset {r.Offset}");
            last[result.Branch] = result;
            events++;
        }, cancellationToken);
        Compare(differences, "the job's output in its topic", new Figures(events, last.Values.Sum(static b => b.Sum)), Truth["pgbench_history"]);
    }

    private async Task<Figures> QueryAsync(string sql, CancellationToken cancellationToken)
    {
        var row = (await platform.ClickHouse.QueryAsync(sql, cancellationToken))[0];
        return new Figures(row[0].GetString64(), row[1].GetString64());
    }

    private static void Compare(List<string> differences, string what, Figures found, Figures truth)
    {
        if (found != truth) differences.Add($"{what}: {found}; PostgreSQL has {truth}");
    }
}
