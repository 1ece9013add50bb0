using System.Text.Json;
using Millrace.Samples.Bank.Jobs;

namespace Millrace.Samples.Bank.Audit;

/// <summary>
/// The activity job's results, per account and minute, in its topic and in ClickHouse. Whatever is there must be what PostgreSQL's rows add up to, and every minute
/// that has closed must be there. Which rows the job has seen the topic tells: the snapshot's are history, in whatever minute they fall.
/// </summary>
internal sealed class ActivityAudit(TopicScan topics, ClickHouseRows clickhouse, AuditFindings findings)
{
    /// <summary>Compares, and counts the closed minutes.</summary>
    public async Task<long> RunAsync(MinuteTotals truth, CancellationToken cancellationToken)
    {
        var topic = new MinuteComparison("the topic", truth);
        await topics.ReadAsync(BankTopics.Activity, (in r) =>
        {
            if (r.IsValueNull) return;
            var a = JsonSerializer.Deserialize(r.Value, BankJson.Default.MinuteActivity)!;
            topic.Add(new MinuteKey(a.AccountId, a.WindowStart.ToUnixTimeMilliseconds()), new MinuteFigures(a.WindowEnd.ToUnixTimeMilliseconds(), a.Transactions, a.Declined, a.AmountIn, a.AmountOut));
        }, cancellationToken);
        topic.Tell(findings);

        var stored = new MinuteComparison("ClickHouse", truth);
        await clickhouse.ActivityAsync(stored.Add, cancellationToken);
        stored.Tell(findings);
        return truth.Closed.LongCount();
    }
}
