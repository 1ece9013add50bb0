using Millrace.Streams.Connectors;

namespace Millrace.Streams.Kafka.Tests;

/// <summary>Where the commit protocol is made to fail.</summary>
public enum FaultPoint
{
    AtElement,
    BeforeBarrier,
    BeforeCommit,
    AfterCommit,
    DuringCommit,
}

/// <summary>Throws at points of the commit protocol, in a seeded random order, each after some visits.</summary>
internal sealed class Faults
{
    private readonly Lock _lock = new();
    private readonly Queue<FaultPoint> _plan;
    private readonly Random _random;
    private readonly Action? _action;
    private int _visitsLeft;

    public Faults(int seed, int count)
    {
        _random = new Random(seed);
        _plan = new Queue<FaultPoint>(Enumerable.Range(0, count).Select(_ => (FaultPoint)_random.Next(4)));
        Arm();
    }

    /// <summary>One fault, at the given visit of a point.</summary>
    public Faults(FaultPoint point, int visits, Action action)
    {
        _random = new Random(1);
        _plan = new Queue<FaultPoint>([point]);
        _visitsLeft = visits;
        _action = action;
    }

    public int Remaining
    {
        get
        {
            lock (_lock)
            {
                return _plan.Count;
            }
        }
    }

    public void At(FaultPoint point)
    {
        lock (_lock)
        {
            if (!_plan.TryPeek(out var next) || next != point || _visitsLeft-- > 0)
            {
                return;
            }

            _plan.Dequeue();
            Arm();
            if (_action is { } action)
            {
                action();
                return;
            }

            throw new InvalidOperationException($"injected {point}");
        }
    }

    private void Arm() => _visitsLeft = _plan.TryPeek(out var next) && next == FaultPoint.AtElement ? _random.Next(500) : 0;
}

/// <summary>A Kafka sink whose commit point fails before or after the real commit, as a crash would.</summary>
internal sealed class FaultySink<T>(ISink<T> inner, Faults faults) : ISink<T>
{
    public ICommitPointFactory? CommitPoint => inner.CommitPoint is { } factory ? new Factory(factory, faults) : null;

    public ISinkWriter<T> CreateWriter(SinkContext context) =>
        new Writer(inner.CreateWriter(context with { CommitPoint = (context.CommitPoint as Point)?.Inner }), faults);

    private sealed class Factory(ICommitPointFactory factory, Faults faults) : ICommitPointFactory
    {
        public string Description => factory.Description;

        public bool Equals(ICommitPointFactory? other) => other is Factory;

        public override bool Equals(object? obj) => obj is Factory;

        public override int GetHashCode() => 1;

        public ICommitPoint Create(CommitPointContext context) => new Point(factory.Create(context), faults);
    }

    private sealed class Point(ICommitPoint inner, Faults faults) : ICommitPoint
    {
        public ICommitPoint Inner => inner;

        public Task<CommittedCheckpoint?> InitializeAsync(CancellationToken cancellationToken) => inner.InitializeAsync(cancellationToken);

        public async Task CommitAsync(
            long checkpointId, IReadOnlyDictionary<string, IReadOnlyList<SourceSplit>> positions, CancellationToken cancellationToken)
        {
            faults.At(FaultPoint.BeforeCommit);
            var commit = inner.CommitAsync(checkpointId, positions, cancellationToken);
            faults.At(FaultPoint.DuringCommit);
            await commit;
            faults.At(FaultPoint.AfterCommit);
        }

        public void Abort(long checkpointId) => inner.Abort(checkpointId);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    private sealed class Writer(ISinkWriter<T> inner, Faults faults) : ISinkWriter<T>
    {
        public void Write(T value, long timestamp) => inner.Write(value, timestamp);

        public ValueTask PumpAsync(CancellationToken cancellationToken) => inner.PumpAsync(cancellationToken);

        public async ValueTask PrepareCommitAsync(long checkpointId, CancellationToken cancellationToken)
        {
            faults.At(FaultPoint.BeforeBarrier);
            await inner.PrepareCommitAsync(checkpointId, cancellationToken);
        }

        public ValueTask OnCheckpointSettledAsync(long checkpointId, bool committed, CancellationToken cancellationToken) =>
            inner.OnCheckpointSettledAsync(checkpointId, committed, cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
