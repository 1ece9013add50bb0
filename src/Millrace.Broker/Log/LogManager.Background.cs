using Millrace.Broker.Log.Cleaning;

namespace Millrace.Broker.Log;

/// <summary>Retention, compaction, flushing, checkpoints.</summary>
internal sealed partial class LogManager
{
    private readonly List<(DateTimeOffset Due, PartitionLog Log)> _deletedLogs = [];
    private readonly SemaphoreSlim _ticking = new(1);
    private readonly Schedule _schedule;

    /// <summary>Retention, compaction, flushing and checkpoints that are due now. The background loop calls it; tests may, too.</summary>
    public async ValueTask TickAsync(CancellationToken cancellationToken = default)
    {
        await _ticking.WaitAsync(cancellationToken);
        try
        {
            var now = _time.GetUtcNow();
            var retention = _schedule.Retention.IsDue(now);
            var cleaning = _options.CleanerEnabled && _schedule.Cleaning.IsDue(now);
            foreach (var log in _logs.Values)
            {
                cancellationToken.ThrowIfCancellationRequested();
                try
                {
                    await TickAsync(log, now, retention, cleaning, cancellationToken);
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    LogMessages.TickFailed(_logger, e, log.TopicPartition.ToString());
                }
            }

            if (_schedule.Checkpoint.IsDue(now))
                _checkpoints.Save(_logs.Values);
            await RemoveDeletedAsync(now);
        }
        finally
        {
            _ticking.Release();
        }
    }

    private async ValueTask TickAsync(PartitionLog log, DateTimeOffset now, bool retention, bool cleaning, CancellationToken cancellationToken)
    {
        var config = log.Config;
        if (retention)
        {
            await log.ExpireProducersAsync(_options.ProducerIdExpiration);
            await log.ApplyRetentionAsync();
        }

        if (cleaning && config.Compact)
        {
            if (config.MaxCompactionLagMs < long.MaxValue)
                await log.RollIfOldAsync(config.MaxCompactionLagMs);
            await LogCleaner.CleanIfDueAsync(log, _checkpoints, now.ToUnixTimeMilliseconds(), cancellationToken);
        }

        if (config.FlushMs < long.MaxValue && log.RecoveryPoint < log.LogEndOffset && (now - log.LastFlush).TotalMilliseconds >= config.FlushMs)
            await log.FlushAsync(cancellationToken);
        else if (log.RecoveryPoint < log.View.Active.BaseOffset)
            await log.FlushSealedAsync();
        if (log.HasOldFiles)
            await log.DeleteOldFilesAsync();
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(_schedule.Shortest, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                try
                {
                    await TickAsync(_stop.Token);
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    LogMessages.TickFailed(_logger, e, _options.DataDirectory);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The manager is being closed.
        }
    }

    private async ValueTask RemoveDeletedAsync(DateTimeOffset now)
    {
        List<(DateTimeOffset Due, PartitionLog Log)> due;
        lock (_deletedLogs)
        {
            due = _deletedLogs.FindAll(d => d.Due <= now);
            _deletedLogs.RemoveAll(d => d.Due <= now);
        }

        foreach (var (_, log) in due)
        {
            await log.CloseDeletedAsync();
            _options.Files.DeleteDirectory(log.Directory);
        }
    }

    /// <summary>When each kind of work was last done.</summary>
    private sealed class Schedule(DateTimeOffset start, LogManagerOptions options)
    {
        public Job Retention { get; } = new(start, options.RetentionCheckInterval);

        public Job Cleaning { get; } = new(start, options.CleanerBackoff);

        public Job Checkpoint { get; } = new(start, options.CheckpointInterval);

        public TimeSpan Shortest { get; } = new[]
        {
            options.FlushCheckInterval, options.RetentionCheckInterval, options.CleanerBackoff, options.CheckpointInterval,
        }.Min();
    }

    private sealed class Job(DateTimeOffset last, TimeSpan interval)
    {
        private DateTimeOffset _last = last;

        public bool IsDue(DateTimeOffset now)
        {
            if (now - _last < interval)
                return false;
            _last = now;
            return true;
        }
    }
}
