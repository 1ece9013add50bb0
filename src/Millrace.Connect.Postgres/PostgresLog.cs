using Microsoft.Extensions.Logging;

namespace Millrace.Connect.Postgres;

/// <summary>Log messages: event ids 4500–4699.</summary>
internal static partial class PostgresLog
{
    [LoggerMessage(4500, LogLevel.Warning, "Table {Table} has no primary key (replica identity {Identity}): its events have no key, so they cannot be compacted, and PostgreSQL refuses UPDATE and DELETE of published tables without a replica identity. Add a primary key, or ALTER TABLE … REPLICA IDENTITY FULL and set message.key.columns")]
    internal static partial void Keyless(this ILogger logger, string table, string identity);

    [LoggerMessage(4501, LogLevel.Information, "Snapshot of {Table}: {Rows} rows")]
    internal static partial void TableSnapshot(this ILogger logger, string table, long rows);

    [LoggerMessage(4502, LogLevel.Information, "Snapshot complete: {Tables} tables, {Rows} rows in {Elapsed}")]
    internal static partial void SnapshotDone(this ILogger logger, int tables, long rows, TimeSpan elapsed);

    [LoggerMessage(4503, LogLevel.Warning, "Replication slot {Slot} is busy, trying again: {Reason}")]
    internal static partial void SlotBusy(this ILogger logger, string slot, string reason);

    [LoggerMessage(4504, LogLevel.Information, "Replication slot {Slot} created at {Lsn:X}")]
    internal static partial void SlotCreated(this ILogger logger, string slot, ulong lsn);

    [LoggerMessage(4505, LogLevel.Information, "Streaming from slot {Slot} at {Lsn:X}")]
    internal static partial void Streaming(this ILogger logger, string slot, ulong lsn);

    [LoggerMessage(4506, LogLevel.Warning, "The snapshot was not complete when the task ended; it begins anew. Rows read before come again, with a new position")]
    internal static partial void SnapshotAgain(this ILogger logger);

    [LoggerMessage(4507, LogLevel.Warning, "The heartbeat message could not be written")]
    internal static partial void HeartbeatFailed(this ILogger logger, Exception exception);

    [LoggerMessage(4508, LogLevel.Debug, "The replication connection did not close cleanly")]
    internal static partial void CloseFailed(this ILogger logger, Exception exception);

    [LoggerMessage(4509, LogLevel.Warning, "{Gap} As configured, this is accepted: {Choice}")]
    internal static partial void GapAccepted(this ILogger logger, string gap, string choice);

    [LoggerMessage(4510, LogLevel.Warning, "No table matches \"{Pattern}\" of table.include.list")]
    internal static partial void PatternUnmatched(this ILogger logger, string pattern);

    [LoggerMessage(4511, LogLevel.Warning, "The WAL has logical messages of an application (pg_logical_emit_message, the first with the prefix \"{Prefix}\"): they are passed over, as the connector captures changes of tables only")]
    internal static partial void ForeignMessages(this ILogger logger, string prefix);
}
