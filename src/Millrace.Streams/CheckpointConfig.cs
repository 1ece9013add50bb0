namespace Millrace.Streams;

/// <summary>What a restore guarantees for the state.</summary>
public enum CheckpointingMode
{
    /// <summary>Each element has changed the state exactly once. Barriers are aligned.</summary>
    ExactlyOnce,

    /// <summary>Each element has changed the state at least once. No alignment, so a slow input does not hold back a checkpoint.</summary>
    AtLeastOnce,
}

/// <summary>When and where checkpoints are taken.</summary>
public sealed class CheckpointConfig
{
    internal bool IsEnabled => Interval is not null;

    /// <summary>The time between the starts of checkpoints; <see langword="null"/> while checkpointing is off.</summary>
    /// <value>Off by default; set by <see cref="StreamExecutionEnvironment.EnableCheckpointing"/>.</value>
    public TimeSpan? Interval { get; internal set; }

    /// <summary>What a restore guarantees.</summary>
    /// <value><see cref="CheckpointingMode.ExactlyOnce"/> by default.</value>
    public CheckpointingMode Mode { get; internal set; } = CheckpointingMode.ExactlyOnce;

    /// <summary>The least time from the end of a checkpoint to the start of the next, so that the job gets work done in between.</summary>
    /// <value>0 by default.</value>
    public TimeSpan MinPauseBetweenCheckpoints { get; set; } = TimeSpan.Zero;

    /// <summary>A checkpoint that takes longer is aborted.</summary>
    /// <value>10 minutes by default.</value>
    public TimeSpan CheckpointTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>A folder of this job's own, as a path or a <c>file:</c> URI. Without one, checkpoints are kept in memory: they survive a failure of a task, not the process.</summary>
    /// <value>None by default.</value>
    public string? CheckpointStorage { get; set; }

    /// <summary>How many checkpoints in a row may fail before the job fails (and restarts).</summary>
    /// <value>3 by default.</value>
    public int TolerableCheckpointFailures { get; set; } = 3;

    /// <summary>Whether state in the checkpoint that the job no longer has may be dropped at a restore. Otherwise that is an error that names operator and state.</summary>
    /// <value><see langword="false"/> by default.</value>
    public bool AllowNonRestoredState { get; set; }

    /// <summary>
    /// Whether a job with keyed state may start with empty state although an earlier run of it has committed checkpoints that this run does not find or cannot
    /// place: the folder is another one or lost, or the consumer group's offsets were deleted or have expired. Otherwise that is an error that says what is missing.
    /// Set it for the one start that is meant to begin anew.
    /// </summary>
    /// <value><see langword="false"/> by default: state is never lost silently.</value>
    public bool AllowStartWithoutCheckpoint { get; set; }
}
