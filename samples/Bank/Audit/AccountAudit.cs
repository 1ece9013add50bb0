using System.Globalization;
using System.Text.Json;

namespace Millrace.Samples.Bank.Audit;

/// <summary>Every account with its balance and the rest of its contents: in PostgreSQL, in the topic's materialised state, in ClickHouse; and no others.</summary>
internal sealed class AccountAudit(BankLedger ledger, TopicScan topics, ClickHouseRows clickhouse, AuditFindings findings)
{
    private const string Things = "accounts";

    /// <summary>Compares, and counts the change records in the topic.</summary>
    public async Task<long> RunAsync(CancellationToken cancellationToken)
    {
        var captured = new CapturedTable<long, object?[]>(static r => r.GetProperty("account_id").GetInt64(), Values);
        await topics.ReadAsync(BankTopics.Accounts, (in r) => captured.Apply(r.Value), cancellationToken);
        var truth = await ledger.AccountsAsync(cancellationToken);

        var topic = new RowComparison<long, ulong>(Things, "the topic", truth, static r => r);
        foreach (var (id, row) in captured.Rows) topic.Add(id, row);
        await topic.TellAsync(findings, BankLedger.AccountColumnNames, TrueRow);
        findings.AddDuplicates("account events in the topic", captured.Duplicates);

        var analytics = new RowComparison<long, ulong>(Things, "ClickHouse", truth, static r => r);
        await clickhouse.AccountsAsync(row => analytics.Add((long)row[0]!, row), cancellationToken);
        await analytics.TellAsync(findings, BankLedger.AccountColumnNames, TrueRow);
        return captured.Events;

        Task<object?[]> TrueRow(long id) => ledger.AccountAsync(id, cancellationToken);
    }

    private static object?[] Values(JsonElement image) =>
    [
        image.GetProperty("account_id").GetInt64(),
        image.GetProperty("customer_id").GetInt64(),
        image.GetProperty("kind").GetString(),
        image.GetProperty("currency").GetString(),
        decimal.Parse(image.GetProperty("balance").ToString(), CultureInfo.InvariantCulture),
        image.GetProperty("device_id").GetString(),
        image.GetProperty("updated_at").GetDateTimeOffset().UtcDateTime,
    ];
}
