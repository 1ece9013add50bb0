using Millrace.Samples.Bank.Model;

namespace Millrace.Samples.Bank.Generator.Fraud;

/// <summary>Somebody else's phone is enrolled, sends a small sum to see that it works, and then drains the account.</summary>
internal sealed class AccountTakeover : IFraudPattern
{
    // The owner's own phone must have been seen well before, or nobody could know that the thief's is new.
    private static readonly TimeSpan _ownDeviceSeen = TimeSpan.FromSeconds(5);

    public string Name => FraudPatterns.AccountTakeover;

    public bool Suits(AccountMemory account, DateTimeOffset at) => account.DeviceUsedAt is { } used && at - used > _ownDeviceSeen && at - used < TimeSpan.FromMinutes(30);

    public IEnumerable<BankCommit> Commit(HonestCustomers customers, AccountMemory victim, SeededRandom random, DateTimeOffset at)
    {
        var device = $"phone-stolen-{random.Next(100_000)}";
        var count = 3 + random.Next(3);
        for (var i = 0; i <= count; i++)
        {
            var amount = i == 0 ? 100m : 100_000 * (12 + random.Next(30));
            yield return new BankCommit(at,
            [
                customers.Row(victim, at, TransactionTypes.TransferOut, -amount, "app") with { Counterparty = $"bank-{random.Next(12)}-{random.Next(900_000)}", DeviceId = device },
            ]);
            at += TimeSpan.FromMilliseconds(random.Between(1_500, 3_500));
        }
    }
}
