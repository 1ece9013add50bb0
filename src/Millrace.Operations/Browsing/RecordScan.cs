using Confluent.Kafka;
using Millrace.Kafka.Consuming;

namespace Millrace.Operations.Browsing;

/// <summary>Reads ranges of a topic's partitions until enough is found, or a bound of the query is reached.</summary>
internal sealed class RecordScan<T>(KafkaCluster cluster, BrowseQuery query, RecordCondition isWanted, RecordConversion<T> convert)
{
    private readonly Dictionary<int, Queue<(long Timestamp, int Partition, long Offset, T Record)>> _found = [];
    private bool _limited;

    private bool IsLast => query.Start is BrowseStart.Last;

    public BrowseResult<T> Run(Dictionary<int, (long From, long To)> ranges, CancellationToken cancellationToken)
    {
        var open = ranges.Where(static r => r.Value.From < r.Value.To).ToDictionary();
        if (open.Count == 0) return new BrowseResult<T>([], 0, ReachedEnd: true);
        using var reader = cluster.CreateReader(("isolation.level", query.OnlyCommitted ? "read_committed" : "read_uncommitted"));
        reader.Assign(open.Select(r => new PartitionOffset(query.Topic, r.Key, r.Value.From)));
        var scanned = 0L;
        var started = cluster.Time.GetTimestamp();
        while (open.Count > 0 && scanned < query.ScanLimit && cluster.Time.GetElapsedTime(started) < query.TimeLimit)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var batch = reader.ReadBatch(TimeSpan.FromMilliseconds(50), 1000);
            foreach (var record in batch)
            {
                if (!open.TryGetValue(record.Partition, out var range)) continue;
                if (record.Offset < range.To)
                {
                    scanned++;
                    if (isWanted(record)) Take(record);
                }

                // The last ones: all partitions are read to their ends, and the newest kept. The first ones: each partition could hold them all.
                var full = !IsLast && _found.TryGetValue(record.Partition, out var found) && found.Count >= query.Limit;
                if (!full && record.Offset + 1 < range.To) continue;
                _limited |= record.Offset + 1 < range.To;
                open.Remove(record.Partition);
                reader.Pause(new TopicPartition(query.Topic, record.Partition));
            }

            foreach (var end in batch.Events.OfType<PartitionEndReached>()) open.Remove(end.Partition);
        }

        var ordered = _found.Values.SelectMany(static f => f).OrderBy(static f => f.Timestamp).ThenBy(static f => f.Partition).ThenBy(static f => f.Offset).Select(static f => f.Record);
        return new BrowseResult<T>([.. IsLast ? ordered.TakeLast(query.Limit) : ordered.Take(query.Limit)], scanned, open.Count == 0 && !_limited);
    }

    private void Take(KafkaRecord record)
    {
        if (!_found.TryGetValue(record.Partition, out var found)) _found[record.Partition] = found = new();
        found.Enqueue((record.Timestamp, record.Partition, record.Offset, convert(record)));
        if (found.Count > query.Limit) found.Dequeue();
    }
}
