using System.Text.Json.Serialization;
using Millrace.Samples.Bank.Model;
using Millrace.Streams;

namespace Millrace.Samples.Bank.Jobs;

/// <summary>What one account did in one minute, as <c>payments.account-activity.per-minute.v1</c> carries it.</summary>
public sealed record MinuteActivity
{
    /// <summary>The account.</summary>
    [JsonPropertyName("account_id")]
    public long AccountId { get; init; }

    /// <summary>Begin of the minute.</summary>
    [JsonPropertyName("window_start")]
    public DateTimeOffset WindowStart { get; init; }

    /// <summary>End of the minute, not included.</summary>
    [JsonPropertyName("window_end")]
    public DateTimeOffset WindowEnd { get; init; }

    /// <summary>Transactions, declined ones included.</summary>
    [JsonPropertyName("transactions")]
    public int Transactions { get; init; }

    /// <summary>Declined ones.</summary>
    [JsonPropertyName("declined")]
    public int Declined { get; init; }

    /// <summary>Money in.</summary>
    [JsonPropertyName("amount_in")]
    public decimal AmountIn { get; init; }

    /// <summary>Money out, as a positive number.</summary>
    [JsonPropertyName("amount_out")]
    public decimal AmountOut { get; init; }
}

/// <summary>Counts and sums the transactions of a window as they come.</summary>
internal sealed class MinuteActivityAggregate : IAggregateFunction<Transaction, MinuteActivity, MinuteActivity>
{
    public MinuteActivity CreateAccumulator() => new();

    public MinuteActivity Add(Transaction value, MinuteActivity accumulator)
    {
        var completed = value.Status == "completed";
        return accumulator with
        {
            AccountId = value.AccountId,
            Transactions = accumulator.Transactions + 1,
            Declined = accumulator.Declined + (value.Status == "declined" ? 1 : 0),
            AmountIn = accumulator.AmountIn + (completed && value.Amount > 0 ? value.Amount : 0),
            AmountOut = accumulator.AmountOut - (completed && value.Amount < 0 ? value.Amount : 0),
        };
    }

    public MinuteActivity GetResult(MinuteActivity accumulator) => accumulator;

    public MinuteActivity Merge(MinuteActivity first, MinuteActivity second) => first with
    {
        Transactions = first.Transactions + second.Transactions,
        Declined = first.Declined + second.Declined,
        AmountIn = first.AmountIn + second.AmountIn,
        AmountOut = first.AmountOut + second.AmountOut,
    };
}

/// <summary>Adds the window's bounds to its result.</summary>
internal sealed class WithWindow : ProcessWindowFunction<MinuteActivity, MinuteActivity, long>
{
    public override void Process(long key, Context ctx, IReadOnlyList<MinuteActivity> elements, ICollector<MinuteActivity> output) => output.Collect(elements[0] with
    {
        WindowStart = DateTimeOffset.FromUnixTimeMilliseconds(ctx.Window.Start),
        WindowEnd = DateTimeOffset.FromUnixTimeMilliseconds(ctx.Window.End),
    });
}
