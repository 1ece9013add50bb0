using Millrace.Console.Backends.Kafka;

namespace Millrace.Console.Sampling;

/// <summary>
/// Remembers when the end of each partition reached which offset. From that, lag in records becomes lag in time: the first unread record arrived when the
/// end passed the committed offset.
/// </summary>
internal sealed class OffsetTimeline
{
    // Five minutes at one sample per second; a group further behind than that is shown as "more than".
    private const int Kept = 300;

    private readonly Dictionary<(string Topic, int Partition), LinkedList<(DateTimeOffset Time, long End)>> _partitions = [];

    public void Observe(DateTimeOffset now, TopicInfo topic)
    {
        foreach (var partition in topic.Partitions)
        {
            var key = (topic.Name, partition.Id);
            if (!_partitions.TryGetValue(key, out var points)) _partitions[key] = points = new();
            if (points.Last is { } last && partition.End < last.Value.End) points.Clear();

            // The last moment at a standing end is all that matters of it.
            if (points.Count >= 2 && points.Last!.Value.End == partition.End && points.Last.Previous!.Value.End == partition.End) points.RemoveLast();
            points.AddLast((now, partition.End));
            if (points.Count > Kept) points.RemoveFirst();
        }
    }

    public LagTime LagOf(DateTimeOffset now, string topic, int partition, long committed)
    {
        if (!_partitions.TryGetValue((topic, partition), out var points) || points.Last is not { } last || committed >= last.Value.End) return LagTime.Zero;
        (DateTimeOffset Time, long End)? before = null;
        foreach (var point in points)
        {
            if (point.End > committed)
            {
                if (before is not { } earlier) return new LagTime(now - point.Time, AtLeast: true);

                // Between two looks records are taken to have arrived evenly.
                var share = (double)(committed - earlier.End + 1) / (point.End - earlier.End);
                return new LagTime(now - (earlier.Time + ((point.Time - earlier.Time) * Math.Clamp(share, 0, 1))), AtLeast: false);
            }

            before = point;
        }

        return LagTime.Zero;
    }
}
