using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Millrace.Broker.Storage;

namespace Millrace.Broker.Log;

/// <summary>All logs of a data directory.</summary>
internal sealed partial class LogManager : IAsyncDisposable
{
    private readonly LogManagerOptions _options;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly DirectoryLock _directoryLock;
    private readonly LogCheckpoints _checkpoints;
    private readonly ConcurrentDictionary<TopicPartition, PartitionLog> _logs = new();
    private readonly Lock _createLock = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _background = Task.CompletedTask;
    private int _disposed;

    private LogManager(LogManagerOptions options, ILogger logger, TimeProvider time, DirectoryLock directoryLock)
    {
        _options = options;
        _logger = logger;
        _time = time;
        _directoryLock = directoryLock;
        _checkpoints = new LogCheckpoints(options.Files, options.DataDirectory);
        _schedule = new Schedule(time.GetUtcNow(), options);
    }

    /// <summary>All logs, in no order.</summary>
    public IReadOnlyCollection<PartitionLog> Logs => (IReadOnlyCollection<PartitionLog>)_logs.Values;

    /// <summary>Opens a directory, recovers every log in it, and starts the background work.</summary>
    /// <exception cref="IOException">The directory cannot be used, or another process has it.</exception>
    public static async Task<LogManager> OpenAsync(
        LogManagerOptions options, ILoggerFactory loggerFactory, TimeProvider time, CancellationToken cancellationToken = default)
    {
        Directory.CreateDirectory(options.DataDirectory);
        var directoryLock = DirectoryLock.Take(options.DataDirectory);
        var manager = new LogManager(options, loggerFactory.CreateLogger<LogManager>(), time, directoryLock);
        try
        {
            await manager.LoadAsync(cancellationToken);
        }
        catch
        {
            manager._stop.Dispose();
            directoryLock.Dispose();
            throw;
        }

        if (options.RunInBackground)
            manager._background = Task.Run(manager.RunAsync, CancellationToken.None);
        return manager;
    }

    public PartitionLog? Find(TopicPartition partition) => _logs.GetValueOrDefault(partition);

    /// <summary>Creates a partition's directory and log, or returns the one that is there.</summary>
    /// <exception cref="InvalidOperationException">The partition is there with another topic id.</exception>
    public PartitionLog Create(TopicPartition partition, Guid topicId, LogConfig config)
    {
        if (_logs.TryGetValue(partition, out var existing))
            return Checked(existing, topicId);
        lock (_createLock)
        {
            ObjectDisposedException.ThrowIf(_disposed != 0, this);
            if (_logs.TryGetValue(partition, out existing))
                return Checked(existing, topicId);
            var directory = Path.Combine(_options.DataDirectory, partition.ToString());
            var settings = Settings(partition, topicId, directory, config, 0, 0, clean: true);
            // A directory that is there already, left by a creation that failed, is looked through.
            var found = Directory.Exists(directory);
            Directory.CreateDirectory(directory);
            PartitionMetadataFile.Write(_options.Files, directory, topicId);
            var log = found ? PartitionLog.Open(settings) : PartitionLog.Create(settings);
            _logs[partition] = log;
            LogMessages.Created(_logger, partition, directory);
            return log;
        }
    }

    /// <summary>Takes a partition out of service at once; its files go after <c>file.delete.delay.ms</c>.</summary>
    public async ValueTask DeleteAsync(TopicPartition partition)
    {
        if (!_logs.TryRemove(partition, out var log))
            return;
        // Kafka's form of the name; it cannot be taken for a partition, as no number follows the last dash.
        var directory = Path.Combine(_options.DataDirectory, $"{partition}.{Guid.NewGuid():N}-delete");
        await log.MarkDeletedAsync(directory);
        lock (_deletedLogs)
            _deletedLogs.Add((_time.GetUtcNow() + TimeSpan.FromMilliseconds(log.Config.FileDeleteDelayMs), log));
        LogMessages.Deleted(_logger, partition);
    }

    /// <summary>Flushes and closes all logs, and leaves the marker of a clean shutdown.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await _stop.CancelAsync();
        await _background;
        var clean = true;
        foreach (var log in _logs.Values)
        {
            try
            {
                await log.CloseAsync();
            }
            catch (Exception e)
            {
                clean = false;
                LogMessages.TickFailed(_logger, e, log.TopicPartition.ToString());
            }
        }

        foreach (var (_, log) in _deletedLogs)
            await log.CloseDeletedAsync();
        if (clean)
        {
            _checkpoints.Save(_logs.Values);
            _checkpoints.MarkClean();
        }

        _directoryLock.Dispose();
        _stop.Dispose();
        _ticking.Dispose();
    }

    private static PartitionLog Checked(PartitionLog log, Guid topicId)
        => log.TopicId == topicId || log.TopicId == Guid.Empty
            ? log
            : throw new InvalidOperationException($"{log.TopicPartition} belongs to the topic with id {log.TopicId}, not to {topicId}.");

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        var clean = _checkpoints.TakeCleanMarker();
        var (recoveryPoints, logStarts) = _checkpoints.Load(_logger);
        var options = new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, _options.RecoveryThreads), CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(Directory.GetDirectories(_options.DataDirectory), options, (directory, _) =>
        {
            Load(directory, recoveryPoints, logStarts, clean);
            return ValueTask.CompletedTask;
        });
        var elapsed = (long)_time.GetElapsedTime(started).TotalMilliseconds;
        LogMessages.Opened(_logger, _logs.Count, _options.DataDirectory, elapsed, clean ? "the last stop was clean" : _logs.IsEmpty ? "none was there before" : "the last stop was not clean");
    }

    private void Load(
        string directory, Dictionary<TopicPartition, long> recoveryPoints, Dictionary<TopicPartition, long> logStarts, bool clean)
    {
        var name = Path.GetFileName(directory);
        try
        {
            if (name.EndsWith("-delete", StringComparison.Ordinal) && name.Contains('.', StringComparison.Ordinal))
            {
                _options.Files.DeleteDirectory(directory);
                return;
            }

            if (!TopicPartition.TryParse(name, out var partition))
                return;
            var settings = Settings(
                partition,
                PartitionMetadataFile.Read(directory),
                directory,
                _options.ConfigOf(partition.Topic),
                recoveryPoints.GetValueOrDefault(partition),
                logStarts.GetValueOrDefault(partition),
                clean);
            _logs[partition] = PartitionLog.Open(settings);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            // One bad directory must not keep the other partitions from being served.
            LogMessages.OpenFailed(_logger, e, directory);
        }
    }

    private PartitionLogSettings Settings(
        TopicPartition partition, Guid topicId, string directory, LogConfig config, long recoveryPoint, long logStart, bool clean)
        => new(
            partition,
            topicId,
            directory,
            config,
            _options.Files,
            _time,
            _logger,
            _ => _checkpoints.SaveLogStarts(_logs.Values),
            recoveryPoint,
            logStart,
            clean);
}
