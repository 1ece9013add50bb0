namespace Millrace.Streams;

/// <summary>Follows the timestamps of one partition and says how far event time has come.</summary>
/// <typeparam name="T">The type of the elements.</typeparam>
public interface IWatermarkGenerator<in T>
{
    /// <summary>Sees an element. Returns a watermark to emit at once, or <see cref="long.MinValue"/> to wait for the next period.</summary>
    long OnEvent(T value, long timestamp);

    /// <summary>The watermark to emit periodically (see <see cref="StreamExecutionEnvironment.AutoWatermarkInterval"/>), or <see cref="long.MinValue"/> for none.</summary>
    long OnPeriodic();
}

internal sealed class BoundedOutOfOrdernessWatermarks<T>(long delay) : IWatermarkGenerator<T>
{
    private long _max = long.MinValue;

    public long OnEvent(T value, long timestamp)
    {
        if (timestamp > _max)
        {
            _max = timestamp;
        }

        return long.MinValue;
    }

    // One less, because an element with the watermark's own timestamp must not come any more, but one with the highest timestamp seen still can.
    public long OnPeriodic() => _max == long.MinValue ? long.MinValue : _max - delay - 1;
}

internal sealed class NoWatermarks<T> : IWatermarkGenerator<T>
{
    public long OnEvent(T value, long timestamp) => long.MinValue;

    public long OnPeriodic() => long.MinValue;
}
