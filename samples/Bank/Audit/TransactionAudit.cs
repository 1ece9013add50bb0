using System.Text.Json;
using Millrace.Samples.Bank.Database;
using Millrace.Samples.Bank.Jobs;

namespace Millrace.Samples.Bank.Audit;

/// <summary>What the comparison of transactions counted on its way.</summary>
/// <param name="Transactions">Rows in PostgreSQL.</param>
/// <param name="Events">Change records in the topic.</param>
/// <param name="Processed">Of these, the ones that the fraud job has committed.</param>
/// <param name="Rows">Rows in ClickHouse.</param>
/// <param name="Live">Per account and minute, what the transactions come to that were streamed; history came by the snapshot, and jobs leave it out.</param>
internal sealed record TransactionFigures(long Transactions, long Events, long Processed, long Rows, MinuteTotals Live);

/// <summary>Every transaction, with all its contents: in PostgreSQL, in the topic's materialised state, in ClickHouse; and no others.</summary>
internal sealed class TransactionAudit(BankLedger ledger, TopicScan topics, ClickHouseRows clickhouse, AuditFindings findings)
{
    private const string Things = "transactions";

    public async Task<TransactionFigures> RunAsync(CancellationToken cancellationToken)
    {
        var snapshot = new HashSet<Guid>();
        var captured = new CapturedTable<Guid, ulong>(static r => r.GetProperty("transaction_id").GetGuid(), Fingerprint)
        {
            Each = (op, id, _) =>
            {
                if (op == 'r') snapshot.Add(id);
            },
        };
        var processed = await ReadTopicAsync(captured, cancellationToken);
        var live = new MinuteTotals();
        var truth = await ledger.TransactionsAsync(row =>
        {
            if (!snapshot.Contains((Guid)row[0]!)) live.Add(row);
        }, cancellationToken);

        var topic = new RowComparison<Guid, LedgerRow>(Things, "the topic", truth, static r => r.All);
        foreach (var (id, fingerprint) in captured.Rows) topic.Add(id, fingerprint);
        await topic.TellAsync(findings, BankLedger.TransactionColumnNames, TrueRow);
        findings.AddDuplicates("transaction events in the topic", captured.Duplicates + captured.Reinserted);

        var analytics = new RowComparison<Guid, LedgerRow>(Things, "ClickHouse", truth, static r => r.Analytics);
        var rows = await clickhouse.TransactionsAsync(row => analytics.Add((Guid)row[0]!, row), cancellationToken);
        await analytics.TellAsync(findings, BankLedger.TransactionColumnNames, TrueRow);
        return new TransactionFigures(truth.Count, captured.Events, processed, rows, live);

        Task<object?[]> TrueRow(Guid id) => ledger.TransactionAsync(id, cancellationToken);
    }

    private static ulong Fingerprint(JsonElement image) =>
        RowFingerprint.Of([.. TransactionColumns.Values(image.Deserialize(BankJson.Default.Transaction)!).Select(static v => v.Value)]);

    private async Task<long> ReadTopicAsync(CapturedTable<Guid, ulong> captured, CancellationToken cancellationToken)
    {
        var fraud = await topics.CommittedAsync(BankTopics.FraudGroup, BankTopics.Transactions);
        var activity = await topics.CommittedAsync(BankTopics.ActivityGroup, BankTopics.Transactions);
        long processed = 0, counted = 0;
        await topics.ReadAsync(BankTopics.Transactions, (in r) =>
        {
            captured.Apply(r.Value);
            if (r.IsValueNull) return;
            if (fraud.TryGetValue(r.Partition, out var next) && r.Offset < next) processed++;
            if (activity.TryGetValue(r.Partition, out next) && r.Offset < next) counted++;
        }, cancellationToken);
        findings.AddMissing("transaction records that the fraud job has not processed", captured.Events - processed);
        findings.AddMissing("transaction records that the activity job has not processed", captured.Events - counted);
        return processed;
    }
}
