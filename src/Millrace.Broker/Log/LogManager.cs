using Microsoft.Extensions.Logging;

namespace Millrace.Broker.Log;

/// <summary>All logs of a data directory.</summary>
internal sealed partial class LogManager : IAsyncDisposable
{
    /// <summary>Opens a directory, recovers every log in it, and starts the background work.</summary>
    /// <exception cref="IOException">The directory cannot be used, or another process has it.</exception>
    public static Task<LogManager> OpenAsync(
        LogManagerOptions options, ILoggerFactory loggerFactory, TimeProvider time, CancellationToken cancellationToken = default)
        => throw new NotImplementedException();

    /// <summary>All logs, in no order.</summary>
    public IReadOnlyCollection<PartitionLog> Logs => throw new NotImplementedException();

    public PartitionLog? Find(TopicPartition partition) => throw new NotImplementedException();

    /// <summary>Creates a partition's directory and log, or returns the one that is there.</summary>
    /// <exception cref="InvalidOperationException">The partition is there with another topic id.</exception>
    public PartitionLog Create(TopicPartition partition, Guid topicId, LogConfig config) => throw new NotImplementedException();

    /// <summary>Takes a partition out of service at once; its files go after <c>file.delete.delay.ms</c>.</summary>
    public ValueTask DeleteAsync(TopicPartition partition) => throw new NotImplementedException();

    /// <summary>Retention, compaction, flushing and checkpoints that are due now. The background loop calls it; tests may, too.</summary>
    public ValueTask TickAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Flushes and closes all logs, and leaves the marker of a clean shutdown.</summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}

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

    /// <summary>Whether the background loop runs; tests that drive <see cref="LogManager.TickAsync"/> switch it off.</summary>
    public bool RunInBackground { get; init; } = true;
}
