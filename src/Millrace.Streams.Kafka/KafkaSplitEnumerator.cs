using Confluent.Kafka;
using Millrace.Kafka.Consuming;
using Millrace.Streams.Connectors;

namespace Millrace.Streams.Kafka;

/// <summary>Finds partitions and where to begin in them.</summary>
internal sealed class KafkaSplitEnumerator(KafkaSourceSettings settings, TimeProvider timeProvider) : ISplitEnumerator
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(30);

    private KafkaTopics? _topics;
    private KafkaRecordReader? _reader;

    public async Task<IReadOnlyList<SourceSplit>> DiscoverAsync(IReadOnlySet<string> known, bool isFirst, CancellationToken cancellationToken)
    {
        _topics ??= new KafkaTopics(settings.BootstrapServers, settings.Properties);
        var partitions = (await _topics.PartitionsAsync(settings.Topics, mustExist: true).WaitAsync(cancellationToken))
            .Where(one => !known.Contains(KafkaPosition.IdOf(one.Topic, one.Partition.Value))).ToList();

        if (partitions.Count == 0)
        {
            return [];
        }

        _reader ??= KafkaRecordReader.Create(settings.ReaderConfig());
        var starts = await OffsetsOfAsync(partitions, isFirst ? settings.StartingOffsets : OffsetsInitializer.Earliest(), cancellationToken);
        var stops = settings.BoundedAt is { } bounded ? await OffsetsOfAsync(partitions, bounded, cancellationToken) : null;
        return [.. partitions.Select(one => new KafkaPosition(
            one.Topic, one.Partition.Value, starts[one], stops is null ? KafkaPosition.NoStop : stops[one]).ToSplit())];
    }

    public ValueTask DisposeAsync()
    {
        _topics?.Dispose();
        _reader?.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<Dictionary<TopicPartition, long>> OffsetsOfAsync(
        List<TopicPartition> partitions, OffsetsInitializer where, CancellationToken cancellationToken)
    {
        var committed = where.Kind == OffsetsKind.Committed
            ? await CommittedOffsets.ReadAsync(_reader!, partitions, timeProvider, cancellationToken)
            : [];

        // The client's calls block while they wait for the broker.
        return await Task.Run(() => OffsetsOf(partitions, where, committed), cancellationToken);
    }

    private Dictionary<TopicPartition, long> OffsetsOf(
        List<TopicPartition> partitions, OffsetsInitializer where, IReadOnlyList<PartitionOffset> committed)
    {
        switch (where.Kind)
        {
            case OffsetsKind.Earliest:
                return partitions.ToDictionary(static one => one, one => Bounds(one).Low);
            case OffsetsKind.Latest:
                return partitions.ToDictionary(static one => one, one => Bounds(one).High);
            case OffsetsKind.Timestamp:
                return _reader!.OffsetsForTime(partitions, where.TimestampMillis, s_timeout)
                    .ToDictionary(static one => one.TopicPartition, one => one.HasOffset ? one.Offset : Bounds(one.TopicPartition).High);
            default:
                return committed.ToDictionary(static one => one.TopicPartition, one => one.HasOffset ? one.Offset : where.Reset switch
                {
                    OffsetResetStrategy.Earliest => Bounds(one.TopicPartition).Low,
                    OffsetResetStrategy.Latest => Bounds(one.TopicPartition).High,
                    _ => throw new InvalidOperationException(
                        $"Group '{settings.GroupId}' has no committed offset for {one.Topic}-{one.Partition}, and the source's reset strategy is None. Commit one, or choose Earliest or Latest."),
                });
        }
    }

    private (long Low, long High) Bounds(TopicPartition partition) => _reader!.QueryWatermarks(partition.Topic, partition.Partition.Value, s_timeout);
}
