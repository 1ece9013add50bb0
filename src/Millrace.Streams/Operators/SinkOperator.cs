using Millrace.Streams.Connectors;

namespace Millrace.Streams.Operators;

internal sealed class SinkOperator<T>(ISink<T> sink) : OneInputOperator<T, T>
{
    private ISinkWriter<T>? _writer;

    public override void Open()
    {
        base.Open();
        _writer = sink.CreateWriter(new SinkContext(
            Context.JobName, Context.Uid, Context.SubtaskIndex, Context.Parallelism, Context.CommitPoint, Context.TimeProvider, Context.LoggerFactory));
    }

    public override void Process(T value, long timestamp) => _writer!.Write(value, timestamp);

    public override ValueTask PumpAsync(CancellationToken cancellationToken) => _writer!.PumpAsync(cancellationToken);

    public override ValueTask PrepareBarrierAsync(long checkpointId, CancellationToken cancellationToken) =>
        _writer!.PrepareCommitAsync(checkpointId, cancellationToken);

    public override ValueTask OnCheckpointSettledAsync(long checkpointId, bool committed, CancellationToken cancellationToken) =>
        _writer!.OnCheckpointSettledAsync(checkpointId, committed, cancellationToken);

    public override ValueTask CloseAsync() => _writer?.DisposeAsync() ?? ValueTask.CompletedTask;
}
