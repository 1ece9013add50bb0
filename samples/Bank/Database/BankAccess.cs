using Npgsql;

namespace Millrace.Samples.Bank.Database;

/// <summary>What change data capture needs of the bank's database: a role that may replicate and read, and a publication of the captured tables.</summary>
public static class BankAccess
{
    /// <summary>The role that the connector's configuration names.</summary>
    public const string CaptureUser = "debezium";

    /// <summary>Grants it, again without harm. Needs a superuser, as a bank's database administrator is.</summary>
    public static async Task GrantCaptureAsync(NpgsqlDataSource database, string password, CancellationToken cancellationToken)
    {
        if (password.Contains('\'', StringComparison.Ordinal)) throw new ArgumentException("A password without quotes is needed.", nameof(password));
        await using var command = database.CreateCommand(
            $"""
            ALTER ROLE {CaptureUser} LOGIN REPLICATION PASSWORD '{password}';
            GRANT USAGE ON SCHEMA public TO {CaptureUser};
            GRANT SELECT ON public.accounts, public.transactions TO {CaptureUser};
            DO $$
            BEGIN
                IF NOT EXISTS (SELECT FROM pg_publication WHERE pubname = 'debezium_pub') THEN
                    CREATE PUBLICATION debezium_pub FOR TABLE public.accounts, public.transactions;
                END IF;
            END $$;
            """);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
