using Microsoft.Extensions.Logging;
using Millrace.Broker.Coordination;
using Millrace.Protocol;

namespace Millrace.Broker.Transactions;

/// <summary>What happens without a request: loading at start, finishing what a crash left prepared, time-outs, forgetting unused ids.</summary>
internal sealed partial class TransactionCoordinator
{
    // A disk that is full or broken heals in seconds at best; more often would only fill the log.
    private const int RetryMarkersAfterMs = 1000;

    private readonly Lock _timeoutLock = new();
    private long _timeoutArmedFor = long.MaxValue;

    /// <summary>Reads <c>__transaction_state</c>; only before the first request. The last record of an id is its state.</summary>
    public void Load()
    {
        for (var partition = 0; partition < _log.PartitionCount; partition++)
        {
            foreach (var loaded in _log.Read(partition))
            {
                try
                {
                    var (id, transaction) = TransactionRecords.Decode(loaded.Record);
                    if (transaction is null)
                    {
                        _entries.TryRemove(id, out _);
                    }
                    else
                    {
                        _entries.GetOrAdd(id, static key => new TransactionEntry(key)).Current = transaction;
                    }
                }
                catch (MalformedMessageException exception)
                {
                    BadRecord(_logger, exception, _log.Topic, partition, loaded.Offset);
                }
            }
        }
    }

    /// <summary>Completes the transactions whose outcome was decided before the crash, and watches those still open. The groups must be loaded.</summary>
    public async ValueTask ResumeAsync()
    {
        foreach (var entry in _entries.Values)
        {
            await entry.EnterAsync();
            try
            {
                if (entry.Current is { IsPrepared: true } prepared)
                {
                    Resuming(_logger, entry.TransactionalId, prepared.State, prepared.Partitions.Count);
                    if (!await TryFinishPreparedAsync(entry)) RetryLater(entry);
                }

                if (entry.Current is { State: TransactionState.Ongoing } ongoing) WatchTimeout(ongoing);
            }
            finally
            {
                entry.Exit();
            }
        }
    }

    /// <summary>Aborts transactions that have been open for longer than their producer's timeout, and fences the producer.</summary>
    public async ValueTask AbortTimedOutAsync()
    {
        foreach (var entry in _entries.Values)
        {
            if (entry.Current is not { State: TransactionState.Ongoing }) continue;
            await entry.EnterAsync();
            try
            {
                if (entry.Current is not { State: TransactionState.Ongoing } ongoing) continue;
                if (!ongoing.HasTimedOut(_clock.UnixMs))
                {
                    WatchTimeout(ongoing);
                    continue;
                }

                TimedOut(_logger, entry.TransactionalId, ongoing.ProducerId, ongoing.ProducerEpoch, ongoing.TimeoutMs);
                if (!await TryEndOpenTransactionAsync(entry)) RetryLater(entry);
            }
            finally
            {
                entry.Exit();
            }
        }
    }

    /// <summary>Forgets ids that have not been used for <c>transactional.id.expiration.ms</c>.</summary>
    public async ValueTask ExpireAsync()
    {
        foreach (var entry in _entries.Values)
        {
            await entry.EnterAsync();
            try
            {
                if (entry.IsRemoved || entry.Current is not { State: not TransactionState.Ongoing, IsPrepared: false } idle) continue;
                if (_clock.UnixMs - idle.UpdatedUnixMs < _options.TransactionalIdExpirationMs) continue;
                var outcome = await _log.AppendAsync(PartitionFor(entry.TransactionalId), [TransactionRecords.Tombstone(entry.TransactionalId)]);
                if (outcome.Error != ErrorCode.None) continue;
                entry.IsRemoved = true;
                _entries.TryRemove(new KeyValuePair<string, TransactionEntry>(entry.TransactionalId, entry));
            }
            finally
            {
                entry.Exit();
            }
        }
    }

    private void WatchTimeout(TransactionMetadata ongoing)
    {
        var deadline = _clock.NowMs + Math.Max(ongoing.StartedUnixMs + ongoing.TimeoutMs - _clock.UnixMs, 0);
        lock (_timeoutLock)
        {
            if (deadline >= _timeoutArmedFor) return;
            _timeoutArmedFor = deadline;
        }

        _scheduler.WakeAt(deadline, OnTimeout);
    }

    private void OnTimeout(long deadline)
    {
        lock (_timeoutLock)
        {
            if (deadline != _timeoutArmedFor) return;
            _timeoutArmedFor = long.MaxValue;
        }

        _ = RunAsync(AbortTimedOutAsync);
    }

    private void RetryLater(TransactionEntry entry) =>
        _scheduler.WakeAt(_clock.NowMs + RetryMarkersAfterMs, deadline => RunRetry(entry));

    private void RunRetry(TransactionEntry entry) => _ = RunAsync(() => RetryAsync(entry));

    private async ValueTask RetryAsync(TransactionEntry entry)
    {
        await entry.EnterAsync();
        try
        {
            var timedOut = entry.Current is { State: TransactionState.Ongoing } ongoing && ongoing.HasTimedOut(_clock.UnixMs);
            if (!await (timedOut ? TryEndOpenTransactionAsync(entry) : TryFinishPreparedAsync(entry))) RetryLater(entry);
        }
        finally
        {
            entry.Exit();
        }
    }

    private void ScheduleExpiry() => _scheduler.WakeAt(_clock.NowMs + _options.ExpiredIdCheckIntervalMs, StartExpiry);

    private void StartExpiry(long deadline)
    {
        _ = RunAsync(ExpireAsync);
        ScheduleExpiry();
    }

    private async Task RunAsync(Func<ValueTask> work)
    {
        try
        {
            await work();
        }
        catch (Exception exception)
        {
            BackgroundFailed(_logger, exception);
        }
    }

    [LoggerMessage(2510, LogLevel.Error, "{Topic}-{Partition}: the record at offset {Offset} cannot be read; it is skipped")]
    private static partial void BadRecord(ILogger logger, Exception exception, string topic, int partition, long offset);

    [LoggerMessage(2511, LogLevel.Information, "Transaction of {TransactionalId} was left in {State} with {Partitions} partitions; finishing it")]
    private static partial void Resuming(ILogger logger, string transactionalId, TransactionState state, int partitions);

    [LoggerMessage(2512, LogLevel.Warning, "Transaction of {TransactionalId} (producer {ProducerId}, epoch {Epoch}) was open for more than {TimeoutMs} ms; aborting it")]
    private static partial void TimedOut(ILogger logger, string transactionalId, long producerId, short epoch, int timeoutMs);

    [LoggerMessage(2513, LogLevel.Error, "Background work of the transaction coordinator failed")]
    private static partial void BackgroundFailed(ILogger logger, Exception exception);
}
