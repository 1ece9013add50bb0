using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Millrace.Broker.Coordination;
using Millrace.Broker.Groups;
using Millrace.Broker.Log;
using Millrace.Protocol;

namespace Millrace.Broker.Transactions;

[StructLayout(LayoutKind.Auto)]
internal readonly record struct InitProducerIdResult(ErrorCode Error, long ProducerId, short ProducerEpoch)
{
    public static InitProducerIdResult Failed(ErrorCode error) => new(error, TransactionMetadata.NoProducerId, TransactionMetadata.NoEpoch);
}

/// <summary>
/// The coordinator of all transactional ids of this broker. It asks <see cref="TransactionTransitions"/> what a request leads to, appends the new state to
/// <c>__transaction_state</c>, and only then lets it count. Loading, time-outs and expiry are in TransactionCoordinator.Background.
/// </summary>
internal sealed partial class TransactionCoordinator : ITransactionGate, IDisposable
{
    // One node leads all partitions for ever, so the coordinator has a single epoch.
    private const int CoordinatorEpoch = 0;

    private readonly ConcurrentDictionary<string, TransactionEntry> _entries = new(StringComparer.Ordinal);
    private readonly TransactionCoordinatorOptions _options;
    private readonly ICoordinatorLog _log;
    private readonly ITransactionMarkers _markers;
    private readonly ProducerIdAllocator _producerIds;
    private readonly MonotonicClock _clock;
    private readonly DeadlineScheduler _scheduler;
    private readonly ILogger _logger;

    public TransactionCoordinator(
        TransactionCoordinatorOptions options,
        ICoordinatorLog log,
        ITransactionMarkers markers,
        IProducerIdStore producerIds,
        TimeProvider time,
        ILoggerFactory loggerFactory)
    {
        _options = options;
        _log = log;
        _markers = markers;
        _producerIds = new ProducerIdAllocator(producerIds);
        _clock = new MonotonicClock(time);
        _scheduler = new DeadlineScheduler(time);
        _logger = loggerFactory.CreateLogger<TransactionCoordinator>();
        ScheduleExpiry();
    }

    public ICoordinatorLog Log => _log;

    public int PartitionFor(string transactionalId) => KeyPartitioning.PartitionFor(transactionalId, _log.PartitionCount);

    /// <summary>InitProducerId. Without a transactional id it only gives out an id; with one it ends what is open and fences whoever had the id before.</summary>
    public async ValueTask<InitProducerIdResult> InitProducerIdAsync(string? transactionalId, int timeoutMs, (long ProducerId, short Epoch)? expected = null)
    {
        if (transactionalId is null) return new InitProducerIdResult(ErrorCode.None, _producerIds.Next(), 0);
        if (transactionalId.Length == 0) return InitProducerIdResult.Failed(ErrorCode.InvalidRequest);
        if (timeoutMs <= 0 || timeoutMs > _options.MaxTimeoutMs) return InitProducerIdResult.Failed(ErrorCode.InvalidTransactionTimeout);

        var entry = (await EnterAsync(transactionalId, create: true))!;
        try
        {
            var now = _clock.UnixMs;
            var current = entry.Current ?? new TransactionMetadata
            {
                TransactionalId = transactionalId,
                ProducerId = _producerIds.Next(),
                TimeoutMs = timeoutMs,
                UpdatedUnixMs = now,
            };
            if (TransactionTransitions.IsFenced(current, expected)) return InitProducerIdResult.Failed(ErrorCode.ProducerFenced);
            if (current.State == TransactionState.Ongoing || current.IsPrepared)
            {
                // Kafka answers CONCURRENT_TRANSACTIONS here and lets the client come back; all logs are ours, so the end is written at once.
                if (!await TryEndOpenTransactionAsync(entry))
                {
                    RetryLater(entry);
                    return InitProducerIdResult.Failed(ErrorCode.ConcurrentTransactions);
                }

                if (current.State == TransactionState.Ongoing) expected = null;
                current = entry.Current!;
            }

            var transition = TransactionTransitions.InitProducerId(current, timeoutMs, expected, _producerIds.Next, now);
            if (transition.Next is not { } next) return InitProducerIdResult.Failed(transition.Error);
            var error = await StoreAsync(entry, next);
            return error == ErrorCode.None
                ? new InitProducerIdResult(ErrorCode.None, next.ProducerId, next.ProducerEpoch)
                : InitProducerIdResult.Failed(error);
        }
        finally
        {
            entry.Exit();
        }
    }

    /// <summary>AddPartitionsToTxn, and AddOffsetsToTxn with the group's partition of <c>__consumer_offsets</c>.</summary>
    public ValueTask<ErrorCode> AddPartitionsAsync(
        string transactionalId, long producerId, short producerEpoch, IReadOnlyCollection<TopicPartition> partitions) =>
        ChangeAsync(transactionalId, async entry =>
        {
            if (!await TryFinishPreparedAsync(entry)) return ErrorCode.ConcurrentTransactions;
            var transition = TransactionTransitions.AddPartitions(entry.Current!, producerId, producerEpoch, partitions, _clock.UnixMs);
            if (transition.Next is not { } next) return transition.Error;
            var begins = entry.Current!.State != TransactionState.Ongoing;
            var error = await StoreAsync(entry, next);
            if (error == ErrorCode.None && begins) WatchTimeout(next);
            return error;
        });

