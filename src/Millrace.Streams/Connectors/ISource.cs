using Microsoft.Extensions.Logging;

namespace Millrace.Streams.Connectors;

/// <summary>Where elements come from: splits (Kafka partitions, files) that are found once or ever again, and readers that read some of them each.</summary>
/// <typeparam name="T">The type of the elements.</typeparam>
public interface ISource<T>
{
    /// <summary>Whether the source ends by itself.</summary>
    bool IsBounded { get; }

    /// <summary>How often to look for new splits; <see langword="null"/> to look once.</summary>
    TimeSpan? DiscoveryInterval { get; }

    /// <summary>Starts the part that finds splits. There is one per job.</summary>
    ISplitEnumerator CreateEnumerator(SourceContext context);

    /// <summary>Starts a reader. There is one per subtask.</summary>
    ISourceReader<T> CreateReader(SourceReaderContext context);
}

/// <summary>A part of a source that is read in order by one subtask.</summary>
/// <param name="Id">The identity of the split, stable for ever (topic and partition, for example).</param>
/// <param name="Position">Where to go on, in the source's own words; a checkpoint stores it.</param>
public sealed record SourceSplit(string Id, string Position);

/// <summary>Finds the splits of a source.</summary>
public interface ISplitEnumerator : IAsyncDisposable
{
    /// <summary>Finds the splits that exist and are not in <paramref name="known"/>, with the positions to start at.</summary>
    /// <param name="known">The ids of the splits that are already read.</param>
    /// <param name="isFirst">Whether the job starts without a checkpoint and this is the first look: later finds are read from their beginning, so that nothing is missed.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    Task<IReadOnlyList<SourceSplit>> DiscoverAsync(IReadOnlySet<string> known, bool isFirst, CancellationToken cancellationToken);
}

/// <summary>Reads splits. All calls come from the subtask's own loop, one at a time.</summary>
/// <typeparam name="T">The type of the elements.</typeparam>
public interface ISourceReader<T> : IAsyncDisposable
{
    /// <summary>Begins to read splits from their positions.</summary>
    void AddSplits(IReadOnlyList<SourceSplit> splits);

    /// <summary>Reads what is there, up to about <paramref name="maxRecords"/> elements, without waiting.</summary>
    SourceReadResult Read(ISourceOutput<T> output, int maxRecords);

    /// <summary>Completes when <see cref="Read"/> may find something.</summary>
    ValueTask WaitForDataAsync(CancellationToken cancellationToken);

    /// <summary>The splits with the position after the last element that was read.</summary>
    IReadOnlyList<SourceSplit> Snapshot();

    /// <summary>A checkpoint is committed: positions up to it will never be read again.</summary>
    /// <param name="checkpointId">The checkpoint, when it survives the process; 0 when it does not (no checkpointing, or in memory). A source that publishes its positions
    /// publishes this with them, so that a later start can tell that there was state, see <see cref="SourceContext.HasKeyedState"/>.</param>
    /// <param name="splits">The positions.</param>
    void OnCheckpointCommitted(long checkpointId, IReadOnlyList<SourceSplit> splits)
    {
    }
}

/// <summary>What came of a read.</summary>
public enum SourceReadResult
{
    /// <summary>There may be more at once.</summary>
    MoreAvailable,

    /// <summary>Nothing more for now.</summary>
    NothingAvailable,

    /// <summary>All splits of the reader are at their end and the source is bounded.</summary>
    EndOfInput,
}

/// <summary>Takes the elements of a source.</summary>
/// <typeparam name="T">The type of the elements.</typeparam>
public interface ISourceOutput<in T>
{
    /// <summary>Emits an element of a split.</summary>
    /// <param name="splitId">The split, for its own watermark.</param>
    /// <param name="value">The element.</param>
    /// <param name="timestamp">The source's own timestamp in milliseconds since 1970-01-01 UTC, or <see cref="long.MinValue"/>.</param>
    void Collect(string splitId, T value, long timestamp);

    /// <summary>The split's position has moved on without an element: what was read was filtered out, or was not meant for readers. A checkpoint is worth taking for that, too.</summary>
    void Skip();

    /// <summary>The split has no further elements, ever: it no longer holds back the watermark.</summary>
    void FinishSplit(string splitId);
}

/// <summary>What a source may know about its job.</summary>
/// <param name="JobName">The name of the job.</param>
/// <param name="SourceUid">The uid of the source operator.</param>
/// <param name="TimeProvider">The clock.</param>
/// <param name="LoggerFactory">Makes loggers.</param>
public record SourceContext(string JobName, string SourceUid, TimeProvider TimeProvider, ILoggerFactory LoggerFactory)
{
    /// <summary>
    /// Whether the job has keyed state. An enumerator that is asked for first positions, and finds that an earlier run has published positions with a checkpoint's id, refuses by a
    /// <see cref="CheckpointException"/>, because going on there would lose that state; unless <see cref="AllowStartWithoutCheckpoint"/> is set.
    /// </summary>
    public bool HasKeyedState { get; init; }

    /// <summary>Whether the job may begin with empty state all the same, see <see cref="CheckpointConfig.AllowStartWithoutCheckpoint"/>.</summary>
    public bool AllowStartWithoutCheckpoint { get; init; }
}

/// <summary>What a source reader may know about its subtask.</summary>
/// <param name="JobName">The name of the job.</param>
/// <param name="SourceUid">The uid of the source operator.</param>
/// <param name="SubtaskIndex">The number of the subtask, from 0.</param>
/// <param name="Parallelism">How many subtasks the source has.</param>
/// <param name="HasCommitPoint">Whether another part commits positions (an exactly-once sink does it in its transaction), so that the reader must not.</param>
/// <param name="TimeProvider">The clock.</param>
/// <param name="LoggerFactory">Makes loggers.</param>
public sealed record SourceReaderContext(
    string JobName, string SourceUid, int SubtaskIndex, int Parallelism, bool HasCommitPoint, TimeProvider TimeProvider, ILoggerFactory LoggerFactory)
    : SourceContext(JobName, SourceUid, TimeProvider, LoggerFactory);
