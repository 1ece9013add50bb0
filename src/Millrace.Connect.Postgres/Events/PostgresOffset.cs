using System.Globalization;
using Millrace.Connect.Postgres.Snapshot;

namespace Millrace.Connect.Postgres.Events;

/// <summary>
/// A position: all transactions before <see cref="CompleteLsn"/> are done, and of the one that commits at <see cref="TransactionLsn"/> the changes up
/// to <see cref="Sequence"/>. The names of fields in connect-offsets are Debezium's where it has them.
/// </summary>
internal sealed class PostgresOffset : SourceOffset
{
    /// <summary>The end of the last transaction that is wholly done: what PostgreSQL may forget, and where streaming starts again.</summary>
    internal ulong CompleteLsn { get; init; }

    /// <summary>The commit LSN of the transaction of the last event; 0 for none.</summary>
    internal ulong TransactionLsn { get; init; }

    /// <summary>The number of the last change done in that transaction, from 1.</summary>
    internal long Sequence { get; init; }

    internal ulong Lsn { get; init; }

    internal uint TransactionId { get; init; }

    internal long CommitMicros { get; init; }

    /// <summary>The database cluster's identifier, so that a position is never used with another database.</summary>
    internal string SystemId { get; init; } = "";

    /// <summary>A snapshot is being read; false once it is complete, or without one.</summary>
    internal bool InSnapshot { get; init; }

    /// <summary>Transactions that the snapshot has seen already; until they are passed.</summary>
    internal SnapshotVisibility? Visibility { get; init; }

    public override IReadOnlyDictionary<string, object?> ToMap()
    {
        var map = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["lsn"] = (long)Lsn,
            ["lsn_proc"] = (long)Lsn,
            ["lsn_commit"] = (long)CompleteLsn,
            ["txId"] = (long)TransactionId,
            ["ts_usec"] = CommitMicros,
            ["tx_lsn"] = (long)TransactionLsn,
            ["tx_seq"] = Sequence,
            ["system_id"] = SystemId,
        };
        if (InSnapshot)
        {
            map["snapshot"] = "INITIAL";
            map["snapshot_completed"] = false;
        }

        if (Visibility is { } visibility)
        {
            map["snapshot_xids"] = visibility.ToString();
            map["snapshot_lsn"] = (long)visibility.Lsn;
        }

        return map;
    }

    /// <summary>Reads a stored position.</summary>
    /// <exception cref="DataException">The stored position is not one of ours (a position of Debezium's own is understood).</exception>
    internal static PostgresOffset Parse(IReadOnlyDictionary<string, object?> map)
    {
        try
        {
            return new PostgresOffset
            {
                Lsn = Number("lsn"),
                // Debezium stores the last commit it has seen; before the first one there is only the event's own LSN.
                CompleteLsn = map.ContainsKey("lsn_commit") ? Number("lsn_commit") : Number("lsn"),
                TransactionId = (uint)Number("txId"),
                CommitMicros = (long)Number("ts_usec"),
                TransactionLsn = Number("tx_lsn"),
                Sequence = (long)Number("tx_seq"),
                SystemId = map.GetValueOrDefault("system_id") as string ?? "",
                InSnapshot = map.ContainsKey("snapshot") && map.GetValueOrDefault("snapshot_completed") is not true,
                Visibility = map.GetValueOrDefault("snapshot_xids") is string xids ? SnapshotVisibility.Parse(xids, Number("snapshot_lsn")) : null,
            };
        }
        catch (Exception e) when (e is FormatException or InvalidCastException or OverflowException)
        {
            throw new DataException("The stored position of this connector cannot be read. See it by GET /connectors/NAME/offsets; DELETE it (connector stopped) to begin with a new snapshot.", e);
        }

        ulong Number(string key) => map.GetValueOrDefault(key) switch { null => 0, long value => (ulong)value, var other => ulong.Parse(other.ToString()!, CultureInfo.InvariantCulture) };
    }
}
