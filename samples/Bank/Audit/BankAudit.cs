using Npgsql;

namespace Millrace.Samples.Bank.Audit;

/// <summary>
/// Proves that what was committed in PostgreSQL is, once and as it was committed, in the topics, in the jobs' results and in ClickHouse, and that nothing else is there.
/// Rows stream through; about 200 bytes are kept of each.
/// </summary>
public sealed class BankAudit(NpgsqlDataSource database, string bootstrap, ClickHouseQueries clickhouse)
{
    private readonly PipelineRest _rest = new(database, clickhouse);

    /// <summary>Counts and compares. The pipeline must be at rest; use <see cref="IsSettledAsync"/> to wait for that.</summary>
    public async Task<AuditReport> RunAsync(CancellationToken cancellationToken)
    {
        var findings = new AuditFindings();
        var (ledger, topics, rows) = (new BankLedger(database), new TopicScan(bootstrap), new ClickHouseRows(clickhouse));
        var transactions = await new TransactionAudit(ledger, topics, rows, findings).RunAsync(cancellationToken);
        var accountEvents = await new AccountAudit(ledger, topics, rows, findings).RunAsync(cancellationToken);
        var windows = await new ActivityAudit(topics, rows, findings).RunAsync(transactions.Live, cancellationToken);
        var alerts = await new AlertAudit(ledger, topics, rows, findings).RunAsync(cancellationToken);
        return new AuditReport(
            transactions.Transactions, transactions.Events + accountEvents, transactions.Processed, alerts.Expected, alerts.Raised, alerts.Unexpected, transactions.Rows, windows,
            findings.Missing, findings.Duplicates, findings.Wrong, findings.Phantoms, findings.Words);
    }

    /// <summary>Database transactions that PostgreSQL committed for customers since a moment: each gave its rows a transaction id of its own.</summary>
    public async Task<long> CommitsSinceAsync(DateTimeOffset start, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT count(DISTINCT xmin::text) FROM public.transactions WHERE created_at >= $1");
        command.Parameters.Add(new NpgsqlParameter { Value = start.UtcDateTime });
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Whether everything that is committed in PostgreSQL seems to have arrived at the end of the pipeline, by figures that are cheap to ask for.</summary>
    public Task<bool> IsSettledAsync(CancellationToken cancellationToken) => _rest.IsReachedAsync(cancellationToken);
}
