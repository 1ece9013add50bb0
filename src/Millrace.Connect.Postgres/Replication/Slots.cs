using Millrace.Connect.Postgres.Configuration;
using Npgsql;
using NpgsqlTypes;

namespace Millrace.Connect.Postgres.Replication;

/// <summary>A slot as pg_replication_slots shows it.</summary>
internal sealed record SlotState(string Plugin, string? Database, ulong ConfirmedFlush, bool IsLost, int? ActivePid);

/// <summary>Looks at replication slots.</summary>
internal static class Slots
{
    internal static async Task<SlotState?> FindAsync(NpgsqlConnection connection, string name, CancellationToken cancellationToken)
    {
        // wal_status exists since PostgreSQL 13.
        var lost = connection.PostgreSqlVersion.Major >= 13 ? "coalesce(wal_status = 'lost', false)" : "false";
        await using var command = new NpgsqlCommand($"SELECT coalesce(plugin, ''), database, confirmed_flush_lsn, {lost}, active_pid FROM pg_catalog.pg_replication_slots WHERE slot_name = $1", connection);
        command.Parameters.Add(new() { Value = name });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken)) return null;
        return new(
            reader.GetString(0),
            await reader.IsDBNullAsync(1, cancellationToken) ? null : reader.GetString(1),
            await reader.IsDBNullAsync(2, cancellationToken) ? 0 : (ulong)reader.GetFieldValue<NpgsqlLogSequenceNumber>(2),
            reader.GetBoolean(3),
            await reader.IsDBNullAsync(4, cancellationToken) ? null : reader.GetInt32(4));
    }

    internal static async Task<ConnectException> InUseAsync(NpgsqlConnection connection, PostgresOptions options, Exception cause, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "SELECT format('process %s (%s, from %s, since %s)', a.pid, coalesce(nullif(a.application_name, ''), 'no name'), coalesce(a.client_addr::text, 'local'), a.backend_start) FROM pg_catalog.pg_stat_activity a JOIN pg_catalog.pg_replication_slots s ON s.active_pid = a.pid WHERE s.slot_name = $1", connection);
        command.Parameters.Add(new() { Value = options.SlotName });
        var holder = await command.ExecuteScalarAsync(cancellationToken) as string ?? "another connection";
        return new ConnectException(
            $"The replication slot \"{options.SlotName}\" is in use by {holder}. Each connector needs a slot of its own: set another slot.name, or stop the other connector (pg_terminate_backend ends a forgotten one).", cause);
    }
}
