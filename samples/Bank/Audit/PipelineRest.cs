using System.Globalization;
using Millrace.Samples.Bank.Jobs;
using Npgsql;

namespace Millrace.Samples.Bank.Audit;

/// <summary>Tells when an audit is worth its while: counts and sums, the dearer ones last. What they overlook the audit sees.</summary>
internal sealed class PipelineRest(NpgsqlDataSource database, ClickHouseQueries clickhouse)
{
    public async Task<bool> IsReachedAsync(CancellationToken cancellationToken)
    {
        var transactions = await ScalarAsync<long>("SELECT count(*) FROM public.transactions", cancellationToken);
        if (await CountAsync("SELECT count() FROM transactions_realtime", cancellationToken) < transactions) return false;
        var balance = await ScalarAsync<decimal>("SELECT sum(balance) FROM public.accounts", cancellationToken);
        var stored = (await clickhouse.ScalarAsync("SELECT toString(sum(balance)) FROM accounts_current FINAL", cancellationToken)).GetString()!;
        if (decimal.Parse(stored, CultureInfo.InvariantCulture) != balance) return false;
        var expected = await ScalarAsync<long>("SELECT count(*) FROM public.fraud_cases", cancellationToken);
        if (await CountAsync("SELECT count() FROM fraud_alerts", cancellationToken) < expected) return false;
        return await HasClosedAsync(cancellationToken);
    }

    // The latest minute that the job's watermark closes once all partitions are idle: the accounts that were active in it have their windows.
    private async Task<bool> HasClosedAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            """
            WITH live AS (SELECT min(started_at) AS since FROM public.generator_runs),
                 closed AS (SELECT date_trunc('minute', max(created_at) - $1) - interval '1 minute' AS start FROM public.transactions, live WHERE created_at >= since)
            SELECT count(DISTINCT account_id), coalesce((SELECT (extract(epoch FROM start) * 1000)::bigint FROM closed), 0)
            FROM public.transactions, live, closed WHERE created_at >= since AND created_at >= start AND created_at < start + interval '1 minute'
            """);
        command.Parameters.Add(new NpgsqlParameter { Value = BankSource.OutOfOrderness });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var (accounts, start) = (reader.GetInt64(0), reader.GetInt64(1));
        return accounts == 0 || await CountAsync($"SELECT count() FROM account_activity_per_minute WHERE toUnixTimestamp64Milli(window_start) = {start}", cancellationToken) >= accounts;
    }

    private async Task<long> CountAsync(string sql, CancellationToken cancellationToken) => (await clickhouse.ScalarAsync(sql, cancellationToken)).GetString64();

    private async Task<T> ScalarAsync<T>(string sql, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(cancellationToken))!;
    }
}
