using System.Text.Json;
using Npgsql;

namespace Millrace.Samples.Bank.Audit;

/// <summary>What stands in the systems, counted there and compared: no figure comes from a program's own counters.</summary>
/// <param name="Transactions">Rows of <c>public.transactions</c> in PostgreSQL.</param>
/// <param name="Changes">Committed change records in the topics of transactions and accounts, without tombstones.</param>
/// <param name="Processed">Of the transaction records, those below the fraud job's committed offsets.</param>
/// <param name="AlertsExpected">Frauds that the generator completed, from its own table.</param>
/// <param name="AlertsRaised">Of these, the ones with an alert in the alert topic.</param>
/// <param name="AlertsUnexpected">Alerts on accounts where nothing was injected.</param>
/// <param name="Rows">Rows of the transactions table in ClickHouse.</param>
/// <param name="Missing">Things that are in PostgreSQL and not where they should have arrived.</param>
/// <param name="Duplicates">Things that arrived twice.</param>
/// <param name="Findings">Each difference in words; empty if there is none.</param>
public sealed record AuditReport(
    long Transactions, long Changes, long Processed, long AlertsExpected, long AlertsRaised, long AlertsUnexpected, long Rows, long Missing, long Duplicates,
    IReadOnlyList<string> Findings);

/// <summary>Proves that what was committed in PostgreSQL is, once, in the topics, in the jobs' results and in ClickHouse.</summary>
public sealed class BankAudit(NpgsqlDataSource database, string bootstrap, ClickHouseQueries clickhouse)
{
    private readonly List<string> _findings = [];
    private readonly TopicScan _topics = new(bootstrap);
    private long _missing;
    private long _duplicates;

    /// <summary>Counts and compares. The pipeline must be at rest; use <see cref="IsSettledAsync"/> to wait for that.</summary>
    public async Task<AuditReport> RunAsync(CancellationToken cancellationToken)
    {
        var ids = (await ColumnAsync<Guid>("SELECT transaction_id FROM public.transactions", cancellationToken)).ToHashSet();
        var captured = await ReadTransactionsAsync(cancellationToken);
        var accounts = await ReadAccountsAsync(cancellationToken);
        Compare("transactions in PostgreSQL but not in the topic", ids.Where(id => !captured.Table.Rows.ContainsKey(id)).LongCount());
        Repeated("transaction events in the topic", captured.Table.Duplicates);
        Compare("transaction records that the fraud job has not processed", captured.Table.Events - captured.Processed);
        await CompareBalancesAsync(accounts, cancellationToken);

        var rows = (await clickhouse.ScalarAsync("SELECT count() FROM transactions_realtime", cancellationToken)).GetString64();
        var stored = (await clickhouse.QueryAsync("SELECT transaction_id FROM transactions_realtime GROUP BY transaction_id", cancellationToken)).Select(r => r[0].GetGuid()).ToHashSet();
        Compare("transactions in PostgreSQL but not in ClickHouse", ids.Where(id => !stored.Contains(id)).LongCount());
        Repeated("transactions in ClickHouse", rows - stored.Count);

        var (expected, raised, unexpected) = await CompareAlertsAsync(cancellationToken);
        await CompareActivityAsync(cancellationToken);
        return new AuditReport(ids.Count, captured.Table.Events + accounts.Events, captured.Processed, expected, raised, unexpected, rows, _missing, _duplicates, _findings);
    }

