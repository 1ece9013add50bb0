using Millrace.Protocol.Records;

namespace Millrace.Broker.Log;

/// <summary>The options of a topic's logs, by Kafka's names and defaults.</summary>
internal sealed record LogConfig
{
    public static LogConfig Default { get; } = new();

    /// <summary><c>cleanup.policy</c> contains <c>delete</c>.</summary>
    public bool Delete { get; init; } = true;

    /// <summary><c>cleanup.policy</c> contains <c>compact</c>.</summary>
    public bool Compact { get; init; }

    /// <summary><c>segment.bytes</c>.</summary>
    public int SegmentBytes { get; init; } = 1024 * 1024 * 1024;

    /// <summary><c>segment.ms</c>.</summary>
    public long SegmentMs { get; init; } = 7 * 24 * 3600 * 1000L;

    /// <summary><c>segment.jitter.ms</c>.</summary>
    public long SegmentJitterMs { get; init; }

    /// <summary><c>segment.index.bytes</c>.</summary>
    public int SegmentIndexBytes { get; init; } = 10 * 1024 * 1024;

    /// <summary><c>index.interval.bytes</c>.</summary>
    public int IndexIntervalBytes { get; init; } = 4096;

    /// <summary><c>retention.ms</c>; −1 keeps for ever.</summary>
    public long RetentionMs { get; init; } = 7 * 24 * 3600 * 1000L;

    /// <summary><c>retention.bytes</c>; −1 has no limit.</summary>
    public long RetentionBytes { get; init; } = -1;

    /// <summary><c>file.delete.delay.ms</c>.</summary>
    public long FileDeleteDelayMs { get; init; } = 60_000;

    /// <summary><c>flush.messages</c>.</summary>
    public long FlushMessages { get; init; } = long.MaxValue;

    /// <summary><c>flush.ms</c>.</summary>
    public long FlushMs { get; init; } = long.MaxValue;

    /// <summary><c>max.message.bytes</c>.</summary>
    public int MaxMessageBytes { get; init; } = (1024 * 1024) + RecordBatchHeader.LogOverhead;

    /// <summary><c>min.insync.replicas</c>.</summary>
    public int MinInsyncReplicas { get; init; } = 1;

    /// <summary><c>compression.type</c>; null is <c>producer</c>.</summary>
    public CompressionType? Compression { get; init; }

    /// <summary>The level of the configured codec (<c>compression.gzip.level</c>, <c>compression.lz4.level</c>, <c>compression.zstd.level</c>).</summary>
    public int? CompressionLevel { get; init; }

    /// <summary><c>message.timestamp.type</c> is <c>LogAppendTime</c>.</summary>
    public bool LogAppendTime { get; init; }

    /// <summary><c>message.timestamp.before.max.ms</c>.</summary>
    public long TimestampBeforeMaxMs { get; init; } = long.MaxValue;

    /// <summary><c>message.timestamp.after.max.ms</c>.</summary>
    public long TimestampAfterMaxMs { get; init; } = 3_600_000;

    /// <summary><c>delete.retention.ms</c>: how long tombstones stay after compaction.</summary>
    public long DeleteRetentionMs { get; init; } = 24 * 3600 * 1000L;

    /// <summary><c>min.compaction.lag.ms</c>.</summary>
    public long MinCompactionLagMs { get; init; }

    /// <summary><c>max.compaction.lag.ms</c>.</summary>
    public long MaxCompactionLagMs { get; init; } = long.MaxValue;

    /// <summary><c>min.cleanable.dirty.ratio</c>.</summary>
    public double MinCleanableDirtyRatio { get; init; } = 0.5;

    /// <summary><c>preallocate</c>.</summary>
    public bool Preallocate { get; init; }

    /// <summary><c>unclean.leader.election.enable</c>.</summary>
    public bool UncleanLeaderElection { get; init; }
}
