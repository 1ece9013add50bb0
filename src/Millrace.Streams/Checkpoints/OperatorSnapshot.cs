using Millrace.Streams.Connectors;
using Millrace.Streams.Runtime;

namespace Millrace.Streams.Checkpoints;

/// <summary>What one operator of one subtask gives to a checkpoint.</summary>
internal sealed record OperatorSnapshot(string Uid)
{
    /// <summary>How far event time had come.</summary>
    public long Watermark { get; init; } = long.MinValue;

    /// <summary>The changes of keyed state since the last snapshot, as a sorted run.</summary>
    public byte[]? Keyed { get; init; }

    /// <summary>How many entries the keyed state has now.</summary>
    public long LiveEntries { get; init; }

    public string? KeySerializer { get; init; }

    /// <summary>The splits of a source, with the watermark of each.</summary>
    public IReadOnlyList<SplitSnapshot>? Splits { get; init; }
}

/// <summary>A split as a checkpoint stores it.</summary>
internal sealed record SplitSnapshot(string Id, string Position, long Watermark)
{
    public SourceSplit ToSplit() => new(Id, Position);
}

/// <summary>What an operator of a subtask gets back from a checkpoint.</summary>
internal sealed record OperatorRestore
{
    public static OperatorRestore Nothing { get; } = new();

    public long Watermark { get; init; } = long.MinValue;

    public string? KeySerializer { get; init; }

    /// <summary>One run per former subtask: merged, without deletions. Their key groups do not overlap.</summary>
    public IReadOnlyList<(byte[] Run, KeyGroupRange Range)> Runs { get; init; } = [];

    public IReadOnlyList<SplitSnapshot> Splits { get; init; } = [];

    public bool AllowNonRestoredState { get; init; }
}
