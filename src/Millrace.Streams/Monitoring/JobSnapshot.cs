namespace Millrace.Streams;

/// <summary>The state of a job, with Flink's names.</summary>
public enum JobStatus
{
    /// <summary>Not started yet.</summary>
    Created,

    /// <summary>Its tasks run.</summary>
    Running,

    /// <summary>It failed and waits for its restart.</summary>
    Restarting,

    /// <summary>It is about to end because it was asked to.</summary>
    Cancelling,

    /// <summary>It failed for good.</summary>
    Failed,

    /// <summary>It was ended.</summary>
    Canceled,

    /// <summary>All its bounded sources are read.</summary>
    Finished,
}

/// <summary>A job at one moment.</summary>
/// <param name="JobId">The id of the run.</param>
/// <param name="Name">The name of the job.</param>
/// <param name="Status">Its state.</param>
/// <param name="StartTime">When it was started.</param>
/// <param name="EndTime">When it ended, if it has.</param>
/// <param name="Restarts">How often it was restarted.</param>
/// <param name="MaxParallelism">The number of its key groups.</param>
/// <param name="Vertices">Its chains of operators in the order of the stream.</param>
/// <param name="Checkpoints">Its checkpoints.</param>
/// <param name="Exceptions">Its last failures, newest first.</param>
public sealed record JobSnapshot(
    string JobId, string Name, JobStatus Status, DateTimeOffset StartTime, DateTimeOffset? EndTime, int Restarts, int MaxParallelism,
    IReadOnlyList<VertexSnapshot> Vertices, CheckpointStatistics Checkpoints, IReadOnlyList<JobFailure> Exceptions);

/// <summary>A chain of operators at one moment.</summary>
/// <param name="Id">Its id, 32 hexadecimal digits.</param>
/// <param name="Name">The names of its operators.</param>
/// <param name="OperatorUids">The uids of its operators.</param>
/// <param name="Inputs">The chains that it reads.</param>
/// <param name="Subtasks">Its parallel instances.</param>
public sealed record VertexSnapshot(
    string Id, string Name, IReadOnlyList<string> OperatorUids, IReadOnlyList<VertexInput> Inputs, IReadOnlyList<SubtaskSnapshot> Subtasks)
{
    /// <summary>How many instances it has.</summary>
    public int Parallelism => Subtasks.Count;

    /// <summary>Elements taken in by all instances (by a source: read) since the last (re)start.</summary>
    public long RecordsIn => Subtasks.Sum(static one => one.RecordsIn);

    /// <summary>Elements handed to other chains since the last (re)start.</summary>
    public long RecordsOut => Subtasks.Sum(static one => one.RecordsOut);

    /// <summary>The lowest watermark of the instances; <see cref="long.MinValue"/> before the first.</summary>
    public long Watermark => Subtasks.Count == 0 ? long.MinValue : Subtasks.Min(static one => one.Watermark);
}

/// <summary>How one chain reads another.</summary>
/// <param name="VertexId">The chain that it reads.</param>
/// <param name="ShipStrategy">HASH, REBALANCE, FORWARD or BROADCAST.</param>
public sealed record VertexInput(string VertexId, string ShipStrategy);

/// <summary>A parallel instance at one moment.</summary>
/// <param name="Index">Its number, from 0.</param>
/// <param name="RecordsIn">Elements taken in.</param>
/// <param name="RecordsOut">Elements handed on.</param>
/// <param name="LateRecordsDropped">Elements dropped because they came too late for their window.</param>
/// <param name="Watermark">Its watermark.</param>
/// <param name="BusyRatio">The part of the last second or so in which it worked, 0–1.</param>
/// <param name="BackPressureRatio">The part of the last second or so in which it waited for room downstream, 0–1.</param>
/// <param name="IdleRatio">The part of the last second or so in which it had nothing to do, 0–1.</param>
public sealed record SubtaskSnapshot(
    int Index, long RecordsIn, long RecordsOut, long LateRecordsDropped, long Watermark, double BusyRatio, double BackPressureRatio, double IdleRatio);

/// <summary>A failure of a job.</summary>
/// <param name="Time">When it happened.</param>
/// <param name="Task">The task that failed, if it was one.</param>
/// <param name="Exception">The exception's type and message.</param>
/// <param name="StackTrace">The whole exception.</param>
public sealed record JobFailure(DateTimeOffset Time, string? Task, string Exception, string StackTrace);

/// <summary>The checkpoints of a job.</summary>
/// <param name="IsEnabled">Whether checkpoints are taken.</param>
/// <param name="Completed">How many were committed since the job was started.</param>
/// <param name="Failed">How many failed or timed out.</param>
/// <param name="InProgress">How many are under way.</param>
/// <param name="RestoredId">The checkpoint that the job went back to last.</param>
/// <param name="History">The last ones, newest first.</param>
public sealed record CheckpointStatistics(
    bool IsEnabled, long Completed, long Failed, int InProgress, long? RestoredId, IReadOnlyList<CheckpointSummary> History)
{
    /// <summary>When and where they are taken.</summary>
    public CheckpointConfig Config { get; init; } = new();

    /// <summary>The last one that was committed.</summary>
    public CheckpointSummary? Latest => History.FirstOrDefault(static one => one.Status == CheckpointStatus.Completed);
}

/// <summary>What became of a checkpoint.</summary>
public enum CheckpointStatus
{
    /// <summary>Under way.</summary>
    InProgress,

    /// <summary>Committed.</summary>
    Completed,

    /// <summary>Failed, timed out or overtaken.</summary>
    Failed,
}

/// <summary>One checkpoint.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Status">What became of it.</param>
/// <param name="TriggerTime">When it was triggered.</param>
/// <param name="AlignmentDuration">From the trigger to the last subtask's snapshot.</param>
/// <param name="StoreDuration">How long it took to write the state.</param>
/// <param name="CommitDuration">How long the commit point took (the Kafka transaction).</param>
/// <param name="Bytes">How many bytes were written: what changed.</param>
/// <param name="StateBytes">How many bytes the whole checkpoint refers to.</param>
/// <param name="Failure">Why it failed.</param>
public sealed record CheckpointSummary(
    long Id, CheckpointStatus Status, DateTimeOffset TriggerTime, TimeSpan AlignmentDuration, TimeSpan StoreDuration, TimeSpan CommitDuration, long Bytes,
    long StateBytes, string? Failure)
{
    /// <summary>From the trigger to the commit.</summary>
    public TimeSpan Duration => AlignmentDuration + StoreDuration + CommitDuration;
}
