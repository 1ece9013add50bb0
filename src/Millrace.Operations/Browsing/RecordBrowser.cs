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

    /// <summary>Leaves out records of transactions that are open or were aborted.</summary>
    /// <value>Default: false.</value>
    public bool OnlyCommitted { get; init; }

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
/// <typeparam name="T">What a record was made into.</typeparam>
/// <param name="Records">The records, by timestamp and then partition and offset.</param>
/// <param name="Scanned">How many records were looked at.</param>
/// <param name="ReachedEnd">True when everything up to the end was looked at; false when a limit ended the search.</param>
public sealed record BrowseResult<T>(IReadOnlyList<T> Records, long Scanned, bool ReachedEnd);

/// <summary>Whether a record is wanted.</summary>
/// <param name="record">The record; valid during the call.</param>
public delegate bool RecordCondition(KafkaRecord record);

/// <summary>Makes something of a record that outlives it.</summary>
/// <typeparam name="T">What is made.</typeparam>
/// <param name="record">The record; valid during the call.</param>
public delegate T RecordConversion<out T>(KafkaRecord record);

/// <summary>Shows records of a topic: by offset, time or key, with bounds on what is read.</summary>
/// <param name="cluster">The cluster.</param>
/// <param name="decoder">How bytes become text.</param>
public sealed class RecordBrowser(KafkaCluster cluster, RecordDecoder? decoder = null)
{
    // Small transactions leave a mark for every record or two: so much further back the last records are looked for.
    private const int MarksAllowedFor = 3;

    private readonly RecordDecoder _decoder = decoder ?? new RecordDecoder();

    /// <summary>Finds records that are there now, and decodes them.</summary>
    /// <param name="query">Which.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="OperationsException">The topic or partition does not exist.</exception>
    public Task<BrowseResult<BrowsedRecord>> FindAsync(BrowseQuery query, CancellationToken cancellationToken = default) => FindAsync(query, null, _decoder.Decode, cancellationToken);

    /// <summary>Finds records that are there now, by a condition of one's own beside those of the query.</summary>
    /// <typeparam name="T">What a record is made into.</typeparam>
    /// <param name="query">Which.</param>
    /// <param name="condition">A further condition; null for none.</param>
    /// <param name="convert">Makes of a found record what is returned.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="OperationsException">The topic or partition does not exist.</exception>
    public async Task<BrowseResult<T>> FindAsync<T>(BrowseQuery query, RecordCondition? condition, RecordConversion<T> convert, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(convert);
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
        return await Task.Run(() => new RecordScan<T>(cluster, query, Matching(query, condition), convert).Run(ranges, cancellationToken), cancellationToken);

        long From(TopicPartition p)
        {
            var (first, next) = ends[p];
            var filtered = query.Key is not null || query.Contains is not null || condition is not null;
            return query.Start switch
            {
                BrowseStart.Last => Math.Max(first, next - (filtered ? Math.Max(query.Limit, query.ScanLimit / partitions.Count) : query.Limit * MarksAllowedFor)),
                BrowseStart.AtTime => byTime[p] < 0 ? next : byTime[p],
                BrowseStart.AtOffset exact => Math.Clamp(exact.Offset, first, next),
                _ => first,
            };
        }
    }

    private static RecordCondition Matching(BrowseQuery query, RecordCondition? condition)
    {
        var key = query.Key is null ? null : Encoding.UTF8.GetBytes(query.Key);
        var contains = query.Contains is null ? null : Encoding.UTF8.GetBytes(query.Contains);
        return record => (key is null || (!record.IsKeyNull && record.Key.SequenceEqual(key)))
            && (contains is null || record.Key.IndexOf(contains) >= 0 || record.Value.IndexOf(contains) >= 0)
            && (condition is null || condition(record));
    }
}
