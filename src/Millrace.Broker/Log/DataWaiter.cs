namespace Millrace.Broker.Log;

/// <summary>
/// Waits until any of several logs has grown: one object per long poll, however many partitions it covers. Registering costs an entry in a set
/// per partition; an append to a log that nobody watches costs one read.
/// </summary>
internal sealed class DataWaiter : IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<PartitionLog> _logs = [];
    private TaskCompletionSource<bool>? _waiting;
    private bool _signalled;

    /// <summary>Watches a log. Add all logs first, then look whether there is data already, then wait: nothing is missed.</summary>
    public void Add(PartitionLog log)
    {
        _logs.Add(log);
        log.AddWatcher(this);
    }

    /// <summary>Completes with true when a watched log has grown since the last call (or since it was added), with false after the timeout.</summary>
    public async ValueTask<bool> WaitAsync(TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        TaskCompletionSource<bool> waiting;
        lock (_lock)
        {
            if (_signalled)
            {
                _signalled = false;
                return true;
            }

            if (timeout <= TimeSpan.Zero && timeout != Timeout.InfiniteTimeSpan)
                return false;
            waiting = _waiting = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        // A timer and not WaitAsync: an idle long poll ends by its timeout every time, and an exception each time is dear.
        using var timer = timeout == Timeout.InfiniteTimeSpan
            ? null
            : time.CreateTimer(static state => ((TaskCompletionSource<bool>)state!).TrySetResult(false), waiting, timeout, Timeout.InfiniteTimeSpan);
        using var cancellation = cancellationToken.UnsafeRegister(
            static (state, token) => ((TaskCompletionSource<bool>)state!).TrySetCanceled(token), waiting);
        return await waiting.Task;
    }

    /// <summary>Stops watching.</summary>
    public void Dispose()
    {
        foreach (var log in _logs)
            log.RemoveWatcher(this);
        _logs.Clear();
    }

    /// <summary>A watched log has grown.</summary>
    internal void Signal()
    {
        lock (_lock)
        {
            if (_waiting is { } waiting)
            {
                _waiting = null;
                if (waiting.TrySetResult(true))
                    return;
            }

            _signalled = true;
        }
    }
}
