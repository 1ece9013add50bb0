using Millrace.Samples.Bank.Model;

namespace Millrace.Samples.Bank.Generator.Fraud;

/// <summary>A stolen card number is tried at one web shop after another.</summary>
internal sealed class Velocity : IFraudPattern
{
    public string Name => FraudPatterns.Velocity;

    public bool Suits(AccountMemory account, DateTimeOffset at) => true;

    public IEnumerable<BankCommit> Commit(HonestCustomers customers, AccountMemory victim, SeededRandom random, DateTimeOffset at)
    {
        var count = 7 + random.Next(4);
        for (var i = 0; i < count; i++)
        {
            var merchant = customers.PickMerchant(victim.Account.Owner.Home);
            yield return new BankCommit(at,
            [
                customers.Row(victim, at, TransactionTypes.CardPayment, -1_000 * (1 + random.Next(90)), "online") with
                {
                    MerchantId = merchant.MerchantId,
                    DeviceId = "browser-unknown",
                    Status = random.Chance(0.2) ? "declined" : "completed",
                },
            ]);
            at += TimeSpan.FromMilliseconds(random.Between(700, 2_200));
        }
    }
}
