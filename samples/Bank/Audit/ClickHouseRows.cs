using System.Globalization;
using System.Text.Json;

namespace Millrace.Samples.Bank.Audit;

/// <summary>ClickHouse's tables row by row, a page at a time: neither side holds a table in memory. A page is a share of the keys, so that a row that is there twice comes twice.</summary>
internal sealed class ClickHouseRows(ClickHouseQueries clickhouse)
{
    private const int PageRows = 25_000;

    /// <summary>The transactions, with the columns and types of <see cref="BankLedger.TransactionColumnNames"/>.</summary>
    public Task<long> TransactionsAsync(Action<object?[]> visit, CancellationToken cancellationToken) => ReadAsync(
        "transactions_realtime", "transaction_id",
        "transaction_id, account_id, toString(amount), currency, transaction_type, status, toUnixTimestamp64Milli(created_at), region",
        r => visit([r[0].GetGuid(), r[1].GetString64(), Decimal(r[2]), r[3].GetString(), r[4].GetString(), r[5].GetString(), Time(r[6]), r[7].GetString()]),
        cancellationToken);

    /// <summary>The accounts that are not deleted, with the columns and types of <see cref="BankLedger.AccountColumnNames"/>.</summary>
    public Task<long> AccountsAsync(Action<object?[]> visit, CancellationToken cancellationToken) => ReadAsync(
        "accounts_current FINAL", "account_id",
        "account_id, customer_id, kind, currency, toString(balance), device_id, toUnixTimestamp64Milli(updated_at), _deleted",
        r =>
        {
            if (r[7].GetInt32() == 0) visit([r[0].GetString64(), r[1].GetString64(), r[2].GetString(), r[3].GetString(), Decimal(r[4]), r[5].GetString(), Time(r[6])]);
        },
        cancellationToken);

    /// <summary>The accounts' minutes.</summary>
    public Task<long> ActivityAsync(Action<MinuteKey, MinuteFigures> visit, CancellationToken cancellationToken) => ReadAsync(
        "account_activity_per_minute", "account_id",
        "account_id, toUnixTimestamp64Milli(window_start), toUnixTimestamp64Milli(window_end), transactions, declined, toString(amount_in), toString(amount_out)",
        r => visit(new MinuteKey(r[0].GetString64(), r[1].GetString64()), new MinuteFigures(r[2].GetString64(), r[3].GetString64(), r[4].GetString64(), Decimal(r[5]), Decimal(r[6]))),
        cancellationToken);

    /// <summary>The alerts, as <see cref="AlertAudit.Values"/> has them.</summary>
    public Task<long> AlertsAsync(Action<object?[]> visit, CancellationToken cancellationToken) => ReadAsync(
        "fraud_alerts", "alert_id",
        "alert_id, rule, account_id, toUnixTimestamp64Milli(occurred_at), description, toString(amount), transaction_ids",
        r => visit([r[0].GetGuid(), r[1].GetString(), r[2].GetString64(), Time(r[3]), r[4].GetString(), Decimal(r[5]), AlertAudit.Join(r[6].EnumerateArray().Select(static id => id.GetGuid()))]),
        cancellationToken);

    private static decimal Decimal(JsonElement text) => decimal.Parse(text.GetString()!, CultureInfo.InvariantCulture);

    private static DateTime Time(JsonElement milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds.GetString64()).UtcDateTime;

    private async Task<long> ReadAsync(string table, string key, string columns, Action<JsonElement> visit, CancellationToken cancellationToken)
    {
        var expected = (await clickhouse.ScalarAsync($"SELECT count() FROM {table}", cancellationToken)).GetString64();
        var pages = (expected / PageRows) + 1;
        long rows = 0;
        for (var page = 0L; page < pages; page++)
        {
            foreach (var row in await clickhouse.QueryAsync($"SELECT {columns} FROM {table} WHERE cityHash64({key}) % {pages} = {page}", cancellationToken))
            {
                visit(row);
                rows++;
            }
        }

        return rows;
    }
}
