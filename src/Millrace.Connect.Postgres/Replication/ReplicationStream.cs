using System.Buffers;
using Microsoft.Extensions.Logging;
using Millrace.Connect.Postgres.Catalog;
using Millrace.Connect.Postgres.Configuration;
using Millrace.Connect.Postgres.Events;
using Npgsql;
using Npgsql.Replication;
using Npgsql.Replication.Internal;
using Npgsql.Replication.PgOutput;
using NpgsqlTypes;

namespace Millrace.Connect.Postgres.Replication;

/// <summary>Reads the replication slot: messages from Npgsql's replication connection through the decoder into the queue.</summary>
internal sealed class ReplicationStream(PostgresOptions options, ChangeHandler handler, EventQueue queue, TableModels tables, ILogger logger, TimeProvider time) : IAsyncDisposable
{
    private readonly LogicalReplicationConnection _connection = new(options.ConnectionString) { WalReceiverStatusInterval = options.StatusInterval };
    private bool _saidForeign;
    private ulong _confirmed;
    private ulong _received;

    internal ulong Confirmed => Volatile.Read(ref _confirmed);

    internal ulong Received => Volatile.Read(ref _received);

    /// <summary>Kafka has everything up to here: PostgreSQL may forget it. Sent with the next status message.</summary>
    internal void Confirm(ulong lsn)
    {
        if (lsn <= Volatile.Read(ref _confirmed)) return;
        Volatile.Write(ref _confirmed, lsn);
        _connection.SetReplicationStatus(new NpgsqlLogSequenceNumber(lsn));
    }

    internal async Task RunAsync(NpgsqlConnection catalog, ulong startLsn, CancellationToken cancellationToken)
    {
        await _connection.Open(cancellationToken);
        Confirm(startLsn);
        var parameters = new List<KeyValuePair<string, string?>> { new("proto_version", "1"), new("publication_names", TableId.Quote(options.PublicationName).Replace("'", "''", StringComparison.Ordinal)) };
        if (_connection.PostgreSqlVersion.Major >= 14) parameters.Add(new("messages", "true"));
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await ReadAsync(_connection.StartLogicalReplication(new PgOutputReplicationSlot(options.SlotName), cancellationToken, new NpgsqlLogSequenceNumber(startLsn), parameters), catalog, cancellationToken);
                throw new ConnectException("PostgreSQL has ended the replication stream.");
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.ObjectInUse)
            {
                // A connection of ours that has just died may hold the slot for a moment.
                if (attempt >= options.SlotRetries) throw await Slots.InUseAsync(catalog, options, e, cancellationToken);
                logger.SlotBusy(options.SlotName, e.MessageText);
                await Task.Delay(options.SlotRetryDelay, time, cancellationToken);
            }
            catch (PostgresException e)
            {
                throw Explain(e);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _connection.DisposeAsync();
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException or IOException)
        {
            logger.CloseFailed(e);
        }
    }

    private async Task ReadAsync(IAsyncEnumerable<XLogDataMessage> stream, NpgsqlConnection catalog, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        await using var messages = stream.GetAsyncEnumerator(cancellationToken);
        try
        {
            while (true)
            {
                var next = messages.MoveNextAsync();
                if (!(next.IsCompleted ? await next : await WaitAsync(next.AsTask(), cancellationToken))) return;
                var message = messages.Current;
                var length = 0;
                while (true)
                {
                    var read = await message.Data.ReadAsync(buffer.AsMemory(length), cancellationToken);
                    if (read == 0) break;
                    length += read;
                    if (length == buffer.Length) buffer = Grow(buffer);
                }

                handler.MessageLsn = (ulong)message.WalStart;
                Volatile.Write(ref _received, (ulong)message.WalEnd);
                PgOutputDecoder.Decode(buffer.AsMemory(0, length), handler);
                if (!_saidForeign && handler.ForeignMessagePrefix is { } prefix)
                {
                    _saidForeign = true;
                    logger.ForeignMessages(prefix);
                }

                if (handler.Unresolved is { } relation)
                {
                    var table = await tables.FromRelationAsync(catalog, relation, cancellationToken);
                    if (table.KeySchema is null) logger.Keyless(table.Id.ToString(), relation.ReplicaIdentity == 'f' ? "FULL" : "without a key");
                    handler.Resolve(relation.Oid, table);
                }

                if (queue.IsFull) await queue.FlushAsync(cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // Nothing at hand: what there is goes on at once, and while nothing comes the position follows the keepalives.
    private async Task<bool> WaitAsync(Task<bool> next, CancellationToken cancellationToken)
    {
        await queue.FlushAsync(cancellationToken);
        while (true)
        {
            await ((Task)next).WaitAsync(ChangeHandler.IdleMove, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (next.IsCompleted) return await next;
            handler.CaughtUp((ulong)_connection.LastReceivedLsn);
            await queue.FlushAsync(cancellationToken);
        }
    }

    private static byte[] Grow(byte[] buffer)
    {
        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }

    private ConnectException Explain(PostgresException e) => e.SqlState switch
    {
        PostgresErrorCodes.UndefinedObject when e.MessageText.Contains("publication", StringComparison.OrdinalIgnoreCase) => new ConnectException(
            $"The publication \"{options.PublicationName}\" did not exist when a change in the slot \"{options.SlotName}\" was made, so PostgreSQL cannot decode it. "
            + $"If it was dropped, create it again, drop the slot (SELECT pg_drop_replication_slot('{options.SlotName}')) and set snapshot.mode=when_needed to take a new snapshot.", e),
        _ => new ConnectException($"PostgreSQL has ended replication from slot \"{options.SlotName}\": {e.MessageText} ({e.SqlState}){(e.Hint is null ? "" : " " + e.Hint)}", e),
    };
}
