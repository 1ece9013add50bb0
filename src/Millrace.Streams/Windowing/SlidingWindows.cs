namespace Millrace.Streams;

/// <summary>Windows of one size that start every slide, so an element is in several.</summary>
public abstract class SlidingWindows : WindowAssigner
{
    private readonly long _size;
    private readonly long _slide;
    private readonly long _offset;

    private protected SlidingWindows(TimeSpan size, TimeSpan slide, TimeSpan offset)
    {
        _size = Millis(size, nameof(size));
        _slide = Millis(slide, nameof(slide));
        _offset = (long)offset.TotalMilliseconds;
    }

    /// <inheritdoc/>
    public override void AssignWindows(long timestamp, ICollection<TimeWindow> windows)
    {
        for (var start = WindowStart(timestamp, _offset, _slide); start > timestamp - _size; start -= _slide)
        {
            windows.Add(new TimeWindow(start, start + _size));
        }
    }
}

/// <summary>Sliding windows by the elements' timestamps.</summary>
public sealed class SlidingEventTimeWindows : SlidingWindows
{
    private SlidingEventTimeWindows(TimeSpan size, TimeSpan slide, TimeSpan offset)
        : base(size, slide, offset)
    {
    }

    /// <inheritdoc/>
    public override bool IsEventTime => true;

    /// <summary>Windows of <paramref name="size"/> that start every <paramref name="slide"/>.</summary>
    public static SlidingEventTimeWindows Of(TimeSpan size, TimeSpan slide, TimeSpan offset = default) => new(size, slide, offset);
}

/// <summary>Sliding windows by the machine's clock.</summary>
public sealed class SlidingProcessingTimeWindows : SlidingWindows
{
    private SlidingProcessingTimeWindows(TimeSpan size, TimeSpan slide, TimeSpan offset)
        : base(size, slide, offset)
    {
    }

    /// <inheritdoc/>
    public override bool IsEventTime => false;

    /// <summary>Windows of <paramref name="size"/> that start every <paramref name="slide"/>.</summary>
    public static SlidingProcessingTimeWindows Of(TimeSpan size, TimeSpan slide, TimeSpan offset = default) => new(size, slide, offset);
}
