namespace Millrace.Streams;

/// <summary>Tells which windows an element belongs to.</summary>
public abstract class WindowAssigner
{
    private protected WindowAssigner()
    {
    }

    /// <summary>Whether windows follow the elements' timestamps and the watermark, or the machine's clock.</summary>
    public abstract bool IsEventTime { get; }

    /// <summary>Whether windows of a key that touch become one (sessions).</summary>
    public virtual bool IsMerging => false;

    /// <summary>Adds the windows that an element belongs to.</summary>
    /// <param name="timestamp">The element's time in milliseconds since 1970-01-01 UTC.</param>
    /// <param name="windows">Takes the windows.</param>
    public abstract void AssignWindows(long timestamp, ICollection<TimeWindow> windows);

    /// <summary>The one window of an element, for assigners that never give more than one; else <see langword="false"/>.</summary>
    internal virtual bool TryAssignSingle(long timestamp, out TimeWindow window)
    {
        window = default;
        return false;
    }

    internal static long Millis(TimeSpan span, string name)
    {
        var millis = (long)span.TotalMilliseconds;
        return millis > 0 ? millis : throw new ArgumentOutOfRangeException(name, span, $"The window's {name} must be at least one millisecond.");
    }

    /// <summary>The start of the window of the given size that holds the timestamp; right for times before 1970 too.</summary>
    internal static long WindowStart(long timestamp, long offset, long size)
    {
        var remainder = (timestamp - offset) % size;
        return remainder < 0 ? timestamp - (remainder + size) : timestamp - remainder;
    }
}

/// <summary>Windows of one size, one after the other.</summary>
public abstract class TumblingWindows : WindowAssigner
{
    private readonly long _size;
    private readonly long _offset;

    private protected TumblingWindows(TimeSpan size, TimeSpan offset)
    {
        _size = Millis(size, nameof(size));
        _offset = (long)offset.TotalMilliseconds;
        if (Math.Abs(_offset) >= _size)
        {
            throw new ArgumentOutOfRangeException(nameof(offset), offset, $"The offset must be smaller than the window's size of {size}.");
        }
    }

    /// <inheritdoc/>
    public override void AssignWindows(long timestamp, ICollection<TimeWindow> windows)
    {
        TryAssignSingle(timestamp, out var window);
        windows.Add(window);
    }

    internal override bool TryAssignSingle(long timestamp, out TimeWindow window)
    {
        var start = WindowStart(timestamp, _offset, _size);
        window = new TimeWindow(start, start + _size);
        return true;
    }
}

/// <summary>Windows of one size, one after the other, by the elements' timestamps.</summary>
public sealed class TumblingEventTimeWindows : TumblingWindows
{
    private TumblingEventTimeWindows(TimeSpan size, TimeSpan offset)
        : base(size, offset)
    {
    }

    /// <inheritdoc/>
    public override bool IsEventTime => true;

    /// <summary>Windows of the given size; <paramref name="offset"/> shifts their start (a day that begins at 03:00 has the offset 3 h).</summary>
    public static TumblingEventTimeWindows Of(TimeSpan size, TimeSpan offset = default) => new(size, offset);
}

/// <summary>Windows of one size, one after the other, by the machine's clock.</summary>
public sealed class TumblingProcessingTimeWindows : TumblingWindows
{
    private TumblingProcessingTimeWindows(TimeSpan size, TimeSpan offset)
        : base(size, offset)
    {
    }

    /// <inheritdoc/>
    public override bool IsEventTime => false;

    /// <summary>Windows of the given size; <paramref name="offset"/> shifts their start.</summary>
    public static TumblingProcessingTimeWindows Of(TimeSpan size, TimeSpan offset = default) => new(size, offset);
}
