namespace Millrace.Broker.Coordination;

/// <summary>The two clocks of a coordinator: a monotonic one for deadlines, and the wall clock for what is written into records.</summary>
internal readonly struct MonotonicClock(TimeProvider time)
{
    /// <summary>Milliseconds since an arbitrary start; never jumps when the machine's date is set.</summary>
    public long NowMs => (long)((Int128)time.GetTimestamp() * 1000 / time.TimestampFrequency);

    /// <summary>Milliseconds since 1970 UTC.</summary>
    public long UnixMs => time.GetUtcNow().ToUnixTimeMilliseconds();
}
