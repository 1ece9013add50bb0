using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Millrace.Connect;

/// <summary>
/// Writes records of its partitions elsewhere. The runtime calls from one flow at a time. A <see cref="RetriableException"/> from
/// <see cref="PutAsync"/> has the same records delivered again; any other exception fails the task.
/// </summary>
public interface ISinkTask : IAsyncDisposable
{
    /// <summary>Connects to the target.</summary>
    ValueTask StartAsync(SinkTaskContext context, IReadOnlyDictionary<string, string> config, CancellationToken cancellationToken);

    /// <summary>
    /// The task now owns these partitions, in addition to those it has. A sink that keeps offsets in its target calls
    /// <see cref="SinkTaskContext.Seek"/> here.
    /// </summary>
    ValueTask OpenAsync(IReadOnlyCollection<TopicPartition> partitions, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>The task loses these partitions; their offsets were committed just before by <see cref="PreCommitAsync"/> unless the loss was sudden.</summary>
    ValueTask CloseAsync(IReadOnlyCollection<TopicPartition> partitions, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>
    /// Records of any of the task's partitions, in offset order within each. The task may write them now or keep them until
    /// <see cref="FlushAsync"/>. Also called with no records, so that a task can write what it keeps after some time.
    /// </summary>
    ValueTask PutAsync(IReadOnlyList<SinkRecord> records, CancellationToken cancellationToken);

    /// <summary>Makes everything put so far durable in the target.</summary>
    ValueTask FlushAsync(IReadOnlyDictionary<TopicPartition, long> currentOffsets, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>
    /// The offsets (of the next record) that may be committed to the consumer group, every <c>offset.flush.interval.ms</c>. By default
    /// flushes and returns <paramref name="currentOffsets"/>. Return fewer to commit less.
    /// </summary>
    async ValueTask<IReadOnlyDictionary<TopicPartition, long>> PreCommitAsync(
        IReadOnlyDictionary<TopicPartition, long> currentOffsets, CancellationToken cancellationToken)
    {
        await FlushAsync(currentOffsets, cancellationToken);
        return currentOffsets;
    }

    /// <summary>Figures for GET /connectors/{name}/metrics.</summary>
    IReadOnlyDictionary<string, object?> Metrics => System.Collections.ObjectModel.ReadOnlyDictionary<string, object?>.Empty;
}

/// <summary>What the runtime offers a sink task.</summary>
public abstract class SinkTaskContext
{
    /// <summary>The connector's name.</summary>
    public abstract string ConnectorName { get; }

    /// <summary>The task's number, from 0.</summary>
    public abstract int TaskId { get; }

    /// <summary>For the task's logs.</summary>
    public abstract ILoggerFactory LoggerFactory { get; }

    /// <summary>The clock.</summary>
    public abstract TimeProvider TimeProvider { get; }

    /// <summary>The partitions that the task owns now.</summary>
    public abstract IReadOnlyCollection<TopicPartition> Assignment { get; }

    /// <summary>The next record of a partition shall be the one at this offset.</summary>
    public abstract void Seek(TopicPartition partition, long offset);

    /// <summary>Stops fetching a partition until <see cref="Resume"/>.</summary>
    public abstract void Pause(IReadOnlyCollection<TopicPartition> partitions);

    /// <summary>Fetches again.</summary>
    public abstract void Resume(IReadOnlyCollection<TopicPartition> partitions);

    /// <summary>Asks for <see cref="ISinkTask.PreCommitAsync"/> as soon as the current call returns.</summary>
    public abstract void RequestCommit();

    /// <summary>
    /// Reports a record that the target refuses, by the connector's <c>errors.tolerance</c> and dead-letter topic (KIP-610). When the returned
    /// task ends, the record is safely in the dead-letter topic and its offset may be committed.
    /// </summary>
    /// <exception cref="ConnectException"><c>errors.tolerance=none</c>: the task shall fail.</exception>
    public abstract ValueTask ReportAsync(SinkRecord record, Exception error, CancellationToken cancellationToken);
}
