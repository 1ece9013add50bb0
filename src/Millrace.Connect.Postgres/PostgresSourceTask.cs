using Microsoft.Extensions.Logging;
using Millrace.Connect.Postgres.Catalog;
using Millrace.Connect.Postgres.Configuration;
using Millrace.Connect.Postgres.Events;
using Millrace.Connect.Postgres.Replication;
using Millrace.Connect.Postgres.Snapshot;
using Npgsql;
using Npgsql.Replication;
using Npgsql.Replication.PgOutput;

namespace Millrace.Connect.Postgres;

/// <summary>Reads one database: decides where to begin, takes the snapshot if needed, then streams.</summary>
internal sealed class PostgresSourceTask : ISourceTask
{
    private readonly CancellationTokenSource _stop = new();
    private PostgresOptions? _options;
    private EventQueue? _queue;
    private EventFactory? _events;
    private TableModels? _tables;
    private SnapshotReader? _snapshot;
    private ChangeHandler? _handler;
    private ReplicationStream? _stream;
    private NpgsqlConnection? _catalog;
    private LogicalReplicationConnection? _creator;
    private ILogger? _logger;
    private TimeProvider _time = TimeProvider.System;
    private Task _reading = Task.CompletedTask;
    private Task _heartbeats = Task.CompletedTask;
    private PostgresOffset? _committed;

    public IReadOnlyDictionary<string, object?> Metrics => new Dictionary<string, object?>(StringComparer.Ordinal)
    {
        ["phase"] = _handler is not null ? "streaming" : _snapshot is not null ? "snapshot" : "starting",
        ["snapshot_rows"] = _snapshot?.Rows ?? 0,
        ["slot"] = _options?.SlotName,
        ["lsn_received"] = (long)(_stream?.Received ?? 0),
        ["lsn_confirmed"] = (long)(_stream?.Confirmed ?? 0),
        ["lsn_lag_bytes"] = _stream is { } s && s.Received > s.Confirmed ? (long)(s.Received - s.Confirmed) : 0,
        ["last_commit_ms"] = (_committed?.CommitMicros ?? 0) / 1000,
    };

    public async ValueTask StartAsync(SourceTaskContext context, IReadOnlyDictionary<string, string> config, CancellationToken cancellationToken)
    {
        _logger = context.LoggerFactory.CreateLogger<PostgresSourceTask>();
        _time = context.TimeProvider;
        _options = new PostgresOptions(config);
        _queue = new EventQueue(_options.BatchSize, _options.QueueSize, _options.QueueBytes);
        _events = new EventFactory(_options, _time);
        _tables = new TableModels(_options);
        _catalog = await PostgresPreflight.OpenAsync(_options, cancellationToken);
        var problems = await PostgresPreflight.CheckAsync(_catalog, _options, cancellationToken);
        if (problems.Count > 0) throw new ConfigException(string.Join('\n', problems.Select(p => p.Problem)));
        var captured = await PostgresPreflight.CapturedAsync(_catalog, _options, cancellationToken);
        await PostgresPreflight.SetReplicaIdentitiesAsync(_catalog, _options, captured, cancellationToken);
        // Before the slot: PostgreSQL decodes each change with the catalogue of its time, and the publication must be in it.
        await Publications.EnsureAsync(_catalog, _options, captured, cancellationToken);
        var stored = await context.ReadOffsetAsync(_events.Partition, cancellationToken);
        var start = await new StartDecision(_options, _logger).DecideAsync(_catalog, stored is null ? null : PostgresOffset.Parse(stored), cancellationToken);
        var (slotLsn, exported) = start.CreateSlot ? await CreateSlotAsync(start.DropSlot, cancellationToken) : (start.SlotLsn, null);
        var token = _stop.Token;
        _reading = Task.Run(() => ReadAsync(start, slotLsn, exported, token), CancellationToken.None);
        if (_options.Heartbeat > TimeSpan.Zero && _catalog.PostgreSqlVersion.Major >= 14) _heartbeats = Task.Run(() => BeatAsync(token), CancellationToken.None);
    }

    public ValueTask<IReadOnlyList<SourceRecord>> PollAsync(CancellationToken cancellationToken) => _queue!.ReadAsync(cancellationToken);

