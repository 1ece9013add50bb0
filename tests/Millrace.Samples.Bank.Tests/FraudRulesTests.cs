using Millrace.Samples.Bank.Fraud;
using Millrace.Samples.Bank.Generator;
using Millrace.Samples.Bank.Model;

namespace Millrace.Samples.Bank.Tests;

public sealed class FraudRulesTests
{
    private static readonly DateTimeOffset _start = new(2026, 3, 25, 3, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(1, 100, 0)]
    [InlineData(2, 500, 0)]
    [InlineData(3, 500, 400)]
    [InlineData(4, 20, 50)]
    [InlineData(5, 1000, 3000)]
    public void Every_injected_fraud_is_found_once_and_nobody_else_is_accused_in_any_order_of_arrival(ulong seed, double rate, int disorder)
    {
        var options = new BankOptions { Seed = seed, Rate = rate, FraudPerThousand = 1 };
        var commits = new BankGenerator(options, Population.Create(options, _start)).Live(_start).Take((int)Math.Clamp(rate * 120, 30_000, 60_000)).ToList();
        // Frauds that the end cut off are not cases, and may be found or not.
        var cases = commits.Select(c => c.Case).OfType<FraudCase>().ToList();
        var shuffle = new SeededRandom(seed);
        var arrivals = commits.SelectMany(c => c.Rows).Select((row, i) => (row, order: i + (shuffle.NextDouble() * disorder))).OrderBy(x => x.order).Select(x => x.row);

        var states = new Dictionary<long, AccountActivity>();
        var alerts = new List<FraudAlert>();
        foreach (var row in arrivals)
        {
            if (!states.TryGetValue(row.AccountId, out var state)) states[row.AccountId] = state = new AccountActivity();
            alerts.AddRange(FraudRules.Apply(state, row));
        }

        Assert.Equal(4, cases.Select(c => c.Pattern).Distinct().Count());
        Assert.All(cases, c => Assert.Single(alerts, a => a.Rule == c.Pattern && a.AccountId == c.AccountId));
        var victims = cases.Select(c => (c.AccountId, c.Pattern)).ToHashSet();
        var last = commits[^1].At - TimeSpan.FromSeconds(30);
        Assert.DoesNotContain(alerts, a => !victims.Contains((a.AccountId, a.Rule)) && a.OccurredAt < last);
    }

    [Fact]
    public void The_same_transaction_twice_is_one()
    {
        var state = new AccountActivity();
        var row = new Transaction { TransactionId = Guid.NewGuid(), AccountId = 1, Type = TransactionTypes.CashDeposit, Amount = 9_500_000, CreatedAt = _start };
        Assert.Empty(FraudRules.Apply(state, row));
        Assert.Empty(FraudRules.Apply(state, row));
        Assert.Empty(FraudRules.Apply(state, row));
        Assert.Single(state.Recent);
    }
}
