using Microsoft.Extensions.Logging;

namespace Millrace.Connect;

/// <summary>
/// Reads from one source. The runtime calls from one flow at a time, except that it may call <see cref="CommitAsync"/> while a poll waits.
/// Disposed after the end, also after a failure.
/// </summary>
public interface ISourceTask : IAsyncDisposable
{
    /// <summary>Opens the source at the position that <see cref="SourceTaskContext.ReadOffsetAsync"/> gives.</summary>
    ValueTask StartAsync(SourceTaskContext context, IReadOnlyDictionary<string, string> config, CancellationToken cancellationToken);

    /// <summary>
    /// The next records. A call that completes at once says that there is more; one that does not complete at once lets the runtime commit
    /// what it has, so that a quiet source never holds records back. May return none.
    /// </summary>
    ValueTask<IReadOnlyList<SourceRecord>> PollAsync(CancellationToken cancellationToken);

    /// <summary>All records up to this position, and the position itself, are committed in Kafka: now the source may forget them.</summary>
    ValueTask CommitAsync(IReadOnlyDictionary<string, object?> partition, SourceOffset offset, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>Figures for GET /connectors/{name}/metrics, such as position and lag.</summary>
    IReadOnlyDictionary<string, object?> Metrics => System.Collections.ObjectModel.ReadOnlyDictionary<string, object?>.Empty;
}

/// <summary>What the runtime offers a source task.</summary>
public abstract class SourceTaskContext
{
    /// <summary>The connector's name.</summary>
    public abstract string ConnectorName { get; }

    /// <summary>The task's number, from 0.</summary>
    public abstract int TaskId { get; }

    /// <summary>For the task's logs.</summary>
    public abstract ILoggerFactory LoggerFactory { get; }

    /// <summary>The clock.</summary>
    public abstract TimeProvider TimeProvider { get; }

    /// <summary>The position that the last committed transaction stored for a partition, or null.</summary>
    public abstract ValueTask<IReadOnlyDictionary<string, object?>?> ReadOffsetAsync(IReadOnlyDictionary<string, object?> partition, CancellationToken cancellationToken);
}
