using Millrace.Broker.Log.Segments;

namespace Millrace.Broker.Log;

/// <summary>
/// A log at one moment. The owner publishes a new view after each change, readers take one and see segments, offsets and positions that belong
/// together: that is why the fetch path needs no lock.
/// </summary>
internal sealed class LogView(LogSegment[] segments, long logStartOffset, long logEndOffset, long lastStableOffset)
{
    private StableEnd? _stableEnd;

    /// <summary>Ascending; the last one is active.</summary>
    public LogSegment[] Segments { get; } = segments;

    public LogSegment Active => Segments[^1];

    public int ActiveSize { get; } = segments[^1].Size;

    public long LogStartOffset { get; } = logStartOffset;

    public long LogEndOffset { get; } = logEndOffset;

    /// <summary>A single node has everything replicated that it has written.</summary>
    public long HighWatermark => LogEndOffset;

    public long LastStableOffset { get; } = lastStableOffset;

    /// <summary>The segment that holds <paramref name="offset"/>: the last whose base is not after it; −1 if there is none.</summary>
    public int SegmentOf(long offset)
    {
        var (low, high) = (0, Segments.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (Segments[middle].BaseOffset <= offset)
                low = middle + 1;
            else
                high = middle;
        }

        return low - 1;
    }

    /// <summary>Position up to which a segment may be read.</summary>
    public int EndOf(int segment, IsolationLevel isolation)
    {
        var end = segment == Segments.Length - 1 ? ActiveSize : Segments[segment].Size;
        if (isolation == IsolationLevel.ReadUncommitted || LastStableOffset == HighWatermark)
            return end;
        // Found at most once for a view, by whichever reader needs it first.
        var stable = _stableEnd ??= FindStableEnd();
        return segment < stable.Segment ? end : segment == stable.Segment ? stable.Position : 0;
    }

    private StableEnd FindStableEnd()
    {
        for (var i = Math.Max(SegmentOf(LastStableOffset), 0); i < Segments.Length; i++)
        {
            var end = i == Segments.Length - 1 ? ActiveSize : Segments[i].Size;
            if (Segments[i].Find(LastStableOffset, end) is { } found)
                return new StableEnd(i, found.Position);
        }

        return new StableEnd(Segments.Length - 1, ActiveSize);
    }

    private sealed record StableEnd(int Segment, int Position);
}
