using System.Runtime.InteropServices;
using Millrace.Samples.Bank.Jobs;

namespace Millrace.Samples.Bank.Audit;

/// <summary>An account, and the begin of a minute in milliseconds since 1970.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct MinuteKey(long Account, long Start)
{
    public override string ToString() => $"{Account} at {DateTimeOffset.FromUnixTimeMilliseconds(Start):HH:mm}";
}

/// <summary>What an account did in a minute; the end in milliseconds since 1970.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct MinuteFigures(long End, long Transactions, long Declined, decimal In, decimal Out);

/// <summary>Transactions added up per account and minute, by the auditor's own arithmetic.</summary>
internal sealed class MinuteTotals
{
    private static readonly long _minute = (long)AccountActivityJob.Window.TotalMilliseconds;
    private long _newest = long.MinValue;

    public Dictionary<MinuteKey, MinuteFigures> Minutes { get; } = [];

    /// <summary>
    /// A minute that ends at this time or before is closed when the job is at rest: with all partitions idle its watermark is that of the newest transaction, which is
    /// as far behind it as transactions may be out of order.
    /// </summary>
    public long ClosedUntil => _newest == long.MinValue ? long.MinValue : _newest - (long)BankSource.OutOfOrderness.TotalMilliseconds;

    public IEnumerable<MinuteKey> Closed => Minutes.Where(m => m.Value.End <= ClosedUntil).Select(static m => m.Key);

    /// <summary>Adds a row of <c>public.transactions</c>, in the order of <see cref="BankLedger.TransactionColumnNames"/>.</summary>
    public void Add(object?[] row)
    {
        var (account, amount, status) = ((long)row[1]!, (decimal)row[2]!, (string)row[5]!);
        var at = new DateTimeOffset((DateTime)row[6]!).ToUnixTimeMilliseconds();
        var start = at / _minute * _minute;
        var key = new MinuteKey(account, start);
        var before = Minutes.TryGetValue(key, out var known) ? known : new MinuteFigures(start + _minute, 0, 0, 0, 0);
        var moved = status == "completed" ? amount : 0;
        Minutes[key] = new MinuteFigures(before.End, before.Transactions + 1, before.Declined + (status == "declined" ? 1 : 0), before.In + Math.Max(moved, 0), before.Out + Math.Max(-moved, 0));
        _newest = Math.Max(_newest, at);
    }
}
