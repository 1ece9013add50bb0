using Millrace.Broker.Storage;

namespace Millrace.Broker.Log;

/// <summary>How a data directory is kept.</summary>
internal sealed record LogManagerOptions
{
    /// <summary>Kafka's <c>log.dirs</c> (one directory).</summary>
    public required string DataDirectory { get; init; }

    /// <summary>The configuration of a topic that is found on disk.</summary>
    public Func<string, LogConfig> ConfigOf { get; init; } = static _ => LogConfig.Default;

    /// <summary><c>log.retention.check.interval.ms</c>.</summary>
    public TimeSpan RetentionCheckInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary><c>log.flush.scheduler.interval.ms</c>.</summary>
    public TimeSpan FlushCheckInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary><c>log.flush.offset.checkpoint.interval.ms</c>.</summary>
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary><c>log.cleaner.backoff.ms</c>.</summary>
    public TimeSpan CleanerBackoff { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary><c>log.cleaner.enable</c>.</summary>
    public bool CleanerEnabled { get; init; } = true;

    /// <summary><c>producer.id.expiration.ms</c>.</summary>
    public TimeSpan ProducerIdExpiration { get; init; } = TimeSpan.FromDays(1);

    /// <summary><c>num.recovery.threads.per.data.dir</c>.</summary>
    public int RecoveryThreads { get; init; } = 2;

    /// <summary>Whether the background loop runs; tests that drive <c>LogManager.TickAsync</c> switch it off.</summary>
    public bool RunInBackground { get; init; } = true;

    /// <summary>Where files are; tests let it fail.</summary>
    public LogFileSystem Files { get; init; } = LogFileSystem.Default;
}
