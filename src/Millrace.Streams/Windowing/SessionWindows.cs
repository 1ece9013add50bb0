namespace Millrace.Streams;

/// <summary>Windows that last as long as a key's elements follow each other within a gap.</summary>
public abstract class SessionWindows : WindowAssigner
{
    private readonly long _gap;

    private protected SessionWindows(TimeSpan gap) => _gap = Millis(gap, nameof(gap));

    /// <inheritdoc/>
    public override bool IsMerging => true;

    /// <inheritdoc/>
    public override void AssignWindows(long timestamp, ICollection<TimeWindow> windows) => windows.Add(new TimeWindow(timestamp, timestamp + _gap));
}

/// <summary>Sessions by the elements' timestamps.</summary>
public sealed class EventTimeSessionWindows : SessionWindows
{
    private EventTimeSessionWindows(TimeSpan gap)
        : base(gap)
    {
    }

    /// <inheritdoc/>
    public override bool IsEventTime => true;

    /// <summary>Sessions that end when nothing came for <paramref name="gap"/>.</summary>
    public static EventTimeSessionWindows WithGap(TimeSpan gap) => new(gap);
}

/// <summary>Sessions by the machine's clock.</summary>
public sealed class ProcessingTimeSessionWindows : SessionWindows
{
    private ProcessingTimeSessionWindows(TimeSpan gap)
        : base(gap)
    {
    }

    /// <inheritdoc/>
    public override bool IsEventTime => false;

    /// <summary>Sessions that end when nothing came for <paramref name="gap"/>.</summary>
    public static ProcessingTimeSessionWindows WithGap(TimeSpan gap) => new(gap);
}
