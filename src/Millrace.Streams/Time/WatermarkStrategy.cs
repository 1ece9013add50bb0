namespace Millrace.Streams;

/// <summary>Makes a <see cref="WatermarkStrategy{T}"/>.</summary>
public static class WatermarkStrategy
{
    /// <summary>Elements may be out of order by at most <paramref name="maxOutOfOrderness"/>.</summary>
    public static WatermarkStrategy<T> ForBoundedOutOfOrderness<T>(TimeSpan maxOutOfOrderness)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxOutOfOrderness, TimeSpan.Zero);
        var delay = (long)maxOutOfOrderness.TotalMilliseconds;
        return new WatermarkStrategy<T>(() => new BoundedOutOfOrdernessWatermarks<T>(delay));
    }

    /// <summary>Timestamps never decrease within a partition.</summary>
    public static WatermarkStrategy<T> ForMonotonousTimestamps<T>() => ForBoundedOutOfOrderness<T>(TimeSpan.Zero);

    /// <summary>No watermarks: event-time windows and timers fire only at the end of a bounded input.</summary>
    public static WatermarkStrategy<T> NoWatermarks<T>() => new(static () => new NoWatermarks<T>());

    /// <summary>Watermarks from a generator of yours; one is made per source partition.</summary>
    public static WatermarkStrategy<T> ForGenerator<T>(Func<IWatermarkGenerator<T>> factory) => new(factory);
}

/// <summary>How elements get timestamps and how the watermark follows them. Kept per source partition; an operator sees the minimum.</summary>
/// <typeparam name="T">The type of the elements.</typeparam>
public sealed class WatermarkStrategy<T>
{
    private readonly Func<IWatermarkGenerator<T>> _factory;

    internal WatermarkStrategy(Func<IWatermarkGenerator<T>> factory) => _factory = factory;

    internal Func<T, long, long>? TimestampAssigner { get; private init; }

    internal TimeSpan? Idleness { get; private init; }

    /// <summary>Takes the timestamp, in milliseconds since 1970-01-01 UTC, from the element. The second argument is the source's own timestamp (Kafka's record
    /// timestamp, for example), which is used as it is without an assigner.</summary>
    public WatermarkStrategy<T> WithTimestampAssigner(Func<T, long, long> assigner) => new(_factory) { TimestampAssigner = assigner, Idleness = Idleness };

    /// <summary>Takes the timestamp from the element as a point in time.</summary>
    public WatermarkStrategy<T> WithTimestampAssigner(Func<T, long, DateTimeOffset> assigner) =>
        WithTimestampAssigner((value, timestamp) => assigner(value, timestamp).ToUnixTimeMilliseconds());

    /// <summary>A partition without elements for this long no longer holds back the watermark.</summary>
    public WatermarkStrategy<T> WithIdleness(TimeSpan timeout)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeout, TimeSpan.Zero);
        return new WatermarkStrategy<T>(_factory) { TimestampAssigner = TimestampAssigner, Idleness = timeout };
    }

    internal IWatermarkGenerator<T> CreateGenerator() => _factory();
}
