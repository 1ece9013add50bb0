using Microsoft.Extensions.Logging;
using Millrace.Connect.Postgres.Configuration;
using Millrace.Connect.Postgres.Events;
using Millrace.Connect.Postgres.Replication;
using Npgsql;

namespace Millrace.Connect.Postgres;

/// <summary>Where and how a task begins.</summary>
/// <param name="Snapshot">Read the tables first.</param>
/// <param name="CreateSlot">Make the slot.</param>
/// <param name="DropSlot">Drop the present one before.</param>
/// <param name="Offset">The position to stream from; null to begin where the slot does.</param>
/// <param name="SlotLsn">Where the present slot begins.</param>
/// <param name="SystemId">The database cluster.</param>
/// <param name="NothingEmitted">
/// No event was ever committed, so the stream may leave out what the snapshot has seen. After a snapshot that was broken off it must not: a row that was
/// emitted then and deleted since is in no new snapshot, and only the stream tells of its end.
/// </param>
internal sealed record StartPoint(bool Snapshot, bool CreateSlot, bool DropSlot, PostgresOffset? Offset, ulong SlotLsn, string SystemId, bool NothingEmitted);

/// <summary>
/// Compares the stored position with the slot. The slot is confirmed only after Kafka has a position, so a slot that is ahead of the position was
/// made anew or moved by someone else: changes in between are lost, which is an error with choices, never silence.
/// </summary>
internal sealed class StartDecision(PostgresOptions options, ILogger logger)
{
    internal async Task<StartPoint> DecideAsync(NpgsqlConnection connection, PostgresOffset? offset, CancellationToken cancellationToken)
    {
        var systemId = await SystemIdAsync(connection, cancellationToken);
        var slot = await Slots.FindAsync(connection, options.SlotName, cancellationToken);
        var incomplete = offset is { InSnapshot: true };
        if (incomplete) logger.SnapshotAgain();
        var known = incomplete ? null : offset;
        var gap = Gap(known, slot, systemId);
        var snapshot = options.SnapshotMode switch
        {
            "always" => true,
            "never" or "no_data" => false,
            "when_needed" => known is null || gap is not null,
            _ => known is null,
        };
        if (gap is not null && !snapshot)
        {
            if (!options.TrustSlot) throw new ConnectException($"{gap} {Choices()}");
            logger.GapAccepted(gap, "offset.mismatch.strategy=trust_slot");
        }
        else if (gap is not null)
        {
            logger.GapAccepted(gap, $"snapshot.mode={options.SnapshotMode}");
        }

        var create = slot is null || slot.IsLost;
        var resume = snapshot || gap is not null || create ? null : known;
        return new(snapshot, create, DropSlot: slot is not null && create, resume, gap is null && known is not null ? known.CompleteLsn : slot?.ConfirmedFlush ?? 0, systemId, NothingEmitted: offset is null);
    }

    private string? Gap(PostgresOffset? offset, SlotState? slot, string systemId)
    {
        if (slot is { IsLost: true })
            return $"PostgreSQL has discarded WAL that the replication slot \"{options.SlotName}\" still needed (max_slot_wal_keep_size), so changes are lost.";
        if (offset is null) return null;
        if (offset.SystemId.Length > 0 && offset.SystemId != systemId)
            return $"The stored position belongs to another database cluster (system identifier {offset.SystemId}, this one is {systemId}).";
        if (slot is null)
            return $"The replication slot \"{options.SlotName}\" does not exist any more, though events up to LSN {Show(offset.CompleteLsn)} were read from it: changes since then would be lost.";
        return slot.ConfirmedFlush > offset.CompleteLsn
            ? $"The replication slot \"{options.SlotName}\" begins at LSN {Show(slot.ConfirmedFlush)}, behind the stored position {Show(offset.CompleteLsn)}: it was dropped and made again, or read by something else, and changes in between would be lost."
            : null;
    }

    private string Choices() =>
        "Choose: snapshot.mode=when_needed reads the tables again; offset.mismatch.strategy=trust_slot goes on from the slot and accepts the loss; "
        + $"if the connector points to the wrong server or slot (\"{options.SlotName}\"), correct that.";

    private static string Show(ulong lsn) => $"{lsn >> 32:X}/{lsn & 0xffffffff:X8}";

    private static async Task<string> SystemIdAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT system_identifier::text FROM pg_catalog.pg_control_system()", connection);
        return (string)(await command.ExecuteScalarAsync(cancellationToken))!;
    }
}
