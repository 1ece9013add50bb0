using Millrace.Samples.Bank.Model;

namespace Millrace.Samples.Bank.Generator;

/// <summary>What honest customers do at a moment: the mix follows the hour, the weekday and the salary day.</summary>
internal sealed class HonestCustomers(Population population, SeededRandom random, BankOptions options)
{
    /// <summary>Deposits from here up to <see cref="ReportingLimit"/> are what structuring looks like; honest ones are smaller, or reported.</summary>
    public const decimal SuspiciousDeposit = 9_000_000;

    /// <summary>Cash from this amount on is reported to the authorities (Korea: 10 million won).</summary>
    public const decimal ReportingLimit = 10_000_000;

    private readonly AccountMemory[] _accounts = [.. population.Accounts.Select(a => Remember(a, options))];

    public AccountMemory PickAccount()
    {
        // Squaring leans to the first accounts: some customers are far more active than others.
        var lean = random.NextDouble();
        return _accounts[(int)(lean * (0.35 + (0.65 * lean)) * _accounts.Length)];
    }

    /// <summary>The next thing that somebody does.</summary>
    public BankCommit Act(DateTimeOffset at)
    {
        var salaries = Calendar.IsSalaryDay(at) && Calendar.IsBusinessHours(at) ? 30 : 0.5;
        var transfers = Calendar.IsBusinessHours(at) ? 20 : 12;
        var point = random.NextDouble() * (66 + transfers + salaries + 8);
        if ((point -= 66) < 0) return PayByCard(at);
        if ((point -= transfers) < 0) return Transfer(at);
        if ((point -= salaries) < 0) return new BankCommit(at, [Row(PickAccount(), at, TransactionTypes.Salary, Round(random.LogNormal(3_100_000, 0.35), 1_000), "batch") with { Counterparty = "payroll" }]);
        return Cash(at);
    }

    private BankCommit PayByCard(DateTimeOffset at)
    {
        var memory = PickAccount();
        for (var tries = 0; !memory.MayPayByCard(at); tries++)
        {
            // Everybody has just paid: a bank this small cannot be this busy, so somebody takes out cash instead.
            if (tries == 64) return Cash(at);
            memory = PickAccount();
        }

        if (memory.Refundable is { } payment && random.Chance(0.03))
        {
            memory.Refundable = null;
            return new BankCommit(at, [Row(memory, at, TransactionTypes.Refund, -payment.Amount, "batch") with { MerchantId = payment.MerchantId, RefundOf = payment.TransactionId, Region = payment.Region }]);
        }

        memory.PaidByCard(at);
        var online = random.Chance(0.3);
        var city = online ? memory.Account.Owner.Home : memory.PayAtTill(random, at);
        var merchant = PickMerchant(city);
        var amount = -Math.Max(100, Round(random.LogNormal(merchant.MedianAmount, 0.6), 50));
        var row = Row(memory, at, TransactionTypes.CardPayment, amount, online ? "online" : "card-present") with
        {
            MerchantId = merchant.MerchantId,
            Region = city.Region,
            Status = random.Chance(0.02) ? "declined" : "completed",
            Latitude = online ? null : Math.Round(city.Latitude + random.Between(-0.05, 0.05), 5),
            Longitude = online ? null : Math.Round(city.Longitude + random.Between(-0.05, 0.05), 5),
            DeviceId = online ? memory.DeviceId : null,
        };
        if (online) memory.UsedDevice(at);
        if (row.Status == "completed") memory.Refundable = row;
        return new BankCommit(at, [row]);
    }

    private BankCommit Transfer(DateTimeOffset at)
    {
        var memory = PickAccount();
        for (var tries = 0; !memory.MayTransfer(at); tries++)
        {
            if (tries == 64) return Cash(at);
            memory = PickAccount();
        }

        if (random.Chance(0.01)) memory.ChangeDevice(random);
        memory.Transferred(at);
        memory.UsedDevice(at);
        var amount = Math.Min(900_000, Math.Max(1_000, Round(random.LogNormal(85_000, 0.9), 1_000)));
        if (random.Chance(0.35))
        {
            var other = PickAccount();
            if (other != memory && !other.IsVictim)
            {
                return new BankCommit(at,
                [
                    Row(memory, at, TransactionTypes.TransferOut, -amount, "app") with { Counterparty = $"{other.Account.AccountId}", DeviceId = memory.DeviceId },
                    Row(other, at, TransactionTypes.TransferIn, amount, "app") with { Counterparty = $"{memory.Account.AccountId}" },
                ]);
            }
        }

        return new BankCommit(at, [Row(memory, at, TransactionTypes.TransferOut, -amount, "app") with { Counterparty = $"bank-{random.Next(12)}-{random.Next(900_000) + 100_000}", DeviceId = memory.DeviceId }]);
    }

    private BankCommit Cash(DateTimeOffset at)
    {
        var memory = PickAccount();
        if (random.Chance(0.7)) return new BankCommit(at, [Row(memory, at, TransactionTypes.CashWithdrawal, -Round(random.Between(20_000, 300_000), 10_000), "atm")]);
        var amount = Round(random.LogNormal(250_000, 1.1), 10_000);
        if (amount is >= SuspiciousDeposit and < ReportingLimit) amount = SuspiciousDeposit - 500_000;
        return new BankCommit(at, [Row(memory, at, TransactionTypes.CashDeposit, Math.Max(10_000, amount), amount > 1_000_000 ? "branch" : "atm")]);
    }

    public Merchant PickMerchant(City city)
    {
        var merchants = population.MerchantsByCity[city.Name];
        var point = random.NextDouble() * merchants.Sum(m => m.Weight);
        foreach (var merchant in merchants)
        {
            point -= merchant.Weight;
            if (point < 0) return merchant;
        }

        return merchants[^1];
    }

    public Transaction Row(AccountMemory memory, DateTimeOffset at, string type, decimal amount, string channel) => new()
    {
        TransactionId = random.NextGuid(),
        AccountId = memory.Account.AccountId,
        Amount = amount,
        Type = type,
        CreatedAt = at,
        Region = memory.Account.Owner.Home.Region,
        Channel = channel,
    };

    private static AccountMemory Remember(Account account, BankOptions options)
    {
        var memory = new AccountMemory(account) { IsVictim = options.Victims.Contains(account.AccountId) };
        if (options.Traces.TryGetValue(account.AccountId, out var traces)) memory.Recall(traces);
        return memory;
    }

    private static decimal Round(double amount, int to) => Math.Round((decimal)amount / to) * to;
}
