using Millrace.Broker.Log;

namespace Millrace.Broker.Metadata;

/// <summary>The broker's settings that belong to all logs.</summary>
internal static class LogSettings
{
    public static LogManagerOptions Of(BrokerOptions options, string directory, Func<string, LogConfig> configOf) => new()
    {
        DataDirectory = directory,
        ConfigOf = configOf,
        RetentionCheckInterval = Milliseconds(options, "log.retention.check.interval.ms", 300_000),
        FlushCheckInterval = FlushInterval(options),
        CheckpointInterval = Milliseconds(options, "log.flush.offset.checkpoint.interval.ms", 60_000),
        CleanerBackoff = Milliseconds(options, "log.cleaner.backoff.ms", 15_000),
        CleanerEnabled = options.Settings.GetValueOrDefault("log.cleaner.enable") != "false",
        ProducerIdExpiration = Milliseconds(options, "producer.id.expiration.ms", 86_400_000),
        RecoveryThreads = (int)options.Number("num.recovery.threads.per.data.dir", 2),
    };

    private static TimeSpan Milliseconds(BrokerOptions options, string name, long fallback) => TimeSpan.FromMilliseconds(options.Number(name, fallback));

    /// <summary>Kafka's default is "never"; a look every second costs nothing where flush.ms is not set.</summary>
    private static TimeSpan FlushInterval(BrokerOptions options)
    {
        long interval = options.Number("log.flush.scheduler.interval.ms", long.MaxValue);
        return interval == long.MaxValue ? TimeSpan.FromSeconds(1) : TimeSpan.FromMilliseconds(interval);
    }
}
