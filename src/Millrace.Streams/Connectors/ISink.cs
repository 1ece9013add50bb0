using Microsoft.Extensions.Logging;

namespace Millrace.Streams.Connectors;

/// <summary>Where results go.</summary>
/// <typeparam name="T">The type of the results.</typeparam>
public interface ISink<in T>
{
    /// <summary>Makes the writer of a subtask.</summary>
    ISinkWriter<T> CreateWriter(SinkContext context);

    /// <summary>
    /// The external commit point that this sink takes part in, or <see langword="null"/> when it commits nothing of its own. Sinks of one job that answer equal
    /// <see cref="ICommitPointFactory"/>s share one; different ones in a job are refused, because two systems cannot commit atomically.
    /// </summary>
    ICommitPointFactory? CommitPoint => null;
}

/// <summary>Writes results. All calls come from the subtask's own loop, one at a time.</summary>
/// <typeparam name="T">The type of the results.</typeparam>
public interface ISinkWriter<in T> : IAsyncDisposable
{
    /// <summary>Takes a result; may buffer it.</summary>
    /// <param name="value">The result.</param>
    /// <param name="timestamp">Its timestamp in milliseconds since 1970-01-01 UTC, or <see cref="long.MinValue"/>.</param>
    void Write(T value, long timestamp);

    /// <summary>Called between batches: hand on what is buffered, and wait here when too much is in flight. This is the sink's back pressure.</summary>
    ValueTask PumpAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Called at a checkpoint's barrier. When it returns, everything written so far is safe (at least once), or is part of the commit point's pending
    /// transaction; what is written after it belongs to the next checkpoint and must not become part of this one.
    /// </summary>
    ValueTask PrepareCommitAsync(long checkpointId, CancellationToken cancellationToken);

    /// <summary>The checkpoint was committed, or aborted: then what was written for it goes with the next one.</summary>
    ValueTask OnCheckpointSettledAsync(long checkpointId, bool committed, CancellationToken cancellationToken) => ValueTask.CompletedTask;
}

/// <summary>What a sink writer may know about its subtask.</summary>
/// <param name="JobName">The name of the job.</param>
/// <param name="OperatorUid">The uid of the sink operator.</param>
/// <param name="SubtaskIndex">The number of the subtask, from 0.</param>
/// <param name="Parallelism">How many subtasks the sink has.</param>
/// <param name="CommitPoint">The job's commit point, when there is one.</param>
/// <param name="TimeProvider">The clock.</param>
/// <param name="LoggerFactory">Makes loggers.</param>
public sealed record SinkContext(
    string JobName, string OperatorUid, int SubtaskIndex, int Parallelism, ICommitPoint? CommitPoint, TimeProvider TimeProvider, ILoggerFactory LoggerFactory);
