namespace Millrace.Broker.Log;

/// <summary>
/// Waits until any of several logs has grown: one object per long poll, however many partitions it covers. Registering costs a small node per
/// partition; an append to a log that nobody watches costs one read.
/// </summary>
internal sealed class DataWaiter : IDisposable
{
    /// <summary>Watches a log. Add all logs first, then look whether there is data already, then wait: nothing is missed.</summary>
    public void Add(PartitionLog log) => throw new NotImplementedException();

    /// <summary>Completes with true when a watched log has grown since the last call (or since it was added), with false after the timeout.</summary>
    public ValueTask<bool> WaitAsync(TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Stops watching.</summary>
    public void Dispose() => throw new NotImplementedException();
}
