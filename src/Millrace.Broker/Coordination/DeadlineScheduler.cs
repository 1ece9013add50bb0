namespace Millrace.Broker.Coordination;

/// <summary>
/// One timer for all deadlines of a coordinator. Owners (a group, the transaction sweeper) ask to be woken at a moment; each keeps its own finer deadlines
/// and moves them without telling the scheduler, so that a heartbeat costs one field write. An owner that is woken too early asks again.
/// </summary>
internal sealed class DeadlineScheduler : IDisposable
{
    private readonly Lock _lock = new();
    private readonly PriorityQueue<Action<long>, long> _queue = new();
    private readonly MonotonicClock _clock;
    private readonly ITimer _timer;
    private long _armedFor = long.MaxValue;
    private bool _disposed;

    public DeadlineScheduler(TimeProvider time)
    {
        _clock = new MonotonicClock(time);
        _timer = time.CreateTimer(static state => ((DeadlineScheduler)state!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>
    /// Calls <paramref name="wake"/> with its deadline on a thread-pool thread, at <paramref name="deadlineMs"/> (monotonic) or as soon as possible after. It must be
    /// quick. An owner that has meanwhile asked for another moment sees by the deadline that this call is stale.
    /// </summary>
    public void WakeAt(long deadlineMs, Action<long> wake)
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            _queue.Enqueue(wake, deadlineMs);
            Arm();
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _queue.Clear();
        }

        _timer.Dispose();
    }

    private void OnTimer()
    {
        List<(Action<long> Wake, long Deadline)> due = [];
        lock (_lock)
        {
            _armedFor = long.MaxValue;
            var now = _clock.NowMs;
            while (_queue.TryPeek(out var wake, out var deadline) && deadline <= now)
            {
                _queue.Dequeue();
                due.Add((wake, deadline));
            }

            Arm();
        }

        foreach (var (wake, deadline) in due) wake(deadline);
    }

    private void Arm()
    {
        if (_disposed || !_queue.TryPeek(out _, out var next) || next >= _armedFor)
        {
            return;
        }

        _armedFor = next;
        // One millisecond more than asked, because timers may fire a fraction early and would then spin.
        var delay = Math.Clamp(next - _clock.NowMs, 0, int.MaxValue - 1L) + 1;
        _timer.Change(TimeSpan.FromMilliseconds(delay), Timeout.InfiniteTimeSpan);
    }
}
