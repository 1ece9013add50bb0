namespace Millrace.Streams;

/// <summary>Time and timers of the current key. Times are milliseconds since 1970-01-01 UTC.</summary>
public interface ITimerService
{
    /// <summary>The watermark: no element with this timestamp or an earlier one is expected any more. <see cref="long.MinValue"/> before the first.</summary>
    long CurrentWatermark { get; }

    /// <summary>The clock of the machine.</summary>
    long CurrentProcessingTime { get; }

    /// <summary>Calls <c>OnTimer</c> for the current key once the watermark reaches <paramref name="time"/>. Registering the same time twice is one timer.</summary>
    void RegisterEventTimeTimer(long time);

    /// <summary>Calls <c>OnTimer</c> for the current key once the clock reaches <paramref name="time"/>. Registering the same time twice is one timer.</summary>
    void RegisterProcessingTimeTimer(long time);

    /// <summary>Removes an event-time timer of the current key; no effect when there is none.</summary>
    void DeleteEventTimeTimer(long time);

    /// <summary>Removes a processing-time timer of the current key; no effect when there is none.</summary>
    void DeleteProcessingTimeTimer(long time);
}
