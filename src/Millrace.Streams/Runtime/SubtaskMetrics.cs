using System.Diagnostics;

namespace Millrace.Streams.Runtime;

internal enum LoopState
{
    Busy,
    Idle,
    BackPressured,
}

/// <summary>Counters of a subtask. Its loop writes them, others read them: each is a single word, so a reader sees some recent value.</summary>
internal sealed class SubtaskMetrics
{
    private readonly long[] _ticks = new long[3];
    private long _since = Stopwatch.GetTimestamp();
    private LoopState _state = LoopState.Idle;

    public long RecordsIn;
    public long RecordsOut;
    public long LateDropped;
    public long Watermark = long.MinValue;
    public long Activity;

    public void Enter(LoopState state)
    {
        var now = Stopwatch.GetTimestamp();
        _ticks[(int)_state] += now - _since;
        _since = now;
        _state = state;
    }

    /// <summary>Time spent in each state so far, the present one included.</summary>
    public (long Busy, long Idle, long BackPressured) Ticks()
    {
        var running = Math.Max(0, Stopwatch.GetTimestamp() - Volatile.Read(ref _since));
        var state = _state;
        return (
            Volatile.Read(ref _ticks[0]) + (state == LoopState.Busy ? running : 0),
            Volatile.Read(ref _ticks[1]) + (state == LoopState.Idle ? running : 0),
            Volatile.Read(ref _ticks[2]) + (state == LoopState.BackPressured ? running : 0));
    }
}
