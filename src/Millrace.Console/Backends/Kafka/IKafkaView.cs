using Millrace.Operations.Topics;

namespace Millrace.Console.Backends.Kafka;

/// <summary>What the console reads from Kafka. The pages are tested against another implementation than the network's.</summary>
internal interface IKafkaView
{
    /// <summary>Brokers, topics with offsets, and groups with committed offsets (lag in time is filled in by the sampler).</summary>
    Task<KafkaSnapshot> SnapshotAsync(CancellationToken cancellationToken);

    /// <summary>How much the partitions take on their leaders' disks.</summary>
    Task<SizesOnDisk> SizesAsync(CancellationToken cancellationToken);

    /// <summary>How many of the offsets are records, for the ranges that could be read.</summary>
    Task<IReadOnlyDictionary<OffsetRange, long>> CountAsync(IReadOnlyCollection<OffsetRange> ranges, CancellationToken cancellationToken);

    Task<IReadOnlyList<TopicSetting>> SettingsAsync(string topic, CancellationToken cancellationToken);

    /// <summary>Records as the query asks for, oldest first; ends when there is nothing more to give.</summary>
    Task<BrowseResult> BrowseAsync(BrowseQuery query, CancellationToken cancellationToken);

    /// <summary>Records from now on, until cancelled.</summary>
    IAsyncEnumerable<KafkaRecord> TailAsync(IReadOnlyList<string> topics, TailStart start, CancellationToken cancellationToken);
}

/// <summary>Where browsing begins.</summary>
internal enum BrowseFrom
{
    /// <summary>The last records.</summary>
    Newest,

    /// <summary>The first records.</summary>
    Oldest,

    /// <summary>From an offset on.</summary>
    Offset,

    /// <summary>From a moment on.</summary>
    Time,
}

/// <summary>A question for records.</summary>
internal sealed record BrowseQuery(
    string Topic, int? Partition, BrowseFrom From, long Offset, DateTimeOffset Time, string? Key, string? Contains, int Limit)
{
    public bool HasFilter => !string.IsNullOrEmpty(Key) || !string.IsNullOrEmpty(Contains);
}

/// <summary>What was found, and how many records were read for it.</summary>
internal sealed record BrowseResult(IReadOnlyList<KafkaRecord> Records, long Scanned, bool Complete);

/// <summary>Where following begins.</summary>
internal enum TailStart
{
    /// <summary>Only what comes.</summary>
    Now,

    /// <summary>The last hundred records of each partition first.</summary>
    Recent,
}

/// <summary>A record as it is in Kafka.</summary>
internal sealed record KafkaRecord(
    string Topic, int Partition, long Offset, DateTimeOffset Timestamp, byte[]? Key, byte[]? Value, IReadOnlyList<KeyValuePair<string, byte[]?>> Headers);
