using Microsoft.Extensions.Logging;
using Millrace.Streams.Checkpoints;
using Millrace.Streams.Connectors;
using Millrace.Streams.Runtime;

namespace Millrace.Streams.Operators;

/// <summary>What an operator knows about its job and subtask.</summary>
internal sealed class OperatorContext
{
    public required string JobName { get; init; }

    public required string OperatorName { get; init; }

    public required string Uid { get; init; }

    public required int SubtaskIndex { get; init; }

    public required int Parallelism { get; init; }

    public required int MaxParallelism { get; init; }

    public int Attempt { get; init; }

    public required TimeProvider TimeProvider { get; init; }

    public required ILoggerFactory LoggerFactory { get; init; }

    public required SubtaskMetrics Metrics { get; init; }

    /// <summary>Whether changes of state are followed for checkpoints.</summary>
    public bool TracksChanges { get; init; }

    /// <summary>Whether checkpoints survive the process.</summary>
    public bool HasDurableCheckpoints { get; init; }

    public TimeSpan WatermarkInterval { get; init; } = TimeSpan.FromMilliseconds(200);

    public ICommitPoint? CommitPoint { get; init; }

    /// <summary>What the operator gets back from the checkpoint that the run starts from.</summary>
    public OperatorRestore Restore { get; init; } = OperatorRestore.Nothing;

    /// <summary>Waits until the subtask's outputs have room; called between timers, of which one watermark can fire many.</summary>
    public Func<ValueTask> WaitForRoomAsync { get; init; } = static () => ValueTask.CompletedTask;

    public KeyGroupRange KeyGroups => Runtime.KeyGroups.RangeOf(SubtaskIndex, Parallelism, MaxParallelism);

    public long Now => TimeProvider.GetUtcNow().ToUnixTimeMilliseconds();
}
