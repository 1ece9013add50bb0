using Microsoft.Extensions.Logging;

namespace Millrace.Streams.Kafka;

/// <summary>What the Kafka connectors log. Event ids 5500–5599.</summary>
internal static partial class KafkaStreamsLog
{
    [LoggerMessage(5500, LogLevel.Warning, "Record {Topic}-{Partition}@{Offset} cannot be deserialised; {Outcome}. Passed over so far: {Count}")]
    public static partial void PoisonRecord(ILogger logger, Exception exception, string topic, int partition, long offset, string outcome, long count);

    [LoggerMessage(5501, LogLevel.Warning, "Kafka source {Source}: {Reason} ({Topic}-{Partition}); the client tries again")]
    public static partial void ReaderWarning(ILogger logger, string source, string reason, string? topic, int? partition);

    [LoggerMessage(5502, LogLevel.Warning, "Kafka source {Source}: offsets of a checkpoint were not committed to the group: {Reason}. The checkpoint counts all the same")]
    public static partial void OffsetsNotCommitted(ILogger logger, string source, string reason);

    [LoggerMessage(5503, LogLevel.Warning, "Kafka source {Source} begins with empty state, because AllowStartWithoutCheckpoint is set: {Reason}")]
    public static partial void StartsWithoutCheckpoint(ILogger logger, string source, string reason);

    [LoggerMessage(5504, LogLevel.Warning, "Kafka source {Source} begins at the offsets that group {Group} has committed, with empty state: what lies before them is in no state. If a run of this job has committed them, it kept its checkpoints in memory or took none")]
    public static partial void StartsInTheMiddle(ILogger logger, string source, string group);

    [LoggerMessage(5510, LogLevel.Information, "Transactional id {TransactionalId} is ours; last committed checkpoint: {CheckpointId}")]
    public static partial void TransactionsReady(ILogger logger, string transactionalId, long? checkpointId);

    [LoggerMessage(5511, LogLevel.Debug, "Transaction of checkpoint {CheckpointId} of {TransactionalId}: the broker asks to try again: {Reason}")]
    public static partial void TransactionRetried(ILogger logger, long checkpointId, string transactionalId, string reason);

    [LoggerMessage(5512, LogLevel.Warning, "The open transaction of {TransactionalId} could not be aborted; the broker does it at the next start or after its timeout: {Reason}")]
    public static partial void AbortFailed(ILogger logger, string transactionalId, string reason);
}
