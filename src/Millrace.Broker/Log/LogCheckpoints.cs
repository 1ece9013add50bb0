using Microsoft.Extensions.Logging;
using Millrace.Broker.Storage;

namespace Millrace.Broker.Log;

/// <summary>The small files of a data directory that say where each log stands, and whether the last stop was clean.</summary>
internal sealed class LogCheckpoints(LogFileSystem files, string directory)
{
    private const string RecoveryPointFile = "recovery-point-offset-checkpoint";
    private const string LogStartFile = "log-start-offset-checkpoint";
    private const string CleanerFile = "cleaner-offset-checkpoint";
    private const string CleanMarkerFile = ".kafka_cleanshutdown";
    private readonly Lock _lock = new();
    private readonly Dictionary<TopicPartition, long> _cleanerOffsets = [];

    public (Dictionary<TopicPartition, long> RecoveryPoints, Dictionary<TopicPartition, long> LogStarts) Load(ILogger logger)
    {
        foreach (var (partition, offset) in Read(CleanerFile, logger))
            _cleanerOffsets[partition] = offset;
        return (Read(RecoveryPointFile, logger), Read(LogStartFile, logger));
    }

    /// <summary>First offset of a log that compaction has not seen.</summary>
    public long CleanerOffset(TopicPartition partition)
    {
        lock (_lock)
            return _cleanerOffsets.GetValueOrDefault(partition);
    }

    public void SetCleanerOffset(TopicPartition partition, long offset)
    {
        lock (_lock)
        {
            _cleanerOffsets[partition] = offset;
            OffsetCheckpointFile.Write(files, Path.Combine(directory, CleanerFile), _cleanerOffsets);
        }
    }

    public void Save(IEnumerable<PartitionLog> logs)
    {
        lock (_lock)
        {
            var points = logs.Select(static log => KeyValuePair.Create(log.TopicPartition, log.RecoveryPoint)).ToList();
            OffsetCheckpointFile.Write(files, Path.Combine(directory, RecoveryPointFile), points);
        }

        SaveLogStarts(logs);
    }

    /// <summary>Only logs whose start lies inside a segment need an entry.</summary>
    public void SaveLogStarts(IEnumerable<PartitionLog> logs)
    {
        lock (_lock)
        {
            var starts = logs
                .Where(static log => log.LogStartOffset > log.View.Segments[0].BaseOffset)
                .Select(static log => KeyValuePair.Create(log.TopicPartition, log.LogStartOffset))
                .ToList();
            OffsetCheckpointFile.Write(files, Path.Combine(directory, LogStartFile), starts);
        }
    }

    public void MarkClean() => files.Replace(Path.Combine(directory, CleanMarkerFile), """{"version":0,"brokerEpoch":-1}""");

    /// <summary>Whether the last stop was clean. The marker is gone afterwards: a crash from now on must be seen.</summary>
    public bool TakeCleanMarker()
    {
        var path = Path.Combine(directory, CleanMarkerFile);
        var clean = File.Exists(path);
        files.DeleteFile(path);
        return clean;
    }

    private Dictionary<TopicPartition, long> Read(string name, ILogger logger)
    {
        try
        {
            return OffsetCheckpointFile.Read(Path.Combine(directory, name));
        }
        catch (InvalidDataException e)
        {
            // Without it every log is checked from its first segment, which is slow and safe.
            LogMessages.CheckpointIgnored(logger, e.Message);
            return [];
        }
    }
}
