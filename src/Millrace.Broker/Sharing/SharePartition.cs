using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Millrace.Broker.Coordination;
using Millrace.Broker.Log;
using Millrace.Protocol;

namespace Millrace.Broker.Sharing;

/// <summary>
/// The one owner of a share partition: whoever holds the turn may touch the window, also across awaits of the log. An answer of a consumer counts once it is stored, and is confirmed only then.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore never makes a wait handle, and a late request may still hold the turn.")]
internal sealed partial class SharePartition(
    ShareKey key, PartitionLog log, ShareStateStore store, Func<ShareSettings> settings, DeadlineScheduler scheduler, TimeProvider time, ILogger logger)
{
    /// <summary>How long a lock that could not be ended, as that was not written, is left alone.</summary>
    private const int RetryMs = 500;

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly MonotonicClock _clock = new(time);
    private readonly Lock _watching = new();
    private readonly HashSet<DataWaiter> _watchers = [];
    private ShareWindow? _window;
    private long _armedFor = long.MaxValue;
    private bool _isGone;

    public ShareKey Key => key;

    public PartitionLog Log => log;

    public ShareSettings Settings => settings();

    public void Watch(DataWaiter waiter)
    {
        lock (_watching) _watchers.Add(waiter);
    }

    public void Unwatch(DataWaiter waiter)
    {
        lock (_watching) _watchers.Remove(waiter);
    }

    /// <summary>The bytes that a fetch would look at now.</summary>
    public ValueTask<int> PeekAsync(int maxBytes) => RunAsync<int>(window =>
    {
        var now = settings();
        return new(window.CanAcquire(now.MaxRecordLocks) ? ShareLogRead.Find(log, window.NextFetchOffset, maxBytes, now.ReadCommitted, minOne: true).Records.Length : 0);
    });

    /// <summary>Reads on, and gives what it finds to the member.</summary>
    public ValueTask<ShareRead> FetchAsync(string member, int maxBytes, AcquireLimit limit, bool minOne) => RunAsync<ShareRead>(window =>
    {
        var now = settings();
        if (window.MoveStart(log.LogStartOffset)) LogStartMoved(logger, key.GroupId, log.TopicPartition, window.Start);
        window.TruncateTo(Math.Max(log.LogEndOffset, 0));
        if (!window.CanAcquire(now.MaxRecordLocks)) return new(ShareRead.Nothing);
        var from = window.NextFetchOffset;
        var read = ShareLogRead.Read(log, from, maxBytes, now.ReadCommitted, minOne);
        if (read.Ranges.Count == 0) return new(read);
        var acquired = window.Acquire(member, from, read.Ranges, limit, now, _clock.NowMs);
        Arm();
        return new(read.With(acquired));
    });

    /// <summary>Takes a member's answers: all of them, or none.</summary>
    public ValueTask<ShareOutcome> AcknowledgeAsync(string member, IReadOnlyList<AcknowledgementBatch> batches) => RunAsync(async window =>
    {
        var next = window.Clone();
        try
        {
            if (!next.Acknowledge(member, batches, settings(), _clock.NowMs))
            {
                _window = next;
                return ShareOutcome.Done;
            }
        }
        catch (RequestFailedException e)
        {
            return new ShareOutcome(e.Error, e.Message);
        }

        return await StoreAsync(window, next);
    });

    /// <summary>The member has gone: what it holds is free.</summary>
    public ValueTask<ShareOutcome> ReleaseAsync(string member) => RunAsync(async window =>
    {
        var next = window.Clone();
        return next.Release(member, settings()) ? await StoreAsync(window, next) : ShareOutcome.Done;
    });

    /// <summary>Whoever still comes finds the partition gone.</summary>
    public async ValueTask CloseAsync()
    {
        await _turn.WaitAsync();
        _isGone = true;
        _turn.Release();
        Wake();
    }

    private async ValueTask<T> RunAsync<T>(Func<ShareWindow, ValueTask<T>> work)
    {
        await _turn.WaitAsync();
        try
        {
            if (_isGone) throw new RequestFailedException(ErrorCode.NotLeaderOrFollower, "The share partition begins anew.");
            _window ??= await OpenAsync();
            return await work(_window);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async ValueTask<ShareWindow> OpenAsync()
    {
        var stored = store.Find(key);
        if (stored is { StartOffset: >= 0 }) return ShareWindow.Restore(stored.StartOffset, stored.Runs);
        // The decision is stored at once: what is written from now on is the group's, whoever crashes.
        var start = ShareOffsetReset.Resolve(settings().OffsetReset, log, _clock.UnixMs);
        var error = await store.UpdateAsync(key, start, 0, []);
        if (error != ErrorCode.None) throw new RequestFailedException(ErrorCode.CoordinatorNotAvailable, $"The state of the share partition could not be written: {error}.");
        return new ShareWindow(start);
    }

    private async ValueTask<ShareOutcome> StoreAsync(ShareWindow window, ShareWindow next)
    {
        var error = await store.UpdateAsync(key, next.Start, next.SettledCount, next.ChangesSince(window));
        if (error != ErrorCode.None) return new ShareOutcome(ErrorCode.CoordinatorNotAvailable, $"The state of the share partition could not be written: {error}.");
        _window = next;
        Arm();
        Wake();
        return ShareOutcome.Done;
    }

    private void Wake()
    {
        lock (_watching)
        {
            foreach (var watcher in _watchers) watcher.Signal();
        }
    }

    private void Arm()
    {
        var next = _window?.NextDeadline ?? long.MaxValue;
        if (next >= _armedFor) return;
        _armedFor = next;
        scheduler.WakeAt(next, OnDeadline);
    }

    private void OnDeadline(long deadline) => _ = ExpireAsync(deadline);

    private async Task ExpireAsync(long deadline)
    {
        try
        {
            await RunAsync(async window =>
            {
                if (deadline != _armedFor) return ShareOutcome.Done;
                _armedFor = long.MaxValue;
                var next = window.Clone();
                var outcome = next.Expire(_clock.NowMs, settings()) ? await StoreAsync(window, next) : ShareOutcome.Done;
                if (outcome.Error == ErrorCode.None)
                {
                    Arm();
                    return outcome;
                }

                _armedFor = _clock.NowMs + RetryMs;
                scheduler.WakeAt(_armedFor, OnDeadline);
                return outcome;
            });
        }
        catch (RequestFailedException)
        {
            // Gone meanwhile: there is nothing to give back.
        }
        catch (Exception exception)
        {
            ExpiryFailed(logger, exception, key.GroupId, log.TopicPartition);
        }
    }

    [LoggerMessage(2431, LogLevel.Error, "Share group {Group}, {Partition}: records whose lock has ended could not be taken back")]
    private static partial void ExpiryFailed(ILogger logger, Exception exception, string group, TopicPartition partition);

    [LoggerMessage(2432, LogLevel.Information, "Share group {Group}, {Partition}: the log has lost older records, reading goes on at {Offset}")]
    private static partial void LogStartMoved(ILogger logger, string group, TopicPartition partition, long offset);
}
