namespace Millrace.Streams.Runtime;

/// <summary>
/// The watermark of an operator from those of its input channels: the minimum over channels that are active and caught up. It never goes back; a channel that
/// was idle counts again once it has reached what was put out already. When all are idle, the highest is put out before the operator goes idle too.
/// </summary>
internal sealed class WatermarkValve
{
    private readonly Input[] _inputs;
    private long _last;
    private bool _isIdle;

    public WatermarkValve(int channels, long floor = long.MinValue)
    {
        _inputs = new Input[channels];
        Array.Fill(_inputs, new Input { Watermark = long.MinValue, IsAligned = true });
        _last = floor;
    }

    /// <summary>What came of an event: a watermark to put out (or <see cref="long.MinValue"/>), then a change of status, if any.</summary>
    public readonly record struct Outcome(long Watermark, bool? Idle)
    {
        public bool HasWatermark => Watermark != long.MinValue;
    }

    public Outcome OnWatermark(int channel, long watermark)
    {
        ref var input = ref _inputs[channel];
        if (watermark <= input.Watermark)
        {
            return default(Outcome) with { Watermark = long.MinValue };
        }

        input.Watermark = watermark;
        if (!input.IsIdle && !input.IsAligned && watermark >= _last)
        {
            input.IsAligned = true;
        }

        return new Outcome(input.IsIdle ? long.MinValue : Advance(), null);
    }

    public Outcome OnStatus(int channel, bool idle)
    {
        ref var input = ref _inputs[channel];
        if (input.IsIdle == idle)
        {
            return new Outcome(long.MinValue, null);
        }

        input.IsIdle = idle;
        if (!idle)
        {
            input.IsAligned = input.Watermark >= _last;
            return new Outcome(long.MinValue, Change(isIdle: false));
        }

        input.IsAligned = false;
        return Array.TrueForAll(_inputs, static one => one.IsIdle)
            ? new Outcome(Raise(_inputs.Max(static one => one.Watermark)), Change(isIdle: true))
            : new Outcome(Advance(), null);
    }

    private long Advance()
    {
        var min = long.MaxValue;
        var any = false;
        foreach (ref readonly var input in _inputs.AsSpan())
        {
            if (input.IsAligned)
            {
                min = Math.Min(min, input.Watermark);
                any = true;
            }
        }

        return any ? Raise(min) : long.MinValue;
    }

    private long Raise(long watermark)
    {
        if (watermark <= _last)
        {
            return long.MinValue;
        }

        _last = watermark;
        return watermark;
    }

    private bool? Change(bool isIdle)
    {
        if (_isIdle == isIdle)
        {
            return null;
        }

        _isIdle = isIdle;
        return isIdle;
    }

    private struct Input
    {
        public long Watermark;
        public bool IsIdle;
        public bool IsAligned;
    }
}
