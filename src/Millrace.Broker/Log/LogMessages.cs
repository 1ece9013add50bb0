using Microsoft.Extensions.Logging;

namespace Millrace.Broker.Log;

/// <summary>Log lines of the log layer; event ids 2100 to 2199.</summary>
internal static partial class LogMessages
{
    [LoggerMessage(2100, LogLevel.Error, "{Partition}: append at offset {Offset} failed")]
    public static partial void AppendFailed(ILogger logger, Exception exception, TopicPartition partition, long offset);

    [LoggerMessage(2101, LogLevel.Error, "{Partition}: the partial write cannot be taken off; appends are refused until it can")]
    public static partial void RepairFailed(ILogger logger, Exception exception, TopicPartition partition);

    [LoggerMessage(2121, LogLevel.Error, "{Partition}: writes at offset {Offset} fail and are refused: {Reason}. Nothing acknowledged is lost, and producers try again: make room in {Directory}, or mend its disk; writing then goes on by itself")]
    public static partial void WritesFail(ILogger logger, TopicPartition partition, long offset, string reason, string directory);

    [LoggerMessage(2122, LogLevel.Information, "{Partition}: writing goes on at offset {Offset}")]
    public static partial void WritesGoOn(ILogger logger, TopicPartition partition, long offset);

    [LoggerMessage(2102, LogLevel.Debug, "{Partition}: the failed write was taken off, the log ends at offset {Offset}")]
    public static partial void Repaired(ILogger logger, TopicPartition partition, long offset);

    [LoggerMessage(2103, LogLevel.Error, "{Partition}: damaged data at offset {Offset} are not served")]
    public static partial void CorruptRead(ILogger logger, Exception exception, TopicPartition partition, long offset);

    [LoggerMessage(2104, LogLevel.Error, "{Partition}: reading at offset {Offset} failed")]
    public static partial void ReadFailed(ILogger logger, Exception exception, TopicPartition partition, long offset);

    [LoggerMessage(2105, LogLevel.Debug, "{Partition}: new segment at offset {Offset}, the one before has {Size} bytes")]
    public static partial void Rolled(ILogger logger, TopicPartition partition, long offset, int size);

    [LoggerMessage(2106, LogLevel.Information, "{Partition}: {Count} segments deleted, the log starts at offset {Offset}")]
    public static partial void SegmentsDeleted(ILogger logger, TopicPartition partition, int count, long offset);

    [LoggerMessage(2107, LogLevel.Warning, "{Partition}: {Bytes} bytes after offset {Offset} in {File} are no whole record batch and were cut off ({Reason})")]
    public static partial void TornTail(ILogger logger, TopicPartition partition, long bytes, long offset, string file, string reason);

    [LoggerMessage(2108, LogLevel.Error, "{Partition}: bytes {Start} to {End} of {File} are damaged ({Reason}); offsets {First} to {Last} cannot be read, later ones can")]
    public static partial void Damaged(ILogger logger, TopicPartition partition, int start, int end, string file, string reason, long first, long last);

    [LoggerMessage(2109, LogLevel.Warning, "{Partition}: an index is rebuilt: {Reason}")]
    public static partial void IndexRebuilt(ILogger logger, TopicPartition partition, string reason);

    [LoggerMessage(2110, LogLevel.Warning, "{Partition}: a producer snapshot is ignored: {Reason}")]
    public static partial void SnapshotIgnored(ILogger logger, TopicPartition partition, string reason);

    [LoggerMessage(2111, LogLevel.Debug, "{Partition}: recovered from offset {From}, the log ends at {End}")]
    public static partial void Recovered(ILogger logger, TopicPartition partition, long from, long end);

    [LoggerMessage(2112, LogLevel.Information, "{Count} logs in {Directory} opened in {Milliseconds} ms, {LastStop}")]
    public static partial void Opened(ILogger logger, int count, string directory, long milliseconds, string lastStop);

    [LoggerMessage(2113, LogLevel.Error, "Background work on {Partition} failed")]
    public static partial void TickFailed(ILogger logger, Exception exception, string partition);

    [LoggerMessage(2114, LogLevel.Information, "{Partition}: compacted up to offset {Offset}: {Before} bytes became {After}")]
    public static partial void Compacted(ILogger logger, TopicPartition partition, long offset, long before, long after);

    [LoggerMessage(2115, LogLevel.Debug, "{Partition}: created in {Directory}")]
    public static partial void Created(ILogger logger, TopicPartition partition, string directory);

    [LoggerMessage(2116, LogLevel.Information, "{Partition}: deleted")]
    public static partial void Deleted(ILogger logger, TopicPartition partition);

    [LoggerMessage(2117, LogLevel.Error, "{Directory} cannot be opened and is left alone")]
    public static partial void OpenFailed(ILogger logger, Exception exception, string directory);

    [LoggerMessage(2118, LogLevel.Warning, "{Partition}: leader epochs are taken from the record batches: {Reason}")]
    public static partial void EpochsIgnored(ILogger logger, TopicPartition partition, string reason);

    [LoggerMessage(2119, LogLevel.Warning, "A checkpoint is ignored, logs are checked from their beginning: {Reason}")]
    public static partial void CheckpointIgnored(ILogger logger, string reason);

    [LoggerMessage(2120, LogLevel.Warning, "{Partition}: the leader epochs could not be written; they will be with the next append")]
    public static partial void EpochsNotSaved(ILogger logger, Exception exception, TopicPartition partition);
}
