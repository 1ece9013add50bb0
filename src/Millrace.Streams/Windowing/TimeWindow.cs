namespace Millrace.Streams;

/// <summary>A span of time: from <see cref="Start"/> (inside) to <see cref="End"/> (outside), in milliseconds since 1970-01-01 UTC.</summary>
/// <param name="Start">The first millisecond of the window.</param>
/// <param name="End">The first millisecond after the window.</param>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
public readonly record struct TimeWindow(long Start, long End)
{
    /// <summary>The last millisecond of the window: the timestamp of its results.</summary>
    public long MaxTimestamp => End - 1;

    /// <summary>The start as a point in time.</summary>
    public DateTimeOffset StartTime => DateTimeOffset.FromUnixTimeMilliseconds(Start);

    /// <summary>The end as a point in time.</summary>
    public DateTimeOffset EndTime => DateTimeOffset.FromUnixTimeMilliseconds(End);

    internal bool Touches(TimeWindow other) => Start <= other.End && End >= other.Start;

    internal TimeWindow Cover(TimeWindow other) => new(Math.Min(Start, other.Start), Math.Max(End, other.End));
}
