using Millrace.Engines;
using Millrace.Samples.Bank.Database;
using Millrace.Samples.Bank.Generator;
using Npgsql;

namespace Millrace.Samples.Bank.Tests;

public sealed class DatabaseTests
{
    [Fact]
    public async Task What_the_generator_says_is_what_stands_in_the_database_to_the_last_cent()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var postgres = await EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions { Databases = ["bank"] }, ct: cancellation);
        await using var database = NpgsqlDataSource.Create(postgres.GetConnectionString("bank"));
        var start = TimeProvider.System.GetUtcNow().AddSeconds(-20);
        var options = new BankOptions { Rate = 100, Accounts = 600, History = 500, FraudPerThousand = 5 };
        var population = Population.Create(options, start);

        Assert.True(await BankDatabase.CreateAsync(database, options, population, start, cancellation));
        Assert.False(await BankDatabase.CreateAsync(database, options, population, start, cancellation));
        var (life, people) = await BankDatabase.BeginRunAsync(database, options, isNew: true, start, cancellation);
        Assert.Equal(1, life.Run);
        Assert.Equal(population.Accounts, people.Accounts);
        var opening = await Scalar<decimal>(database, "SELECT sum(balance) FROM accounts");
        var history = await Scalar<long>(database, "SELECT count(*) FROM transactions");

        var commits = new BankGenerator(life, people).Live(start).Take(1_000).ToList();
        var writer = new BankWriter(database, TimeProvider.System);
        await writer.RunAsync(commits, end: null, cancellation);

        var rows = commits.SelectMany(c => c.Rows).ToList();
        Assert.Equal(1_000, writer.Commits);
        Assert.Equal(history + rows.Count, await Scalar<long>(database, "SELECT count(*) FROM transactions"));
        Assert.Equal(opening + rows.Where(r => r.Status == "completed").Sum(r => r.Amount), await Scalar<decimal>(database, "SELECT sum(balance) FROM accounts"));
        Assert.Equal(commits.Count(c => c.Case is not null), await Scalar<long>(database, "SELECT count(*) FROM fraud_cases"));
        Assert.Equal(rows.Count(r => r.Type == "transfer_out"), await Scalar<long>(database, "SELECT count(*) FROM outbox"));

        // Whoever goes on with another seed and rate finds the same people, and the payments do not come again.
        var (again, same) = await BankDatabase.BeginRunAsync(database, options with { Seed = 9, Accounts = 5_000 }, isNew: false, start, cancellation);
        Assert.Equal(2, again.Run);
        Assert.Equal(population.Accounts, same.Accounts);
        // They also go on where they were last seen.
        var own = rows.Where(r => !commits.Any(c => c.Case?.TransactionIds.Contains(r.TransactionId) is true)).ToLookup(r => r.AccountId);
        Assert.Equal(own.Select(a => a.Key).Order(), again.Traces.Keys.Order());
        Assert.All(again.Traces, t =>
        {
            Assert.Equal(own[t.Key].LastOrDefault(r => r.DeviceId is not null)?.DeviceId, t.Value.Device);
            Assert.Equal(own[t.Key].LastOrDefault(r => r.Latitude is not null)?.Latitude, t.Value.Latitude);
            Assert.Equal(own[t.Key].LastOrDefault(r => r.Type == "card_payment")?.CreatedAt, t.Value.Card);
        });
        Assert.Empty(life.Traces);
        Assert.Equal(commits.Select(c => c.Case).OfType<FraudCase>().Select(c => c.AccountId).Order(), again.Victims.Order());
        var (third, _) = await BankDatabase.BeginRunAsync(database, options, isNew: false, start, cancellation);
        await writer.RunAsync(new BankGenerator(third, same).Live(start).Take(100), end: null, cancellation);
        Assert.Equal(1_100, writer.Commits);
    }

    private static async Task<T> Scalar<T>(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}
