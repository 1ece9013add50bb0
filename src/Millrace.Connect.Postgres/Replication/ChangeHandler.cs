using System.Globalization;
using Millrace.Connect.Postgres.Catalog;
using Millrace.Connect.Postgres.Configuration;
using Millrace.Connect.Postgres.Events;

namespace Millrace.Connect.Postgres.Replication;

/// <summary>
/// Turns decoded messages into events and positions. Knows which changes were done before a restart: those of earlier transactions, of this
/// transaction up to the stored number, and those that the snapshot has seen.
/// </summary>
internal sealed class ChangeHandler(PostgresOptions options, EventFactory events, EventQueue queue, TimeProvider time, PostgresOffset start) : IPgOutputHandler
{
    /// <summary>The prefix of our own logical messages.</summary>
    internal const string HeartbeatPrefix = "millrace.heartbeat";

    /// <summary>What has no captured changes moves the position at most this often: each move costs a Kafka transaction.</summary>
    internal static readonly TimeSpan IdleMove = TimeSpan.FromSeconds(1);

    private readonly Dictionary<uint, TableModel?> _tables = [];
    private PostgresOffset _offset = start;
    private ulong _commitLsn;
    private long _commitMicros;
    private uint _xid;
    private string? _origin;
    private long _sequence;
    private bool _open;
    private bool _skip;
    private bool _emitted;
    private long _moved = time.GetTimestamp();

    /// <summary>The LSN of the message that is being handled.</summary>
    internal ulong MessageLsn { get; set; }

    /// <summary>A table that is new or has changed and must be looked up before the next message.</summary>
    internal RelationMessage? Unresolved { get; private set; }

    /// <summary>The prefix of the first logical message that an application has written (pg_logical_emit_message), if any: such messages are not captured.</summary>
    internal string? ForeignMessagePrefix { get; private set; }

    /// <summary>The commit time of the last transaction, for the lag.</summary>
    internal long LastCommitMicros => Volatile.Read(ref _commitMicros);

    /// <summary>The position after all that was handled.</summary>
    internal PostgresOffset Offset => _offset;

    internal void Resolve(uint relation, TableModel? table)
    {
        _tables[relation] = table;
        Unresolved = null;
    }

    public void Begin(ulong commitLsn, long commitMicros, uint xid)
    {
        _commitLsn = commitLsn;
        _commitMicros = commitMicros;
        _xid = xid;
        _origin = null;
        _sequence = 0;
        _open = true;
        _emitted = false;
        _skip = commitLsn < _offset.CompleteLsn || _offset.Visibility?.HasSeen(xid, commitLsn) is true;
    }

    public void Commit(ulong commitLsn, ulong endLsn)
    {
        _open = false;
        if (endLsn <= _offset.CompleteLsn) return;
        _offset = At(endLsn, transactionLsn: 0, sequence: 0);
        if (_emitted || time.GetElapsedTime(_moved) >= IdleMove) Move();
    }

    /// <summary>
    /// PostgreSQL has read its log up to here and sent all that was in it for us. Nothing else says so where only uncaptured things are written,
    /// and a server that shuts down waits until its receivers have confirmed the end of its log.
    /// </summary>
    /// <param name="lsn">The largest LSN received, of a message or a keepalive. Messages of an open transaction carry LSNs before its commit.</param>
    internal void CaughtUp(ulong lsn)
    {
        if (_open || lsn <= _offset.CompleteLsn || time.GetElapsedTime(_moved) < IdleMove) return;
        _offset = At(lsn, transactionLsn: 0, sequence: 0);
        Move();
    }

    public void Origin(ulong lsn, string name) => _origin = name;

    public void Relation(RelationMessage relation)
    {
        if (options.Tables.Includes(relation.Id)) Unresolved = relation;
        else _tables[relation.Oid] = null;
    }

    public void Change(char operation, uint relation, TupleReader? before, bool beforeIsKey, TupleReader? after)
    {
        if (!Next() || Table(relation) is not { } table) return;
        var old = before is { } b ? table.ReadTuple(b) : null;
        // A key alone knows no other columns, but it is sent whole, where the new row leaves out a key that did not change and is stored out of line (TOAST).
        var row = after is { } a ? table.ReadTuple(a, old) : null;
        // The key alone is no row before an update; it only says that the key has changed.
        if (operation == 'u' && beforeIsKey && old is not null && row is not null && table.SameKey(old, row)) old = null;
        _offset = At(_offset.CompleteLsn, _commitLsn, _sequence);
        _emitted = true;
        queue.AddBytes((before?.Bytes.Length ?? 0) + (after?.Bytes.Length ?? 0));
        events.Row(queue.Current, table, operation, old, row, Source(), _offset);
    }

    public void Truncate(IReadOnlyList<uint> relations)
    {
        if (!Next() || options.SkipTruncate) return;
        _offset = At(_offset.CompleteLsn, _commitLsn, _sequence);
        foreach (var relation in relations)
        {
            if (Table(relation) is not { } table) continue;
            _emitted = true;
            queue.Current.Add(events.Truncate(table, Source(), _offset));
        }
    }

    public void Message(bool transactional, ulong lsn, string prefix, ReadOnlySpan<byte> content)
    {
        if (prefix != HeartbeatPrefix) ForeignMessagePrefix ??= prefix;
        // Not transactional: it stands between transactions, and all that committed before it has been delivered.
        if (transactional || prefix != HeartbeatPrefix || lsn <= _offset.CompleteLsn) return;
        _offset = At(lsn, 0, 0);
        if (options.HeartbeatTopic is not null) queue.Current.Add(events.Heartbeat(_offset));
        Move();
    }

    // Counts every change, captured or not: the number must be the same when the transaction is read again.
    private bool Next()
    {
        _sequence++;
        return !_skip && (_commitLsn != _offset.TransactionLsn || _sequence > _offset.Sequence);
    }

    private TableModel? Table(uint relation) =>
        _tables.TryGetValue(relation, out var table) ? table : throw new DataException($"The stream has a change of relation {relation} without having described it.");

    private void Move()
    {
        _moved = time.GetTimestamp();
        queue.Current.Add(SourceRecord.OffsetOnly(events.Partition, _offset));
    }

    private EventSource Source() =>
        new("false", MessageLsn, _offset.CompleteLsn, _xid, _commitMicros, _origin, string.Create(CultureInfo.InvariantCulture, $"{_commitLsn}:{_sequence}"));

    private PostgresOffset At(ulong complete, ulong transactionLsn, long sequence) => new()
    {
        CompleteLsn = complete,
        TransactionLsn = transactionLsn,
        Sequence = sequence,
        Lsn = MessageLsn,
        TransactionId = _xid,
        CommitMicros = _commitMicros,
        SystemId = _offset.SystemId,
        Visibility = _offset.Visibility is { } seen && complete < seen.Lsn ? seen : null,
    };
}
