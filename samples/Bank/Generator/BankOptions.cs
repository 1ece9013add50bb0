namespace Millrace.Samples.Bank.Generator;

/// <summary>How large the bank is and how it behaves.</summary>
public sealed record BankOptions
{
    /// <summary>The same seed gives the same customers, payments and frauds, in the same order.</summary>
    /// <value>1</value>
    public ulong Seed { get; init; } = 1;

    /// <summary>Committed transactions per second, on average over a day.</summary>
    /// <value>100</value>
    public double Rate { get; init; } = 100;

    /// <summary>Number of accounts. Enough that no honest account pays as often as a thief does.</summary>
    /// <value>null: 60 per transaction a second, between 500 and 200,000</value>
    public int? Accounts { get; init; }

    /// <summary>Transactions that already stand in the database when change data capture begins, spread over the days before the start.</summary>
    /// <value>5,000</value>
    public int History { get; init; } = 5_000;

    /// <summary>Days over which the history is spread.</summary>
    /// <value>35, so that at least one salary day is among them</value>
    public int HistoryDays { get; init; } = 35;

    /// <summary>Frauds injected per 1,000 transactions.</summary>
    /// <value>0.5</value>
    public double FraudPerThousand { get; init; } = 0.5;

    /// <summary>Whether the rate follows the hours of the day; a benchmark wants it flat.</summary>
    /// <value>false: the rate is constant, the mix of kinds still follows the clock</value>
    public bool RateFollowsClock { get; init; }

    /// <summary>Which run on the same database this is: the same seed lives on differently in each, so that no payment is repeated.</summary>
    /// <value>1</value>
    public long Run { get; init; } = 1;

    /// <summary>Accounts that earlier runs defrauded within the time that the rules look back: they are left alone.</summary>
    /// <value>none</value>
    public IReadOnlySet<long> Victims { get; init; } = new HashSet<long>();

    /// <summary>Where and how the customers of earlier runs were last seen, by account: they go on from there.</summary>
    /// <value>none</value>
    public IReadOnlyDictionary<long, CustomerTraces> Traces { get; init; } = new Dictionary<long, CustomerTraces>();

    internal int AccountCount => Accounts ?? (int)Math.Clamp(Rate * 60, 500, 200_000);
}
