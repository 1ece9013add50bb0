using Millrace.Samples.Bank.Model;

namespace Millrace.Samples.Bank.Generator.Fraud;

/// <summary>A cloned card pays abroad while its owner pays at home.</summary>
internal sealed class ImpossibleTravel : IFraudPattern
{
    public string Name => FraudPatterns.ImpossibleTravel;

    public bool Suits(AccountMemory account, DateTimeOffset at) => true;

    public IEnumerable<BankCommit> Commit(HonestCustomers customers, AccountMemory victim, SeededRandom random, DateTimeOffset at)
    {
        yield return Pay(victim.City, at);
        yield return Pay(random.Pick(Places.Abroad), at + TimeSpan.FromSeconds(random.Between(4, 12)));

        BankCommit Pay(City city, DateTimeOffset when)
        {
            var merchant = customers.PickMerchant(city);
            return new BankCommit(when,
            [
                customers.Row(victim, when, TransactionTypes.CardPayment, -500 * (10 + random.Next(400)), "card-present") with
                {
                    MerchantId = merchant.MerchantId,
                    Region = city.Region,
                    Latitude = city.Latitude,
                    Longitude = city.Longitude,
                },
            ]);
        }
    }
}
