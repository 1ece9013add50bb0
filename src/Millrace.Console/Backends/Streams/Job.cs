namespace Millrace.Console.Backends.Streams;

/// <summary>A streaming job as Flink's monitoring REST describes it.</summary>
internal sealed record Job(
    string Id,
    string Name,
    string State,
    DateTimeOffset? Started,
    TimeSpan Duration,
    IReadOnlyList<JobVertex> Vertices,
    JobCheckpoints Checkpoints,
    string? Failure)
{
    public bool IsRunning => State == "RUNNING";

    public bool IsOver => State is "FINISHED" or "CANCELED" or "FAILED" or "SUSPENDED";

    /// <summary>How long it has run: from its start on while it runs, since not every server tells the duration.</summary>
    public TimeSpan RunningFor(DateTimeOffset now) => IsOver || Started is null ? Duration : now - Started.Value;

    /// <summary>The job's own progress in event time: the lowest watermark among the vertices that have one.</summary>
    public DateTimeOffset? Watermark => Vertices.Min(static vertex => vertex.Watermark);
}

/// <summary>One vertex of the job's graph.</summary>
internal sealed record JobVertex(
    string Id,
    string Name,
    string Status,
    int Parallelism,
    long ReadRecords,
    long WriteRecords,
    long ReadBytes,
    long WriteBytes,
    DateTimeOffset? Watermark,
    BackPressure BackPressure,
    IReadOnlyList<VertexInput> Inputs);

/// <summary>An edge into a vertex.</summary>
internal sealed record VertexInput(string FromId, string ShipStrategy);

/// <summary>How much a vertex is held up by what follows it.</summary>
/// <param name="Level">Flink's word: ok, low or high; empty when not known.</param>
/// <param name="Ratio">Share of time spent waiting for the next vertex, 0 to 1; the worst subtask.</param>
/// <param name="Busy">Share of time spent working, 0 to 1; the busiest subtask.</param>
internal sealed record BackPressure(string Level, double Ratio, double Busy)
{
    public static BackPressure Unknown { get; } = new("", 0, 0);
}

/// <summary>The checkpoints of a job: counts and the latest ones.</summary>
internal sealed record JobCheckpoints(long Completed, long Failed, long InProgress, long Restored, TimeSpan? Interval, IReadOnlyList<Checkpoint> History)
{
    public static JobCheckpoints None { get; } = new(0, 0, 0, 0, null, []);

    /// <summary>Flink's word: exactly_once or at_least_once; empty when not known.</summary>
    public string Mode { get; init; } = "";

    /// <summary>After how long a checkpoint is given up.</summary>
    public TimeSpan? Timeout { get; init; }

    public Checkpoint? LastCompleted => History.FirstOrDefault(static checkpoint => checkpoint.Status == "COMPLETED");

    public Checkpoint? LastFailed => History.FirstOrDefault(static checkpoint => checkpoint.Status == "FAILED");
}

/// <summary>One checkpoint.</summary>
internal sealed record Checkpoint(long Id, string Status, DateTimeOffset? Triggered, TimeSpan Duration, long Size, bool Savepoint, string? Failure);
