using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Millrace.Kafka.Consuming;

namespace Millrace.Operations.Browsing;

/// <summary>Where to begin.</summary>
public abstract record BrowseStart
{
    /// <summary>The first record that is still there.</summary>
    public sealed record Earliest : BrowseStart;

    /// <summary>The last records: as many per partition as the limit.</summary>
    public sealed record Last : BrowseStart;

    /// <summary>The first record at or after a time.</summary>
    /// <param name="Time">The time.</param>
    public sealed record AtTime(DateTimeOffset Time) : BrowseStart;

    /// <summary>An offset.</summary>
    /// <param name="Offset">The offset.</param>
    public sealed record AtOffset(long Offset) : BrowseStart;
}

/// <summary>Which records to show.</summary>
/// <param name="Topic">The topic.</param>
public sealed record BrowseQuery(string Topic)
{
    /// <summary>Only this partition.</summary>
    /// <value>Default: null, all.</value>
    public int? Partition { get; init; }

    /// <summary>Where to begin.</summary>
    /// <value>Default: the last records.</value>
    public BrowseStart Start { get; init; } = new BrowseStart.Last();

    /// <summary>Only records with exactly this key, as UTF-8.</summary>
    /// <value>Default: null, all.</value>
    public string? Key { get; init; }

    /// <summary>Only records whose key or value contains this text, as UTF-8.</summary>
    /// <value>Default: null, all.</value>
    public string? Contains { get; init; }

    /// <summary>The most records to return.</summary>
    /// <value>Default: 100.</value>
    public int Limit { get; init; } = 100;

    /// <summary>The most records to look at, so that a rare key does not read a whole topic.</summary>
    /// <value>Default: 1,000,000.</value>
    public long ScanLimit { get; init; } = 1_000_000;

    /// <summary>How long to look.</summary>
    /// <value>Default: 10 s.</value>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>A record for people.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Offset">The offset.</param>
/// <param name="Timestamp">The timestamp, or null.</param>
/// <param name="Key">The key, decoded; null when it is null.</param>
/// <param name="Value">The value, decoded; null for a tombstone.</param>
/// <param name="Headers">The headers, decoded.</param>
public sealed record BrowsedRecord(
    string Topic,
    int Partition,
    long Offset,
    DateTimeOffset? Timestamp,
    DecodedText? Key,
    DecodedText? Value,
    IReadOnlyList<KeyValuePair<string, DecodedText?>> Headers);

/// <summary>What was found.</summary>
/// <param name="Records">The records, by timestamp and then partition and offset.</param>
/// <param name="Scanned">How many records were looked at.</param>
/// <param name="ReachedEnd">True when everything up to the end was looked at; false when a limit ended the search.</param>
public sealed record BrowseResult(IReadOnlyList<BrowsedRecord> Records, long Scanned, bool ReachedEnd);

/// <summary>Shows records of a topic: by offset, time or key, with bounds on what is read.</summary>
/// <param name="cluster">The cluster.</param>
/// <param name="decoder">How bytes become text.</param>
public sealed class RecordBrowser(KafkaCluster cluster, RecordDecoder? decoder = null)
{
    private readonly RecordDecoder _decoder = decoder ?? new RecordDecoder();

    /// <summary>Finds records that are there now.</summary>
    /// <param name="query">Which.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="OperationsException">The topic or partition does not exist.</exception>
    public async Task<BrowseResult> FindAsync(BrowseQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1, nameof(query));
        var description = await new Topics.TopicService(cluster).DescribeAsync(query.Topic, cancellationToken);
        if (query.Partition is { } wanted && description.Partitions.TrueForAll(p => p.Partition != wanted))
            throw new OperationsException($"{query.Topic} has no partition {wanted}; it has {description.Partitions.Count}, from 0.");
        var partitions = description.Partitions.Where(p => query.Partition is null || p.Partition == query.Partition)
            .Select(p => new TopicPartition(query.Topic, p.Partition)).ToList();
        var ends = await cluster.ReadEndsAsync(partitions, cancellationToken);
        var byTime = query.Start is BrowseStart.AtTime at
            ? await cluster.ListOffsetsAsync(partitions, OffsetSpec.ForTimestamp(at.Time.ToUnixTimeMilliseconds()), cancellationToken)
            : [];
        var ranges = partitions.ToDictionary(static p => p.Partition.Value, p => (From: From(p), To: ends[p].Next));
        return await Task.Run(() => Scan(query, ranges, cancellationToken), cancellationToken);

        long From(TopicPartition p)
        {
            var (first, next) = ends[p];
            var filtered = query.Key is not null || query.Contains is not null;
            return query.Start switch
            {
                BrowseStart.Last => Math.Max(first, next - (filtered ? query.ScanLimit / partitions.Count : query.Limit)),
                BrowseStart.AtTime => byTime[p] < 0 ? next : byTime[p],
                BrowseStart.AtOffset exact => Math.Clamp(exact.Offset, first, next),
                _ => first,
            };
        }
    }

    private BrowseResult Scan(BrowseQuery query, Dictionary<int, (long From, long To)> ranges, CancellationToken cancellationToken)
    {
        var open = ranges.Where(static r => r.Value.From < r.Value.To).ToDictionary();
        using var reader = cluster.CreateReader();
        reader.Assign(open.Select(r => new PartitionOffset(query.Topic, r.Key, r.Value.From)));
        var key = query.Key is null ? null : Encoding.UTF8.GetBytes(query.Key);
        var contains = query.Contains is null ? null : Encoding.UTF8.GetBytes(query.Contains);
        var last = query.Start is BrowseStart.Last;
        var found = new LinkedList<BrowsedRecord>();
        var scanned = 0L;
        var started = cluster.Time.GetTimestamp();
        var full = false;
        while (open.Count > 0 && !full && scanned < query.ScanLimit && cluster.Time.GetElapsedTime(started) < query.TimeLimit)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var batch = reader.ReadBatch(TimeSpan.FromMilliseconds(50), 1000);
            foreach (var record in batch)
            {
                if (!open.TryGetValue(record.Partition, out var range) || record.Offset >= range.To)
                {
                    open.Remove(record.Partition);
                    continue;
                }

                scanned++;
                if (record.Offset + 1 >= range.To)
                    open.Remove(record.Partition);
                if ((key is not null && (record.IsKeyNull || !record.Key.SequenceEqual(key)))
                    || (contains is not null && record.Key.IndexOf(contains) < 0 && record.Value.IndexOf(contains) < 0))
                {
                    continue;
                }

                found.AddLast(_decoder.Decode(record));
                // The last ones: all partitions are read to their ends, and the newest kept.
                if (!last && found.Count >= query.Limit)
                {
                    full = true;
                    break;
                }
            }

            foreach (var end in batch.Events.OfType<PartitionEndReached>())
                open.Remove(end.Partition);
        }

        var ordered = found.OrderBy(static r => r.Timestamp).ThenBy(static r => r.Partition).ThenBy(static r => r.Offset);
        return new BrowseResult([.. last ? ordered.TakeLast(query.Limit) : ordered], scanned, open.Count == 0 && !full);
    }
}
