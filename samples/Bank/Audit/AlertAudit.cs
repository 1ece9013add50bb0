using System.Text.Json;
using Millrace.Samples.Bank.Fraud;
using Millrace.Samples.Bank.Jobs;

namespace Millrace.Samples.Bank.Audit;

/// <summary>How many frauds there were, how many of them were found, and how many alerts are about no fraud.</summary>
internal sealed record AlertFigures(long Expected, long Raised, long Unexpected);

/// <summary>
/// The alerts: each is what its transactions in PostgreSQL say, is in the topic once and in ClickHouse once and the same, and each injected fraud has one.
/// </summary>
internal sealed class AlertAudit(BankLedger ledger, TopicScan topics, ClickHouseRows clickhouse, AuditFindings findings)
{
    private static readonly string[] _columns = ["alert_id", "rule", "account_id", "occurred_at", "description", "amount", "transaction_ids"];

    public static string Join(IEnumerable<Guid> ids) => string.Join(' ', ids);

    public async Task<AlertFigures> RunAsync(CancellationToken cancellationToken)
    {
        var alerts = new Dictionary<Guid, FraudAlert>();
        var repeated = new List<string>();
        await topics.ReadAsync(BankTopics.Alerts, (in r) =>
        {
            if (r.IsValueNull) return;
            var alert = JsonSerializer.Deserialize(r.Value, BankJson.Default.FraudAlert)!;
            if (!alerts.TryAdd(alert.AlertId, alert)) repeated.Add($"{alert.AlertId}");
        }, cancellationToken);
        findings.AddDuplicates("alerts in the topic", repeated.Count, repeated);
        await CompareEvidenceAsync(alerts.Values, cancellationToken);

        var stored = new RowComparison<Guid, FraudAlert>("alerts", "ClickHouse", alerts, static a => RowFingerprint.Of(Values(a)));
        await clickhouse.AlertsAsync(row => stored.Add((Guid)row[0]!, row), cancellationToken);
        await stored.TellAsync(findings, _columns, id => Task.FromResult(Values(alerts[id])), origin: "the topic");
        return await MatchAsync(alerts.Values, cancellationToken);
    }

    private static object?[] Values(FraudAlert a) => [a.AlertId, a.Rule, a.AccountId, a.OccurredAt.UtcDateTime, a.Description, a.Amount, Join(a.TransactionIds)];

    // An alert is no better than its evidence: transactions that PostgreSQL has, of this account, with these amounts, the latest at this time.
    private async Task CompareEvidenceAsync(IReadOnlyCollection<FraudAlert> alerts, CancellationToken cancellationToken)
    {
        var evidence = new Dictionary<Guid, (long Account, decimal Amount, DateTime At)>();
        foreach (var ids in alerts.SelectMany(static a => a.TransactionIds).Distinct().Chunk(5_000))
        {
            await ledger.ReadAsync("SELECT transaction_id, account_id, amount, created_at FROM public.transactions WHERE transaction_id = ANY($1)",
                row => evidence[(Guid)row[0]!] = ((long)row[1]!, (decimal)row[2]!, (DateTime)row[3]!), cancellationToken, ids);
        }

        var (phantoms, wrong) = (new List<string>(), new List<string>());
        foreach (var alert in alerts)
        {
            if (alert.TransactionIds.Count == 0 || !alert.TransactionIds.All(id => evidence.TryGetValue(id, out var t) && t.Account == alert.AccountId)) phantoms.Add($"{alert.AlertId}");
            else if (alert.Amount != alert.TransactionIds.Sum(id => Math.Abs(evidence[id].Amount)) || alert.OccurredAt.UtcDateTime != alert.TransactionIds.Max(id => evidence[id].At)) wrong.Add($"{alert.AlertId}");
        }

        findings.AddPhantoms("alerts in the topic about transactions that the account does not have", phantoms.Count, phantoms);
        findings.AddWrong("alerts in the topic whose time or amount is not that of their transactions", wrong.Count, wrong);
    }

    private async Task<AlertFigures> MatchAsync(IReadOnlyCollection<FraudAlert> alerts, CancellationToken cancellationToken)
    {
        var cases = new List<(string Pattern, long Account, HashSet<Guid> Ids)>();
        await ledger.ReadAsync("SELECT pattern, account_id, transaction_ids FROM public.fraud_cases", row => cases.Add(((string)row[0]!, (long)row[1]!, [.. (Guid[])row[2]!])), cancellationToken);
        // What came just before the fraud may count as evidence; what completes it is the fraud's own.
        var open = alerts.Where(static a => a.TransactionIds.Count > 0).ToLookup(static a => (a.Rule, a.AccountId));
        var matched = new HashSet<Guid>();
        var (notRaised, again) = (new List<string>(), new List<string>());
        foreach (var (pattern, account, ids) in cases)
        {
            List<FraudAlert> found = [.. open[(pattern, account)].Where(a => ids.Contains(a.TransactionIds[^1]) && matched.Add(a.AlertId))];
            if (found.Count == 0) notRaised.Add($"{pattern} {account}");
            again.AddRange(found.Skip(1).Select(static a => $"{a.AlertId}"));
        }

        if (notRaised.Count > 0) findings.Add($"frauds without an alert: {string.Join(", ", notRaised.Take(5))}{(notRaised.Count > 5 ? ", …" : "")}");
        findings.AddDuplicates("alerts about a fraud that another alert tells of", again.Count, again);
        return new AlertFigures(cases.Count, cases.Count - notRaised.Count, alerts.Count - matched.Count);
    }
}
