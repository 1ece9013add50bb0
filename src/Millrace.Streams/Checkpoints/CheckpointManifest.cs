namespace Millrace.Streams.Checkpoints;

/// <summary>What a checkpoint consists of.</summary>
internal sealed record CheckpointManifest(
    int Format, string JobName, long CheckpointId, DateTimeOffset CreatedAt, int MaxParallelism, IReadOnlyList<OperatorManifest> Operators)
{
    public const int CurrentFormat = 1;

    /// <summary>The checkpoint that was known to be committed when this one was written; 0 for none. So the folder itself tells that there was state to lose.</summary>
    public long LastCommitted { get; init; }

    public IEnumerable<RunReference> Runs => Operators.SelectMany(one => one.Subtasks).SelectMany(one => one.Runs);

    public long StateBytes => Runs.Sum(static run => (long)run.Length);
}

/// <summary>An operator's part: one entry per subtask that it had.</summary>
internal sealed record OperatorManifest(string Uid, string Name, int Parallelism, string? KeySerializer, IReadOnlyList<SubtaskManifest> Subtasks)
{
    public bool HasState => Subtasks.Any(static one => one.Runs.Count > 0 || one.Splits.Count > 0);
}

internal sealed record SubtaskManifest(int Index, long Watermark, IReadOnlyList<RunReference> Runs, IReadOnlyList<SplitSnapshot> Splits);

/// <summary>Where a sorted run lies, its xxHash3, and which of its key groups count.</summary>
internal sealed record RunReference(string File, long Offset, int Length, ulong Hash, int FromGroup, int ToGroup)
{
    /// <summary>How many entries it has, deletions included; 0 in checkpoints of versions that did not count.</summary>
    public long Entries { get; init; }

    public Runtime.KeyGroupRange Range => new(FromGroup, ToGroup);
}
