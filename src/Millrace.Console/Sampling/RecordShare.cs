using Millrace.Console.Backends.Kafka;
using Millrace.Operations.Topics;

namespace Millrace.Console.Sampling;

/// <summary>
/// What share of each topic's offsets are records. Offsets alone overstate: each transaction ends with a mark that takes one, so a topic written by
/// transactions of one record grows by two. The share is counted in the newest offsets, again and again while the topic grows.
/// </summary>
internal sealed class RecordShare
{
    // So many offsets of one partition are read at a time: enough to be within a few per cent, and little to fetch.
    private const int Counted = 200;

    // Partitions read in one round; with more, they take turns.
    private const int MostPartitions = 32;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (double Records, double Offsets)> _counts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (long End, long Round)> _asked = new(StringComparer.Ordinal);
    private long _round;

    /// <summary>From 0 to 1; null while nothing is counted yet.</summary>
    public double? Of(string topic)
    {
        lock (_lock) return _counts.TryGetValue(topic, out var count) && count.Offsets > 0 ? count.Records / count.Offsets : null;
    }

    /// <summary>What to count next: the newest offsets of the fullest partition of each topic that has grown, those first that waited longest.</summary>
    public IReadOnlyList<OffsetRange> Next(IReadOnlyList<TopicInfo> topics)
    {
        lock (_lock)
        {
            _round++;
            var chosen = topics.Where(topic => topic.End > (_asked.TryGetValue(topic.Name, out var asked) ? asked.End : 0))
                .OrderBy(topic => _asked.TryGetValue(topic.Name, out var asked) ? asked.Round : 0).Take(MostPartitions).ToArray();
            foreach (var topic in chosen) _asked[topic.Name] = (topic.End, _round);
            return [.. chosen.Select(static topic => (topic.Name, Fullest: topic.Partitions.Where(static partition => partition.Leader >= 0).MaxBy(static partition => partition.End - partition.Start)))
                .Where(static pair => pair.Fullest is { } partition && partition.End > partition.Start)
                .Select(static pair => new OffsetRange(pair.Name, pair.Fullest!.Id, Math.Max(pair.Fullest.Start, pair.Fullest.End - Counted), pair.Fullest.End))];
        }
    }

    public void Add(OffsetRange range, long records)
    {
        lock (_lock)
        {
            // Earlier counts fade, so that a producer that changes its habits is seen within a few rounds.
            var (oldRecords, oldOffsets) = _counts.GetValueOrDefault(range.Topic);
            _counts[range.Topic] = ((oldRecords / 2) + records, (oldOffsets / 2) + range.Length);
        }
    }

    public void Forget(IReadOnlyList<TopicInfo> remaining)
    {
        lock (_lock)
        {
            var names = remaining.Select(static topic => topic.Name).ToHashSet(StringComparer.Ordinal);
            foreach (var gone in _asked.Keys.Where(name => !names.Contains(name)).ToArray())
            {
                _asked.Remove(gone);
                _counts.Remove(gone);
            }
        }
    }
}
