using Npgsql;

namespace Millrace.Samples.Bank.Database;

/// <summary>What change data capture needs of the bank's database: a role that may replicate and read, and a publication of the captured tables.</summary>
public static class BankAccess
{
    /// <summary>The role that the connector's configuration names.</summary>
    public const string CaptureUser = "debezium";

    private const string Publication = "debezium_pub";
    private const string Slot = "debezium_slot";

    // What a connection that has just ended still holds, it lets go within moments.
    private const int DropAttempts = 50;

    /// <summary>Creates the role and grants what it needs, again without harm. Needs a superuser, as a bank's database administrator is.</summary>
    public static async Task GrantCaptureAsync(NpgsqlDataSource database, string password, CancellationToken cancellationToken)
    {
        if (password.Contains('\'', StringComparison.Ordinal)) throw new ArgumentException("A password without quotes is needed.", nameof(password));
        await using var command = database.CreateCommand(
            $"""
            DO $$
            BEGIN
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{CaptureUser}') THEN
                    CREATE ROLE {CaptureUser} LOGIN REPLICATION;
                END IF;
            END $$;
            ALTER ROLE {CaptureUser} LOGIN REPLICATION PASSWORD '{password}';
            GRANT USAGE ON SCHEMA public TO {CaptureUser};
            GRANT SELECT ON public.accounts, public.transactions TO {CaptureUser};
            """);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Publishes the captured tables, again without harm.</summary>
    public static async Task PublishAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            $"""
            DO $$
            BEGIN
                IF NOT EXISTS (SELECT FROM pg_publication WHERE pubname = '{Publication}') THEN
                    CREATE PUBLICATION {Publication} FOR TABLE public.accounts, public.transactions;
                END IF;
            END $$;
            """);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Takes the replication slot and the publication away: a slot that nobody reads would keep PostgreSQL's log for ever.</summary>
    public static async Task WithdrawAsync(NpgsqlDataSource database, TimeProvider time, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var command = database.CreateCommand(
                    $"SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '{Slot}' AND database = current_database(); DROP PUBLICATION IF EXISTS {Publication};");
                await command.ExecuteNonQueryAsync(cancellationToken);
                return;
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.ObjectInUse && attempt < DropAttempts)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), time, cancellationToken);
            }
        }
    }
}
