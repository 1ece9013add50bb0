using Confluent.Kafka;
using Millrace.Kafka.Consuming;

namespace Millrace.Operations.Topics;

/// <summary>Offsets of one partition, from the first to before the last.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Partition">The partition.</param>
/// <param name="From">The first offset.</param>
/// <param name="To">The offset after the last.</param>
public readonly record struct OffsetRange(string Topic, int Partition, long From, long To)
{
    /// <summary>How many offsets.</summary>
    public long Length => To - From;
}

/// <summary>
/// Counts the records behind offsets. Kafka tells how far a partition's offsets have come, but not how many of them are records: the mark at the end of each
/// transaction takes one too. So the records are read, and counted.
/// </summary>
/// <param name="cluster">The cluster.</param>
public sealed class OffsetCensus(KafkaCluster cluster)
{
    /// <summary>Reads ranges of offsets and counts the records in each, those of aborted transactions too.</summary>
    /// <param name="ranges">The ranges, at most one per partition.</param>
    /// <param name="timeLimit">How long to read.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The number of records of each range that was read to its end.</returns>
    public Task<IReadOnlyDictionary<OffsetRange, long>> CountAsync(IReadOnlyCollection<OffsetRange> ranges, TimeSpan timeLimit, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ranges);
        return Task.Run(() => Count(ranges, timeLimit, cancellationToken), cancellationToken);
    }

    private IReadOnlyDictionary<OffsetRange, long> Count(IReadOnlyCollection<OffsetRange> ranges, TimeSpan timeLimit, CancellationToken cancellationToken)
    {
        var counted = new Dictionary<OffsetRange, long>();
        var open = ranges.Where(static range => range.Length > 0).ToDictionary(static range => (range.Topic, range.Partition), static range => (Range: range, Records: 0L));
        if (open.Count == 0) return counted;
        // Only the ranges are wanted: without a bound, far more would be fetched behind them.
        using var reader = cluster.CreateReader(("fetch.message.max.bytes", "262144"), ("queued.min.messages", "1"));
        reader.Assign(open.Values.Select(static one => new PartitionOffset(one.Range.Topic, one.Range.Partition, one.Range.From)));
        var started = cluster.Time.GetTimestamp();
        while (open.Count > 0 && cluster.Time.GetElapsedTime(started) < timeLimit)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var batch = reader.ReadBatch(TimeSpan.FromMilliseconds(50), 1000);
            foreach (var record in batch)
            {
                var place = (record.Topic, record.Partition);
                if (!open.TryGetValue(place, out var one)) continue;
                if (record.Offset < one.Range.To) open[place] = one = (one.Range, one.Records + 1);
                if (record.Offset + 1 >= one.Range.To) Close(place);
            }

            foreach (var end in batch.Events.OfType<PartitionEndReached>()) Close((end.Topic, end.Partition));
        }

        return counted;

        void Close((string Topic, int Partition) place)
        {
            if (!open.Remove(place, out var one)) return;
            counted[one.Range] = one.Records;
            reader.Pause(new TopicPartition(place.Topic, place.Partition));
        }
    }
}
