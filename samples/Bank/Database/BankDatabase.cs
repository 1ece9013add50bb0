using System.Text.Json;
using Millrace.Samples.Bank.Fraud;
using Millrace.Samples.Bank.Generator;
using Millrace.Samples.Bank.Model;
using Npgsql;
using NpgsqlTypes;

namespace Millrace.Samples.Bank.Database;

/// <summary>The bank's PostgreSQL database: its schema and first rows.</summary>
public static class BankDatabase
{
    /// <summary>Creates the tables and fills them with the population and its history, unless that was done before.</summary>
    /// <returns>Whether the database was empty and is filled now.</returns>
    public static async Task<bool> CreateAsync(NpgsqlDataSource database, BankOptions options, Population population, DateTimeOffset start, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using (var schema = new NpgsqlCommand(BankFiles.Read("bank.sql"), connection)) await schema.ExecuteNonQueryAsync(cancellationToken);
        await using (var count = new NpgsqlCommand("SELECT EXISTS (SELECT FROM public.accounts)", connection))
        {
            if (await count.ExecuteScalarAsync(cancellationToken) is true) return false;
        }

        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var history = BankGenerator.History(options, population, start).SelectMany(c => c.Rows).ToList();
        var change = history.Where(IsCompleted).GroupBy(r => r.AccountId).ToDictionary(g => g.Key, g => g.Sum(r => r.Amount));
        await CopyCustomersAsync(connection, population.Accounts.Select(a => a.Owner).Distinct(), cancellationToken);
        await CopyAccountsAsync(connection, population.Accounts, change, start, cancellationToken);
        await CopyMerchantsAsync(connection, population.Merchants, cancellationToken);
        await CopyTransactionsAsync(connection, history, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>Registers a run of the generator on a database that <see cref="CreateAsync"/> made.</summary>
    /// <param name="database">The bank's database.</param>
    /// <param name="options">What the run was asked for.</param>
    /// <param name="isNew">Whether <see cref="CreateAsync"/> has just filled the database for this run.</param>
    /// <param name="start">When the run starts.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The options to generate live traffic with, and the people who live in the database.</returns>
    public static async Task<(BankOptions Options, Population Population)> BeginRunAsync(
        NpgsqlDataSource database, BankOptions options, bool isNew, DateTimeOffset start, CancellationToken cancellationToken)
    {
        var traces = isNew ? new Dictionary<long, CustomerTraces>() : await BankTraces.ReadAsync(database, cancellationToken);
        await using var begin = database.CreateCommand(
            """
            WITH begun AS (
                INSERT INTO public.generator_runs (run, seed, started_at)
                SELECT coalesce(max(run), CASE WHEN $1 THEN 0 ELSE 1 END) + 1, $2, $3 FROM public.generator_runs
                RETURNING run
            )
            SELECT run, coalesce((SELECT seed FROM public.generator_runs ORDER BY run LIMIT 1), $2), (SELECT count(*) FROM public.accounts),
                ARRAY(SELECT DISTINCT account_id FROM public.fraud_cases WHERE committed_at > $4) FROM begun
            """);
        begin.Parameters.Add(new NpgsqlParameter { Value = isNew });
        begin.Parameters.Add(new NpgsqlParameter { Value = (decimal)options.Seed });
        begin.Parameters.Add(new NpgsqlParameter { Value = start.UtcDateTime });
        begin.Parameters.Add(new NpgsqlParameter { Value = (start - AccountActivity.Retention).UtcDateTime });
        await using var reader = await begin.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        // Whoever lives there came with the first run's seed and rate, whatever this one was asked for.
        var first = options with { Seed = (ulong)reader.GetDecimal(1), Accounts = (int)reader.GetInt64(2) };
        return (options with { Run = reader.GetInt64(0), Victims = reader.GetFieldValue<long[]>(3).ToHashSet(), Traces = traces }, Population.Create(first, start));
    }

    internal static bool IsCompleted(Transaction row) => row.Status == "completed";

    /// <summary>The event that the bank publishes on purpose when a transfer leaves it.</summary>
    internal static string OutboxPayload(Transaction row) =>
        JsonSerializer.Serialize(new { transaction_id = row.TransactionId, account_id = row.AccountId, amount = row.Amount, currency = row.Currency, counterparty = row.Counterparty });

    private static async Task CopyCustomersAsync(NpgsqlConnection connection, IEnumerable<Customer> customers, CancellationToken cancellationToken)
    {
        await using var copy = await connection.BeginBinaryImportAsync("COPY public.customers (customer_id, full_name, segment, home_city, opened_on) FROM STDIN (FORMAT binary)", cancellationToken);
        foreach (var customer in customers)
        {
            await copy.StartRowAsync(cancellationToken);
            await copy.WriteAsync(customer.CustomerId, NpgsqlDbType.Bigint, cancellationToken);
            await copy.WriteAsync(customer.FullName, NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync(customer.Segment, NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync(customer.Home.Name, NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync(customer.OpenedOn, NpgsqlDbType.Date, cancellationToken);
        }

        await copy.CompleteAsync(cancellationToken);
    }

    private static async Task CopyAccountsAsync(
        NpgsqlConnection connection, IEnumerable<Account> accounts, Dictionary<long, decimal> change, DateTimeOffset start, CancellationToken cancellationToken)
    {
        await using var copy = await connection.BeginBinaryImportAsync("COPY public.accounts (account_id, customer_id, kind, currency, balance, device_id, updated_at) FROM STDIN (FORMAT binary)", cancellationToken);
        foreach (var account in accounts)
        {
            await copy.StartRowAsync(cancellationToken);
            await copy.WriteAsync(account.AccountId, NpgsqlDbType.Bigint, cancellationToken);
            await copy.WriteAsync(account.Owner.CustomerId, NpgsqlDbType.Bigint, cancellationToken);
            await copy.WriteAsync(account.Kind, NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync("KRW", NpgsqlDbType.Char, cancellationToken);
            await copy.WriteAsync(account.OpeningBalance + change.GetValueOrDefault(account.AccountId), NpgsqlDbType.Numeric, cancellationToken);
            await copy.WriteAsync(account.DeviceId, NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync(start.UtcDateTime, NpgsqlDbType.TimestampTz, cancellationToken);
        }

        await copy.CompleteAsync(cancellationToken);
    }

    private static async Task CopyMerchantsAsync(NpgsqlConnection connection, IEnumerable<Merchant> merchants, CancellationToken cancellationToken)
    {
        await using var copy = await connection.BeginBinaryImportAsync("COPY public.merchants (merchant_id, name, category, city) FROM STDIN (FORMAT binary)", cancellationToken);
        foreach (var merchant in merchants)
        {
            await copy.StartRowAsync(cancellationToken);
            await copy.WriteAsync(merchant.MerchantId, NpgsqlDbType.Bigint, cancellationToken);
            await copy.WriteAsync(merchant.Name, NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync(merchant.Category, NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync(merchant.City.Name, NpgsqlDbType.Text, cancellationToken);
        }

        await copy.CompleteAsync(cancellationToken);
    }

    private static async Task CopyTransactionsAsync(NpgsqlConnection connection, IEnumerable<Transaction> rows, CancellationToken cancellationToken)
    {
        await using var copy = await connection.BeginBinaryImportAsync($"COPY public.transactions ({TransactionColumns.Names}) FROM STDIN (FORMAT binary)", cancellationToken);
        foreach (var row in rows)
        {
            await copy.StartRowAsync(cancellationToken);
            foreach (var (type, value) in TransactionColumns.Values(row))
            {
                if (value is null) await copy.WriteNullAsync(cancellationToken);
                else await copy.WriteAsync(value, type, cancellationToken);
            }
        }

        await copy.CompleteAsync(cancellationToken);
    }
}
