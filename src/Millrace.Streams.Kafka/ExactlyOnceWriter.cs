using Millrace.Streams.Connectors;

namespace Millrace.Streams.Kafka;

/// <summary>
/// Writes into the job's transaction. From a checkpoint's barrier until its commit the transaction is closed to this writer: what comes in between
/// waits here, and goes into the next transaction. Too much of it waiting holds back the job.
/// </summary>
internal sealed class ExactlyOnceWriter<T>(KafkaSink<T> sink, KafkaCommitPoint commitPoint) : ISinkWriter<T>
{
    private const int MostHeld = 20_000;

    private readonly Queue<PendingRecord> _held = new();
    private long _sealed;

    private bool IsSealed => _sealed > commitPoint.LastSettled;

    public void Write(T value, long timestamp)
    {
        var record = KafkaMessages.ToPending(sink, value, timestamp);
        if (IsSealed || _held.Count > 0 || !commitPoint.TryProduce(record))
        {
            _held.Enqueue(record);
        }
    }

    public async ValueTask PumpAsync(CancellationToken cancellationToken)
    {
        commitPoint.ThrowIfFailed();
        if (_held.Count == 0)
        {
            return;
        }

        if (IsSealed)
        {
            if (_held.Count < MostHeld)
            {
                return;
            }

            await commitPoint.WhenSettledAsync(_sealed, cancellationToken);
        }

        await DrainAsync(cancellationToken);
    }

    public async ValueTask PrepareCommitAsync(long checkpointId, CancellationToken cancellationToken)
    {
        await DrainAsync(cancellationToken);
        _sealed = checkpointId;
    }

    public async ValueTask OnCheckpointSettledAsync(long checkpointId, bool committed, CancellationToken cancellationToken) =>
        await PumpAsync(cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async ValueTask DrainAsync(CancellationToken cancellationToken)
    {
        while (_held.TryPeek(out var record))
        {
            if (commitPoint.TryProduce(record))
            {
                _held.Dequeue();
            }
            else
            {
                await Task.Delay(2, cancellationToken);
                commitPoint.ThrowIfFailed();
            }
        }
    }
}
