using Millrace.Samples.Bank.Model;

namespace Millrace.Samples.Bank.Generator.Fraud;

/// <summary>A large sum of cash is split into deposits just below the amount that must be reported.</summary>
internal sealed class Structuring : IFraudPattern
{
    public string Name => FraudPatterns.Structuring;

    public bool Suits(AccountMemory account, DateTimeOffset at) => true;

    public IEnumerable<BankCommit> Commit(HonestCustomers customers, AccountMemory victim, SeededRandom random, DateTimeOffset at)
    {
        var count = 3 + random.Next(3);
        for (var i = 0; i < count; i++)
        {
            var amount = HonestCustomers.SuspiciousDeposit + (10_000 * random.Next(98));
            yield return new BankCommit(at, [customers.Row(victim, at, TransactionTypes.CashDeposit, amount, "branch")]);
            at += TimeSpan.FromMilliseconds(random.Between(2_000, 5_000));
        }
    }
}