    /// <summary>EndTxn. When it succeeds the outcome is decided for good, and the markers are written unless a disk refuses them: then they are retried.</summary>
    public ValueTask<ErrorCode> EndAsync(string transactionalId, long producerId, short producerEpoch, bool commit) =>
        ChangeAsync(transactionalId, async entry =>
        {
            await TryFinishPreparedAsync(entry);
            var transition = TransactionTransitions.End(entry.Current!, producerId, producerEpoch, commit, _clock.UnixMs);
            if (transition.Next is not { } next) return transition.Error;
            var error = await StoreAsync(entry, next);
            if (error == ErrorCode.None && !await TryFinishPreparedAsync(entry)) RetryLater(entry);
            return error;
        });

    public async ValueTask<ErrorCode> RunInTransactionAsync(OffsetTransaction transaction, TopicPartition partition, Func<ValueTask<ErrorCode>> append)
    {
        if (!_options.PartitionVerification) return await append();
        return await ChangeAsync(transaction.TransactionalId, async entry =>
        {
            var error = TransactionTransitions.Verify(entry.Current!, transaction.ProducerId, transaction.ProducerEpoch, partition);
            return error == ErrorCode.None ? await append() : error;
        });
    }

    /// <summary>Null if the id is not known.</summary>
    public TransactionMetadata? Describe(string transactionalId) => _entries.GetValueOrDefault(transactionalId)?.Current;

    public IReadOnlyList<TransactionMetadata> List() => [.. _entries.Values.Select(static e => e.Current).OfType<TransactionMetadata>()];

    /// <summary>WriteTxnMarkers: an administrator ends a transaction that hangs in a partition.</summary>
    public ValueTask<ErrorCode> WriteMarkerAsync(TopicPartition partition, long producerId, short producerEpoch, int coordinatorEpoch, bool commit) =>
        _markers.WriteAsync(partition, producerId, producerEpoch, coordinatorEpoch, commit);

    public void Dispose() => _scheduler.Dispose();

    private async ValueTask<ErrorCode> ChangeAsync(string transactionalId, Func<TransactionEntry, ValueTask<ErrorCode>> change)
    {
        if (transactionalId.Length == 0) return ErrorCode.InvalidRequest;
        var entry = await EnterAsync(transactionalId, create: false);
        if (entry is null) return ErrorCode.InvalidProducerIdMapping;
        try
        {
            return entry.Current is null ? ErrorCode.InvalidProducerIdMapping : await change(entry);
        }
        finally
        {
            entry.Exit();
        }
    }

    private async ValueTask<TransactionEntry?> EnterAsync(string transactionalId, bool create)
    {
        while (true)
        {
            if (!_entries.TryGetValue(transactionalId, out var entry))
            {
                if (!create) return null;
                entry = _entries.GetOrAdd(transactionalId, static id => new TransactionEntry(id));
            }

            await entry.EnterAsync();
            if (!entry.IsRemoved) return entry;
            entry.Exit();
        }
    }

    private async ValueTask<ErrorCode> StoreAsync(TransactionEntry entry, TransactionMetadata next)
    {
        var outcome = await _log.AppendAsync(PartitionFor(entry.TransactionalId), [TransactionRecords.Encode(next)]);
        if (outcome.Error == ErrorCode.None) entry.Current = next;
        return StorageErrors.ForGroup(outcome.Error);
    }

    /// <summary>Aborts the open transaction under a fencing epoch, or finishes the prepared one.</summary>
    private async ValueTask<bool> TryEndOpenTransactionAsync(TransactionEntry entry)
    {
        if (entry.Current is { State: TransactionState.Ongoing } ongoing)
        {
            var now = _clock.UnixMs;
            var prepared = TransactionTransitions.Prepare(TransactionTransitions.Fence(ongoing, now), commit: false, now);
            if (await StoreAsync(entry, prepared) != ErrorCode.None) return false;
        }

        return await TryFinishPreparedAsync(entry);
    }

    /// <summary>Writes all markers of a prepared transaction, then that it is complete. Markers may be written twice, which readers ignore.</summary>
    private async ValueTask<bool> TryFinishPreparedAsync(TransactionEntry entry)
    {
        if (entry.Current is not { IsPrepared: true } prepared) return true;
        var commit = prepared.State == TransactionState.PrepareCommit;
        foreach (var partition in prepared.Partitions)
        {
            var error = await _markers.WriteAsync(partition, prepared.ProducerId, prepared.ProducerEpoch, CoordinatorEpoch, commit);
            if (error is not (ErrorCode.None or ErrorCode.UnknownTopicOrPartition)) return false;
        }

        return await StoreAsync(entry, TransactionTransitions.Complete(prepared, _clock.UnixMs)) == ErrorCode.None;
    }
}