    /// <summary>Database transactions that PostgreSQL committed for customers since a moment: each gave its rows a transaction id of its own.</summary>
    public async Task<long> CommitsSinceAsync(DateTimeOffset start, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT count(DISTINCT xmin::text) FROM public.transactions WHERE created_at >= $1");
        command.Parameters.Add(new NpgsqlParameter { Value = start.UtcDateTime });
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Whether everything that is committed in PostgreSQL has arrived at the end of the pipeline.</summary>
    public async Task<bool> IsSettledAsync(CancellationToken cancellationToken)
    {
        var transactions = (await ColumnAsync<long>("SELECT count(*) FROM public.transactions", cancellationToken))[0];
        var rows = (await clickhouse.ScalarAsync("SELECT count() FROM transactions_realtime", cancellationToken)).GetString64();
        if (rows < transactions) return false;
        var balance = (await ColumnAsync<decimal>("SELECT sum(balance) FROM public.accounts", cancellationToken))[0];
        var stored = (await clickhouse.ScalarAsync("SELECT toString(sum(balance)) FROM accounts_current FINAL", cancellationToken)).GetString();
        if (decimal.Parse(stored!) != balance) return false;
        var expected = (await ColumnAsync<long>("SELECT count(*) FROM public.fraud_cases", cancellationToken))[0];
        var alerts = (await clickhouse.ScalarAsync("SELECT count() FROM fraud_alerts", cancellationToken)).GetString64();
        return alerts >= expected;
    }

    private async Task<(CapturedTable<Guid, bool> Table, long Processed)> ReadTransactionsAsync(CancellationToken cancellationToken)
    {
        var table = new CapturedTable<Guid, bool>(static r => r.GetProperty("transaction_id").GetGuid(), static _ => true);
        var committed = await _topics.CommittedAsync(BankTopics.FraudGroup, BankTopics.Transactions);
        long processed = 0;
        await _topics.ReadAsync(BankTopics.Transactions, (in r) =>
        {
            table.Apply(r.Value);
            if (!r.IsValueNull && committed.TryGetValue(r.Partition, out var next) && r.Offset < next) processed++;
        }, cancellationToken);
        return (table, processed);
    }

    private async Task<CapturedTable<long, decimal>> ReadAccountsAsync(CancellationToken cancellationToken)
    {
        var table = new CapturedTable<long, decimal>(static r => r.GetProperty("account_id").GetInt64(), static r => decimal.Parse(r.GetProperty("balance").ToString()));
        await _topics.ReadAsync(BankTopics.Accounts, (in r) => table.Apply(r.Value), cancellationToken);
        Repeated("account events in the topic", table.Duplicates);
        return table;
    }

    private async Task CompareBalancesAsync(CapturedTable<long, decimal> captured, CancellationToken cancellationToken)
    {
        var balance = (await ColumnAsync<decimal>("SELECT sum(balance) FROM public.accounts", cancellationToken))[0];
        var inTopic = captured.Rows.Values.Sum();
        var stored = decimal.Parse((await clickhouse.ScalarAsync("SELECT toString(sum(balance)) FROM accounts_current FINAL", cancellationToken)).GetString()!);
        if (inTopic != balance) Compare($"balances: PostgreSQL has {balance}, the topic's state {inTopic}", 1);
        if (stored != balance) Compare($"balances: PostgreSQL has {balance}, ClickHouse {stored}", 1);
    }

    private async Task<(long Expected, long Raised, long Unexpected)> CompareAlertsAsync(CancellationToken cancellationToken)
    {
        var alerts = new List<(Guid Id, string Rule, long Account)>();
        await _topics.ReadAsync(BankTopics.Alerts, (in r) =>
        {
            var reader = new Utf8JsonReader(r.Value);
            using var document = JsonDocument.ParseValue(ref reader);
            var alert = document.RootElement;
            alerts.Add((alert.GetProperty("alert_id").GetGuid(), alert.GetProperty("rule").GetString()!, alert.GetProperty("account_id").GetInt64()));
        }, cancellationToken);
        var cases = await ColumnAsync<string>("SELECT pattern || ' ' || account_id FROM public.fraud_cases", cancellationToken);
        var found = alerts.Select(a => $"{a.Rule} {a.Account}").ToHashSet(StringComparer.Ordinal);
        var notRaised = cases.Where(c => !found.Contains(c)).ToList();
        if (notRaised.Count > 0) _findings.Add($"frauds without an alert: {string.Join(", ", notRaised.Take(5))}");
        Repeated("alerts in the topic", alerts.Count - alerts.DistinctBy(a => a.Id).Count());
        var stored = (await clickhouse.ScalarAsync("SELECT uniqExact(alert_id) FROM fraud_alerts", cancellationToken)).GetString64();
        Compare("alerts in the topic but not in ClickHouse", alerts.DistinctBy(a => a.Id).Count() - stored);
        return (cases.Count, cases.Count - notRaised.Count, alerts.Select(a => $"{a.Rule} {a.Account}").Except(cases).LongCount());
    }

    // Only windows that have closed are there; each of them must hold exactly what PostgreSQL has for its minute.
    private async Task CompareActivityAsync(CancellationToken cancellationToken)
    {
        var windows = await clickhouse.QueryAsync("SELECT toUnixTimestamp64Milli(window_start), toString(sum(transactions)), toString(count() - uniqExact(account_id)) FROM account_activity_per_minute GROUP BY 1 ORDER BY 1", cancellationToken);
        if (windows.Count == 0) return;
        Repeated("windows of account activity in ClickHouse", windows.Sum(w => w[2].GetString64()));
        // The first live minute shares its time with history that the snapshot delivered and the job leaves out.
        foreach (var window in windows.Skip(1))
        {
            var start = DateTimeOffset.FromUnixTimeMilliseconds(window[0].GetString64());
            await using var command = database.CreateCommand("SELECT count(*) FROM public.transactions WHERE created_at >= $1 AND created_at < $2");
            command.Parameters.Add(new NpgsqlParameter { Value = start.UtcDateTime });
            command.Parameters.Add(new NpgsqlParameter { Value = start.UtcDateTime.AddMinutes(1) });
            var count = (long)(await command.ExecuteScalarAsync(cancellationToken))!;
            var counted = window[1].GetString64();
            if (counted < count) Compare($"account activity of {start:HH:mm}", count - counted);
            if (counted > count) Repeated($"account activity of {start:HH:mm}", counted - count);
        }
    }

    private void Compare(string what, long count)
    {
        if (count <= 0) return;
        _missing += count;
        _findings.Add($"missing: {what}: {count}");
    }

    private void Repeated(string what, long count)
    {
        if (count <= 0) return;
        _duplicates += count;
        _findings.Add($"twice: {what}: {count}");
    }

    private async Task<List<T>> ColumnAsync<T>(string sql, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var values = new List<T>();
        while (await reader.ReadAsync(cancellationToken)) values.Add(await reader.GetFieldValueAsync<T>(0, cancellationToken));
        return values;
    }
}
