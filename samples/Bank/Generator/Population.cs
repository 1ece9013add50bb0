using Millrace.Samples.Bank.Model;

namespace Millrace.Samples.Bank.Generator;

/// <summary>The people, accounts and merchants of one seed.</summary>
public sealed class Population
{
    // Account numbers begin here so that they are not mistaken for row counts.
    private const long FirstAccount = 100_001;

    private static readonly string[] _families = ["Kim", "Lee", "Park", "Choi", "Jung", "Kang", "Cho", "Yoon", "Jang", "Lim", "Han", "Oh", "Seo", "Shin", "Kwon", "Hwang"];
    private static readonly string[] _givens = ["Minjun", "Seoyeon", "Dohyun", "Jiwoo", "Haeun", "Joon", "Yuna", "Sungho", "Eunji", "Taeyang", "Nari", "Byungchul", "Soojin", "Hyunwoo", "Mina", "Jaewon"];

    private static readonly (string Category, double Median, double Weight, string[] Names)[] _trades =
    [
        ("groceries", 38_000, 22, ["Green Basket", "Corner Fresh", "Market Nine"]),
        ("restaurants", 17_000, 24, ["Noodle House", "Blue Bowl", "Grill Street"]),
        ("coffee", 5_200, 18, ["Bean Room", "Morning Cup"]),
        ("transport", 1_650, 16, ["City Metro", "Bus Line"]),
        ("fuel", 62_000, 4, ["Road Fuel"]),
        ("fashion", 74_000, 5, ["Thread & Co", "Studio 12"]),
        ("electronics", 240_000, 2, ["Volt"]),
        ("pharmacy", 12_500, 5, ["Care Plus"]),
        ("entertainment", 21_000, 4, ["Cinema One", "Play Zone"]),
    ];

    private Population(IReadOnlyList<Account> accounts, IReadOnlyList<Merchant> merchants)
    {
        Accounts = accounts;
        Merchants = merchants;
        MerchantsByCity = merchants.GroupBy(m => m.City.Name).ToDictionary(g => g.Key, g => (IReadOnlyList<Merchant>)[.. g]);
    }

    /// <summary>All accounts, in the order of their numbers.</summary>
    public IReadOnlyList<Account> Accounts { get; }

    /// <summary>All merchants.</summary>
    public IReadOnlyList<Merchant> Merchants { get; }

    /// <summary>Merchants by the name of their city.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<Merchant>> MerchantsByCity { get; }

    /// <summary>The population of a seed.</summary>
    public static Population Create(BankOptions options, DateTimeOffset start)
    {
        var random = SeededRandom.For(options.Seed, 1);
        var merchants = CreateMerchants(random);
        var accounts = new List<Account>(options.AccountCount);
        Customer? owner = null;
        for (var i = 0; i < options.AccountCount; i++)
        {
            // Every fourth customer or so has a second account.
            if (owner is null || !random.Chance(0.25)) owner = CreateCustomer(random, (owner?.CustomerId ?? 0) + 1, start);
            var kind = accounts.Count > 0 && accounts[^1].Owner == owner ? "savings" : "checking";
            var balance = Math.Round((decimal)random.LogNormal(2_400_000, 1.0) + 500_000, 0);
            accounts.Add(new Account(FirstAccount + i, owner, kind, balance, $"phone-{owner.CustomerId:x}-1"));
        }

        return new Population(accounts, merchants);
    }

    private static Customer CreateCustomer(SeededRandom random, long id, DateTimeOffset start)
    {
        var segment = random.NextDouble() switch { < 0.15 => "student", < 0.70 => "salaried", < 0.86 => "self-employed", _ => "retired" };
        var opened = DateOnly.FromDateTime(start.UtcDateTime).AddDays(-40 - random.Next(2_000));
        return new Customer(id, $"{random.Pick(_families)} {random.Pick(_givens)}", segment, PickHome(random), opened);
    }

    private static City PickHome(SeededRandom random)
    {
        var point = random.NextDouble() * Places.Home.Sum(c => c.Weight);
        foreach (var city in Places.Home)
        {
            point -= city.Weight;
            if (point < 0) return city;
        }

        return Places.Home[0];
    }

    private static List<Merchant> CreateMerchants(SeededRandom random)
    {
        var merchants = new List<Merchant>();
        foreach (var city in Places.Home.Concat(Places.Abroad))
        {
            foreach (var (category, median, weight, names) in _trades)
            {
                foreach (var name in names)
                {
                    merchants.Add(new Merchant(5_001 + merchants.Count, $"{name} {city.Name}", category, city, median, weight * random.Between(0.5, 1.5)));
                }
            }
        }

        return merchants;
    }
}
