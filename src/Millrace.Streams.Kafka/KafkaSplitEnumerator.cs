using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Millrace.Kafka.Consuming;
using Millrace.Streams.Connectors;

namespace Millrace.Streams.Kafka;

/// <summary>Finds partitions and where to begin in them.</summary>
internal sealed class KafkaSplitEnumerator(KafkaSourceSettings settings, SourceContext context) : ISplitEnumerator
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(30);

    private readonly ILogger _logger = context.LoggerFactory.CreateLogger("Millrace.Streams.Kafka.Source");

    private KafkaTopics? _topics;

    public async Task<IReadOnlyList<SourceSplit>> DiscoverAsync(IReadOnlySet<string> known, bool isFirst, CancellationToken cancellationToken)
    {
        _topics ??= new KafkaTopics(settings.BootstrapServers, settings.Properties);
        var partitions = (await _topics.PartitionsAsync(settings.Topics, mustExist: true).WaitAsync(cancellationToken))
            .Where(one => !known.Contains(KafkaPosition.IdOf(one.Topic, one.Partition.Value))).ToList();

        if (partitions.Count == 0)
        {
            return [];
        }

        // A new client each time: one that is kept has not heard of partitions that are newer than its metadata.
        using var reader = KafkaRecordReader.Create(settings.ReaderConfig(), _logger);
        if (isFirst)
        {
            await CheckFirstStartAsync(reader, partitions, cancellationToken);
        }

        var starts = await OffsetsOfAsync(reader, partitions, isFirst ? settings.StartingOffsets : OffsetsInitializer.Earliest(), cancellationToken);
        var stops = settings.BoundedAt is { } bounded ? await OffsetsOfAsync(reader, partitions, bounded, cancellationToken) : null;
        return [.. partitions.Select(one => new KafkaPosition(
            one.Topic, one.Partition.Value, starts[one], stops is null ? KafkaPosition.NoStop : stops[one]).ToSplit())];
    }

    public ValueTask DisposeAsync()
    {
        _topics?.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// The job starts without a checkpoint. If the group has offsets all the same, going on there would be going on with the state of nothing; only a source that reads everything
    /// anew builds its state anew.
    /// </summary>
    private async Task CheckFirstStartAsync(KafkaRecordReader reader, List<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        if (!context.HasKeyedState || settings.StartingOffsets.Kind == OffsetsKind.Earliest)
        {
            return;
        }

        var committed = (await CommittedOffsets.ReadAsync(reader, partitions, context.TimeProvider, cancellationToken)).Where(static one => one.HasOffset).ToList();
        if (committed.Select(static one => CommitMetadata.Read(one.Metadata)).OfType<CommitMetadata>().MaxBy(static one => one.Checkpoint) is { } last)
        {
            var found = $"Group '{settings.GroupId}' has offsets of checkpoint {last.Checkpoint} of job '{last.Job}', but this start of job '{context.JobName}' found no checkpoint to restore. ";
            if (!context.AllowStartWithoutCheckpoint)
            {
                throw new CheckpointException(
                    found + "Going on there would lose the state. Point CheckpointStorage to the folder of the last run (or give each job its own group); or, to go on with empty state, set CheckpointConfig.AllowStartWithoutCheckpoint; "
                    + "or, to build the state anew, delete the group's offsets or start at OffsetsInitializer.Earliest().");
            }

            KafkaStreamsLog.StartsWithoutCheckpoint(_logger, context.SourceUid, found);
        }
        else if (committed.Count > 0 && settings.StartingOffsets.Kind == OffsetsKind.Committed)
        {
            KafkaStreamsLog.StartsInTheMiddle(_logger, context.SourceUid, settings.GroupId);
        }
    }

    private async Task<Dictionary<TopicPartition, long>> OffsetsOfAsync(
        KafkaRecordReader reader, List<TopicPartition> partitions, OffsetsInitializer where, CancellationToken cancellationToken)
    {
        var committed = where.Kind == OffsetsKind.Committed
            ? await CommittedOffsets.ReadAsync(reader, partitions, context.TimeProvider, cancellationToken)
            : [];

        // The client's calls block while they wait for the broker.
        return await Task.Run(() => OffsetsOf(reader, partitions, where, committed), cancellationToken);
    }

    private Dictionary<TopicPartition, long> OffsetsOf(
        KafkaRecordReader reader, List<TopicPartition> partitions, OffsetsInitializer where, IReadOnlyList<PartitionOffset> committed)
    {
        switch (where.Kind)
        {
            case OffsetsKind.Earliest:
                return partitions.ToDictionary(static one => one, one => Bounds(reader, one).Low);
            case OffsetsKind.Latest:
                return partitions.ToDictionary(static one => one, one => Bounds(reader, one).High);
            case OffsetsKind.Timestamp:
                return reader.OffsetsForTime(partitions, where.TimestampMillis, s_timeout)
                    .ToDictionary(static one => one.TopicPartition, one => one.HasOffset ? one.Offset : Bounds(reader, one.TopicPartition).High);
            default:
                return committed.ToDictionary(static one => one.TopicPartition, one => one.HasOffset ? one.Offset : where.Reset switch
                {
                    OffsetResetStrategy.Earliest => Bounds(reader, one.TopicPartition).Low,
                    OffsetResetStrategy.Latest => Bounds(reader, one.TopicPartition).High,
                    _ => throw new InvalidOperationException(
                        $"Group '{settings.GroupId}' has no committed offset for {one.Topic}-{one.Partition}, and the source's reset strategy is None. Commit one, or choose Earliest or Latest."),
                });
        }
    }

    private (long Low, long High) Bounds(KafkaRecordReader reader, TopicPartition partition) => reader.QueryWatermarks(partition.Topic, partition.Partition.Value, s_timeout);
}
