using Confluent.Kafka;
using Millrace.Kafka.Consuming;

namespace Millrace.Operations.Groups;

/// <summary>
/// Measures time lag instead of guessing it from rates: the age of the record at the committed offset. Where only transaction markers follow,
/// there is no such record, and the lag is nothing.
/// </summary>
internal static class TimeLag
{
    internal static async Task<List<PartitionLag>> MeasureAsync(KafkaCluster cluster, List<PartitionLag> lags, CancellationToken cancellationToken)
    {
        var behind = lags.Where(static l => l.Lag > 0).ToDictionary(static l => (l.Topic, l.Partition));
        var found = behind.Count == 0 ? [] : await Task.Run(() => ReadTimestamps(cluster, behind, cancellationToken), cancellationToken);
        var now = cluster.Time.GetUtcNow().ToUnixTimeMilliseconds();
        return [.. lags.Select(lag =>
        {
            if (lag.Lag == 0)
                return lag with { TimeLag = TimeSpan.Zero };
            if (!found.TryGetValue((lag.Topic, lag.Partition), out var timestamp))
                return lag;
            return timestamp is { } at
                ? lag with { TimeLag = at < 0 ? null : TimeSpan.FromMilliseconds(Math.Max(0, now - at)) }
                : lag with { Lag = 0, TimeLag = TimeSpan.Zero };
        })];
    }

    /// <summary>The timestamp of the first record from the committed offset on; null where the partition ends first.</summary>
    private static Dictionary<(string Topic, int Partition), long?> ReadTimestamps(
        KafkaCluster cluster, Dictionary<(string Topic, int Partition), PartitionLag> behind, CancellationToken cancellationToken)
    {
        using var reader = cluster.CreateReader(("fetch.message.max.bytes", "16384"), ("queued.min.messages", "1"));
        reader.Assign(behind.Values.Select(static l => new PartitionOffset(l.Topic, l.Partition, Math.Max(l.Committed ?? l.FirstOffset, l.FirstOffset))));
        var found = new Dictionary<(string, int), long?>();
        var started = cluster.Time.GetTimestamp();
        while (found.Count < behind.Count && cluster.Time.GetElapsedTime(started) < cluster.Timeout)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var batch = reader.ReadBatch(TimeSpan.FromMilliseconds(50));
            foreach (var record in batch)
            {
                if (found.TryAdd((record.Topic, record.Partition), record.Timestamp))
                    reader.Pause(record.TopicPartition);
            }

            foreach (var end in batch.Events.OfType<PartitionEndReached>())
                found.TryAdd((end.Topic, end.Partition), null);
        }

        return found;
    }
}
