namespace Millrace.Kafka.Testing;

/// <summary>
/// A clock that runs as the system's does, and can be moved on: sessions, rebalances, transaction time-outs and retention of an <see cref="EmbeddedKafka"/> then come
/// due at once instead of after minutes. Between two moves it does not stand still, so that what waits for milliseconds (long polls, linger) goes on by itself.
/// </summary>
public sealed class TestClock : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly HashSet<Timer> _timers = [];
    private TimeSpan _ahead;

    /// <summary>Gets by how much the clock is ahead of the system's.</summary>
    public TimeSpan Ahead
    {
        get
        {
            lock (_lock) return _ahead;
        }
    }

    /// <inheritdoc/>
    public override long TimestampFrequency => System.TimestampFrequency;

    /// <summary>Moves the clock on. What comes due by that is started before the method returns, and may still run then.</summary>
    /// <param name="by">How far; not negative.</param>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        Timer[] timers;
        lock (_lock)
        {
            _ahead += by;
            timers = [.. _timers];
        }

        foreach (var timer in timers) timer.Arm();
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Ahead;

    /// <inheritdoc/>
    public override long GetTimestamp() => System.GetTimestamp() + (long)(Ahead.TotalSeconds * TimestampFrequency);

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new Timer(this, callback, state);
        lock (_lock) _timers.Add(timer);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>A timer that keeps its due time on the clock, and has a system timer for the rest of the way.</summary>
    private sealed class Timer : ITimer
    {
        private readonly Lock _lock = new();
        private readonly TestClock _clock;
        private readonly TimerCallback _callback;
        private readonly object? _state;
        private readonly ITimer _inner;
        private DateTimeOffset? _due;
        private TimeSpan _period;

        public Timer(TestClock clock, TimerCallback callback, object? state)
        {
            (_clock, _callback, _state) = (clock, callback, state);
            _inner = System.CreateTimer(static t => ((Timer)t!).Fire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (_lock)
            {
                _due = dueTime == Timeout.InfiniteTimeSpan ? null : _clock.GetUtcNow() + dueTime;
                _period = period;
            }

            return Arm();
        }

        public bool Arm()
        {
            lock (_lock)
            {
                var left = _due is { } due ? due - _clock.GetUtcNow() : Timeout.InfiniteTimeSpan;
                return _inner.Change(_due is not null && left < TimeSpan.Zero ? TimeSpan.Zero : left, Timeout.InfiniteTimeSpan);
            }
        }

        public void Dispose()
        {
            lock (_clock._lock) _clock._timers.Remove(this);
            _inner.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            lock (_clock._lock) _clock._timers.Remove(this);
            return _inner.DisposeAsync();
        }

        private void Fire()
        {
            lock (_lock)
            {
                if (_due is not { } due) return;
                if (due > _clock.GetUtcNow())
                {
                    // The system's timer is coarser than the clock.
                    Arm();
                    return;
                }

                _due = _period > TimeSpan.Zero ? _clock.GetUtcNow() + _period : null;
                Arm();
            }

            _callback(_state);
        }
    }
}
