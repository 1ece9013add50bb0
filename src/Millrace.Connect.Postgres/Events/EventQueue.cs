using System.Threading.Channels;

namespace Millrace.Connect.Postgres.Events;

/// <summary>Events between the database and Kafka, in batches; bounded by number and by bytes, so that memory stays flat when Kafka is slow.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "A semaphore whose wait handle is never asked for owns nothing.")]
internal sealed class EventQueue(int batchSize, int queueSize, long maxBytes)
{
    private readonly Channel<(List<SourceRecord> Records, long Bytes)> _batches =
        Channel.CreateBounded<(List<SourceRecord>, long)>(new BoundedChannelOptions(Math.Max(1, queueSize / batchSize)) { SingleReader = true, SingleWriter = true });
    private readonly SemaphoreSlim _room = new(0, 1);
    private List<SourceRecord> _current = [];
    private long _currentBytes;
    private long _queuedBytes;

    /// <summary>The batch that is being filled.</summary>
    internal List<SourceRecord> Current => _current;

    internal bool IsEmpty => _batches.Reader.Count == 0;

    // A quarter of the bound at most, so that several batches fit.
    internal bool IsFull => _current.Count >= batchSize || _currentBytes >= maxBytes / 4;

    internal void AddBytes(int bytes) => _currentBytes += bytes;

    internal async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        if (_current.Count == 0) return;
        while (Interlocked.Read(ref _queuedBytes) + _currentBytes > maxBytes && !IsEmpty) await _room.WaitAsync(TimeSpan.FromMilliseconds(100), cancellationToken);
        Interlocked.Add(ref _queuedBytes, _currentBytes);
        await _batches.Writer.WriteAsync((_current, _currentBytes), cancellationToken);
        _current = [];
        _currentBytes = 0;
    }

    internal void Complete(Exception? error) => _batches.Writer.TryComplete(error);

    internal ValueTask<IReadOnlyList<SourceRecord>> ReadAsync(CancellationToken cancellationToken) =>
        _batches.Reader.TryRead(out var batch) ? new(Taken(batch)) : WaitAsync(cancellationToken);

    private async ValueTask<IReadOnlyList<SourceRecord>> WaitAsync(CancellationToken cancellationToken)
    {
        try
        {
            return Taken(await _batches.Reader.ReadAsync(cancellationToken));
        }
        catch (ChannelClosedException e)
        {
            throw e.InnerException ?? new ConnectException("The stream has ended.");
        }
    }

    private List<SourceRecord> Taken((List<SourceRecord> Records, long Bytes) batch)
    {
        Interlocked.Add(ref _queuedBytes, -batch.Bytes);
        if (_room.CurrentCount == 0) _room.Release();
        return batch.Records;
    }
}
