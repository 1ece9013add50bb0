namespace Millrace.Streams.Connectors;

/// <summary>Calls an action per element.</summary>
internal sealed class ActionSink<T>(Action<T> action) : ISink<T>
{
    public ISinkWriter<T> CreateWriter(SinkContext context) => new Writer(action);

    private sealed class Writer(Action<T> action) : ISinkWriter<T>
    {
        public void Write(T value, long timestamp) => action(value);

        public ValueTask PumpAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask PrepareCommitAsync(long checkpointId, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
