using Microsoft.Extensions.Logging;

namespace Millrace.Streams.Runtime;

/// <summary>What the runtime logs. Event ids 5000–5099.</summary>
internal static partial class StreamsLog
{
    [LoggerMessage(5000, LogLevel.Information, "Job {Job} ({JobId}) started, attempt {Attempt}: {Subtasks} subtasks, restored checkpoint {CheckpointId}")]
    public static partial void JobStarted(ILogger logger, string job, string jobId, int attempt, int subtasks, long? checkpointId);

    [LoggerMessage(5001, LogLevel.Information, "Job {Job} ended: {Status}")]
    public static partial void JobEnded(ILogger logger, string job, JobStatus status);

    [LoggerMessage(5002, LogLevel.Warning, "Job {Job} failed in {Task}; restart {Restart} of {MaxRestarts} in {Delay}")]
    public static partial void JobRestarts(ILogger logger, Exception exception, string job, string? task, int restart, int maxRestarts, TimeSpan delay);

    [LoggerMessage(5003, LogLevel.Error, "Job {Job} failed for good in {Task}")]
    public static partial void JobFailed(ILogger logger, Exception exception, string job, string? task);

    [LoggerMessage(5010, LogLevel.Debug, "Job {Job}: checkpoint {CheckpointId} committed after {Duration}, {Bytes} bytes")]
    public static partial void CheckpointCompleted(ILogger logger, string job, long checkpointId, TimeSpan duration, long bytes);

    [LoggerMessage(5011, LogLevel.Warning, "Job {Job}: checkpoint {CheckpointId} failed: {Reason}")]
    public static partial void CheckpointFailed(ILogger logger, string job, long checkpointId, string reason);

    [LoggerMessage(5012, LogLevel.Warning, "Job {Job}: checkpoint {CheckpointId} is damaged and passed over")]
    public static partial void CheckpointDamaged(ILogger logger, Exception exception, string job, long checkpointId);

    [LoggerMessage(5013, LogLevel.Information, "Job {Job}: checkpoint {CheckpointId} was prepared but not committed; it is discarded")]
    public static partial void CheckpointDiscarded(ILogger logger, string job, long checkpointId);

    [LoggerMessage(5014, LogLevel.Warning, "Job {Job} begins with empty state, because AllowStartWithoutCheckpoint is set: {Reason}")]
    public static partial void StartsWithoutCheckpoint(ILogger logger, string job, string reason);

    [LoggerMessage(5015, LogLevel.Warning, "Job {Job} keeps state per key, but takes no checkpoints: after a restart its state begins anew while its sources go on. Call EnableCheckpointing to keep it")]
    public static partial void StateWithoutCheckpoints(ILogger logger, string job);

    [LoggerMessage(5020, LogLevel.Information, "Job {Job}: source {Source} found {Count} new splits")]
    public static partial void SplitsFound(ILogger logger, string job, string source, int count);

    [LoggerMessage(5021, LogLevel.Warning, "Job {Job}: source {Source} could not look for new splits; it tries again at the next interval")]
    public static partial void DiscoveryFailed(ILogger logger, Exception exception, string job, string source);

    [LoggerMessage(5022, LogLevel.Warning, "Job {Job}: the commit point did not close cleanly")]
    public static partial void CloseFailed(ILogger logger, Exception exception, string job);
}