    public ValueTask CommitAsync(IReadOnlyDictionary<string, object?> partition, SourceOffset offset, CancellationToken cancellationToken)
    {
        var position = (PostgresOffset)offset;
        Volatile.Write(ref _committed, position);
        if (!position.InSnapshot) _stream?.Confirm(position.CompleteLsn);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        // The writer may wait for room in the queue; the token ends that too.
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _heartbeats.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_stream is not null) await _stream.DisposeAsync();
        if (_creator is not null) await _creator.DisposeAsync();
        if (_catalog is not null) await _catalog.DisposeAsync();
        _stop.Dispose();
    }

    private async Task ReadAsync(StartPoint start, ulong slotLsn, string? exported, CancellationToken cancellationToken)
    {
        try
        {
            var offset = start.Offset ?? new PostgresOffset { CompleteLsn = slotLsn, SystemId = start.SystemId };
            if (start.Snapshot)
            {
                _snapshot = new SnapshotReader(_options!, _tables!, _events!, _queue!, _logger!, _time);
                offset = await _snapshot.RunAsync(exported, CloseCreatorAsync, slotLsn, start.SystemId, start.NothingEmitted, cancellationToken);
            }

            await CloseCreatorAsync();
            if (_options!.SnapshotMode == "initial_only")
            {
                // The snapshot was all; the task stays, so that its state shows, and the slot keeps the changes since.
                await Task.Delay(System.Threading.Timeout.InfiniteTimeSpan, _time, cancellationToken);
            }

            _handler = new ChangeHandler(_options, _events!, _queue!, _time, offset);
            _stream = new ReplicationStream(_options, _handler, _queue!, _tables!, _logger!, _time);
            _logger!.Streaming(_options.SlotName, offset.CompleteLsn);
            await _stream.RunAsync(_catalog!, offset.CompleteLsn, cancellationToken);
        }
        catch (Exception e)
        {
            _queue!.Complete(e is NpgsqlException lost ? PostgresPreflight.Explain(lost, _options!) : e);
        }
    }

    private async ValueTask CloseCreatorAsync()
    {
        if (_creator is null) return;
        await _creator.DisposeAsync();
        _creator = null;
    }

    // The connection stays open until the snapshot is imported: PostgreSQL holds it for the connection that made the slot.
    private async Task<(ulong Lsn, string? Snapshot)> CreateSlotAsync(bool drop, CancellationToken cancellationToken)
    {
        _creator = new LogicalReplicationConnection(_options!.ConnectionString);
        try
        {
            await _creator.Open(cancellationToken);
            if (drop) await _creator.DropReplicationSlot(_options.SlotName, wait: true, cancellationToken);
            var slot = await _creator.CreatePgOutputReplicationSlot(_options.SlotName, temporarySlot: false, LogicalSlotSnapshotInitMode.Export, cancellationToken: cancellationToken);
            _logger!.SlotCreated(_options.SlotName, (ulong)slot.ConsistentPoint);
            return ((ulong)slot.ConsistentPoint, slot.SnapshotName);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.ConfigurationLimitExceeded)
        {
            throw new ConnectException($"PostgreSQL has no replication slot left ({e.MessageText}). Drop unused slots (SELECT * FROM pg_replication_slots) or raise max_replication_slots.", e);
        }
        catch (NpgsqlException e)
        {
            throw PostgresPreflight.Explain(e, _options);
        }
    }

    // On a quiet database nothing would move the slot, while other databases of the server fill the WAL that it holds.
    private async Task BeatAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(_options!.Heartbeat, _time);
        var seen = 0UL;
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            var confirmed = _stream?.Confirmed ?? 0;
            if (_stream is null || (confirmed != seen && _options.HeartbeatTopic is null))
            {
                seen = confirmed;
                continue;
            }

            try
            {
                await using var connection = await PostgresPreflight.OpenAsync(_options, cancellationToken);
                await using var command = new NpgsqlCommand("SELECT pg_catalog.pg_logical_emit_message(false, $1, $2)", connection);
                command.Parameters.Add(new() { Value = ChangeHandler.HeartbeatPrefix });
                command.Parameters.Add(new() { Value = _options.SlotName });
                await command.ExecuteNonQueryAsync(cancellationToken);
            }
            catch (Exception e) when (e is NpgsqlException or ConnectException)
            {
                _logger!.HeartbeatFailed(e);
            }

            seen = confirmed;
        }
    }
}
