namespace Millrace.Kafka.Testing;

/// <summary>The requests that the brokers got, in the order in which they came: what a test asserts on. Only the newest <see cref="Capacity"/> are kept.</summary>
public sealed class RequestLog
{
    /// <summary>How many requests are kept.</summary>
    public const int Capacity = 100_000;

    private readonly Lock _lock = new();
    private readonly Queue<RecordedRequest> _requests = new();
    private TaskCompletionSource _added = NewSignal();

    /// <summary>Gets those that have come by now.</summary>
    public IReadOnlyList<RecordedRequest> All
    {
        get
        {
            lock (_lock) return [.. _requests];
        }
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        lock (_lock) _requests.Clear();
    }

    /// <summary>Waits until a request has come, at once if one is there.</summary>
    /// <param name="match">Which.</param>
    /// <param name="timeout">How long to wait, in real time.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The first such request.</returns>
    /// <exception cref="TimeoutException">None came.</exception>
    public async Task<RecordedRequest> WaitForAsync(Func<RecordedRequest, bool> match, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(match);
        long began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            Task added;
            lock (_lock)
            {
                if (_requests.FirstOrDefault(match) is { } found) return found;
                added = _added.Task;
            }

            var left = timeout - TimeProvider.System.GetElapsedTime(began);
            if (left <= TimeSpan.Zero) throw new TimeoutException($"no such request came within {timeout}; {All.Count} others did");
            await added.WaitAsync(left, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    internal void Add(RecordedRequest request)
    {
        TaskCompletionSource added;
        lock (_lock)
        {
            if (_requests.Count == Capacity) _requests.Dequeue();
            _requests.Enqueue(request);
            (added, _added) = (_added, NewSignal());
        }

        added.SetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
