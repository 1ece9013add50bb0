using System.Buffers;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Millrace.Connect.Data;
using Millrace.Connect.Postgres.Catalog;
using Millrace.Connect.Postgres.Configuration;
using Millrace.Connect.Postgres.Events;
using Npgsql;
using NpgsqlTypes;

namespace Millrace.Connect.Postgres.Snapshot;

/// <summary>
/// Reads all captured tables in one repeatable-read transaction, by COPY in text form: the form in which the stream delivers values, so that one
/// set of readers serves both. TCP's flow control bounds the memory.
/// </summary>
internal sealed class SnapshotReader(PostgresOptions options, TableModels tables, EventFactory events, EventQueue queue, ILogger logger, TimeProvider time)
{
    private long _rows;

    internal long Rows => Interlocked.Read(ref _rows);

    /// <summary>Reads all tables.</summary>
    /// <param name="exported">The snapshot that the slot's creation exported, or null if the slot is older.</param>
    /// <param name="imported">Called when the exported snapshot is no longer needed.</param>
    /// <param name="slotLsn">Where streaming will start.</param>
    /// <param name="systemId">The database cluster.</param>
    /// <param name="leaveOutSeen">The stream shall leave out what an older slot repeats of the snapshot.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The position to stream from.</returns>
    internal async Task<PostgresOffset> RunAsync(string? exported, Func<ValueTask> imported, ulong slotLsn, string systemId, bool leaveOutSeen, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(options.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken);
        if (exported is not null) await ExecuteAsync(connection, transaction, $"SET TRANSACTION SNAPSHOT '{exported.Replace("'", "''", StringComparison.Ordinal)}'", cancellationToken);
        var visibility = await VisibilityAsync(connection, transaction, cancellationToken);
        await imported();
        var lsn = exported is null ? visibility.Lsn : slotLsn;
        var began = time.GetTimestamp();
        var now = (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / 10;
        var offset = new PostgresOffset { CompleteLsn = slotLsn, Lsn = lsn, CommitMicros = now, SystemId = systemId, InSnapshot = true };
        var catalog = new CatalogReader(connection, transaction);
        var captured = (await catalog.TablesAsync(cancellationToken)).Where(t => options.Tables.Includes(t.Id)).ToList();
        for (var i = 0; i < captured.Count; i++)
        {
            var (id, oid, identity) = captured[i];
            var table = await tables.FromCatalogAsync(catalog, id, oid, identity, cancellationToken);
            if (table.KeySchema is null) logger.Keyless(id.ToString(), identity == 'f' ? "FULL" : "without a key");
            var rows = await CopyAsync(connection, table, new TableRun(offset, lsn, now, i == 0, i == captured.Count - 1), cancellationToken);
            logger.TableSnapshot(id.ToString(), rows);
        }

        await transaction.CommitAsync(cancellationToken);
        // With the exported snapshot stream and snapshot meet exactly; with an older slot the stream leaves out what the snapshot has seen, if it may.
        var complete = new PostgresOffset { CompleteLsn = slotLsn, Lsn = lsn, CommitMicros = now, SystemId = systemId, Visibility = exported is null && leaveOutSeen ? visibility : null };
        queue.Current.Add(SourceRecord.OffsetOnly(events.Partition, complete));
        await queue.FlushAsync(cancellationToken);
        logger.SnapshotDone(captured.Count, Rows, time.GetElapsedTime(began));
        return complete;
    }

    private static async Task<SnapshotVisibility> VisibilityAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT pg_catalog.txid_current_snapshot()::text, CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_insert_lsn() END", connection, transaction);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return SnapshotVisibility.Parse(reader.GetString(0), (ulong)reader.GetFieldValue<NpgsqlLogSequenceNumber>(1));
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection, transaction);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task<long> CopyAsync(NpgsqlConnection connection, TableModel table, TableRun run, CancellationToken cancellationToken)
    {
        var columns = string.Join(", ", table.RowSchema.Fields.Select(f => TableId.Quote(f.Name)));
        using var text = await connection.BeginTextExportAsync($"COPY (SELECT {columns} FROM ONLY {table.Id.Sql}) TO STDOUT", cancellationToken);
        // The text reader is a StreamReader over COPY's bytes; values are read as UTF-8, so the detour over chars is left out.
        var stream = ((StreamReader)text).BaseStream;
        var buffer = ArrayPool<byte>.Shared.Rent(256 * 1024);
        var scratch = ArrayPool<byte>.Shared.Rent(buffer.Length);
        Struct? held = null;
        long count = 0;
        var filled = 0;
        try
        {
            while (true)
            {
                var read = await stream.ReadAsync(buffer.AsMemory(filled), cancellationToken);
                if (read == 0) break;
                filled += read;
                var start = 0;
                while (buffer.AsSpan(start, filled - start).IndexOf((byte)'\n') is >= 0 and var length)
                {
                    var row = ReadRow(table, buffer.AsSpan(start, length), scratch);
                    start += length + 1;
                    // One row is held back, since the last one of a table says so.
                    if (held is not null) Emit(table, held, count++, isLast: false, run);
                    held = row;
                    queue.AddBytes(length);
                    if (queue.IsFull) await queue.FlushAsync(cancellationToken);
                }

                buffer.AsSpan(start, filled - start).CopyTo(buffer);
                filled -= start;
                if (filled < buffer.Length) continue;
                (buffer, scratch) = (Grow(buffer, filled), Grow(scratch, 0));
            }

            if (held is not null) Emit(table, held, count++, isLast: true, run);
            return count;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }

    private static byte[] Grow(byte[] buffer, int keep)
    {
        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.AsSpan(0, keep).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }

    private static Struct ReadRow(TableModel table, ReadOnlySpan<byte> line, Span<byte> scratch)
    {
        var values = new object?[table.RowSchema.Fields.Count];
        for (var i = 0; i < values.Length; i++) values[i] = CopyText.Next(ref line, scratch, out var value) ? table.Read(i, value) : null;
        return new Struct(table.RowSchema, values);
    }

    private void Emit(TableModel table, Struct row, long number, bool isLast, in TableRun run)
    {
        var flag = (number == 0, isLast, run.IsFirstTable, run.IsLastTable) switch
        {
            (_, true, _, true) => "last",
            (_, true, _, _) => "last_in_data_collection",
            (true, _, true, _) => "first",
            (true, _, _, _) => "first_in_data_collection",
            _ => "true",
        };
        var position = string.Create(CultureInfo.InvariantCulture, $"s{run.Lsn}:{Interlocked.Increment(ref _rows)}");
        events.Row(queue.Current, table, 'r', null, row, new EventSource(flag, run.Lsn, 0, 0, run.Micros, null, position), run.Offset);
    }

    private readonly record struct TableRun(PostgresOffset Offset, ulong Lsn, long Micros, bool IsFirstTable, bool IsLastTable);
}
