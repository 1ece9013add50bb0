using Microsoft.Extensions.Logging;

namespace Millrace.Streams.Connectors;

/// <summary>Makes a job's commit point. Two factories that are equal make the same one.</summary>
public interface ICommitPointFactory : IEquatable<ICommitPointFactory>
{
    /// <summary>Names the commit point in messages.</summary>
    string Description { get; }

    /// <summary>Makes the commit point for one run of the job (a restart makes another).</summary>
    ICommitPoint Create(CommitPointContext context);
}

/// <summary>What a commit point may know about its job.</summary>
/// <param name="JobName">The name of the job.</param>
/// <param name="CheckpointInterval">The time between checkpoints.</param>
/// <param name="CheckpointTimeout">How long a checkpoint may take.</param>
/// <param name="Sources">The sources of the job by the uid of their operator.</param>
/// <param name="TimeProvider">The clock.</param>
/// <param name="LoggerFactory">Makes loggers.</param>
public sealed record CommitPointContext(
    string JobName, TimeSpan CheckpointInterval, TimeSpan CheckpointTimeout, IReadOnlyDictionary<string, object> Sources, TimeProvider TimeProvider,
    ILoggerFactory LoggerFactory);

/// <summary>
/// The system whose transaction decides whether a checkpoint counts. A checkpoint's state is made durable first ("prepared"), then the commit point
/// commits outputs, source positions and the checkpoint's id at once; after a crash it is asked which checkpoint was committed, and exactly that one is restored.
/// </summary>
public interface ICommitPoint : IAsyncDisposable
{
    /// <summary>Ends whatever an earlier run left open, and tells which checkpoint was committed last; <see langword="null"/> when none was.</summary>
    Task<CommittedCheckpoint?> InitializeAsync(CancellationToken cancellationToken);

    /// <summary>Commits a prepared checkpoint. An exception fails the run of the job; the next run asks <see cref="InitializeAsync"/> what became of it.</summary>
    /// <param name="checkpointId">The checkpoint.</param>
    /// <param name="positions">All splits of each source, by the uid of the source operator.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    Task CommitAsync(long checkpointId, IReadOnlyDictionary<string, IReadOnlyList<SourceSplit>> positions, CancellationToken cancellationToken);

    /// <summary>The checkpoint is not committed; what was written for it goes with the next one.</summary>
    void Abort(long checkpointId);
}

/// <summary>The last checkpoint that a commit point committed.</summary>
/// <param name="CheckpointId">Its id.</param>
/// <param name="JobName">The job that committed it.</param>
public sealed record CommittedCheckpoint(long CheckpointId, string JobName);
