namespace Millrace.Streams.Operators;

/// <summary>New timestamps and watermarks in the middle of a stream. The watermarks from before end here, but for the last one.</summary>
internal sealed class TimestampsAndWatermarksOperator<T>(WatermarkStrategy<T> strategy) : OneInputOperator<T, T>
{
    private readonly IWatermarkGenerator<T> _generator = strategy.CreateGenerator();
    private readonly long _idleness = (long?)strategy.Idleness?.TotalMilliseconds ?? long.MaxValue;
    private long _watermark = long.MinValue;
    private long _pending = long.MinValue;
    private long _next;
    private long _lastNews;
    private bool _hasNews;
    private bool _isIdle;

    public override long NextProcessingTime => _watermark == long.MaxValue ? long.MaxValue : _next;

    public override void Open()
    {
        base.Open();
        _lastNews = Context.Now;
    }

    public override void Process(T value, long timestamp)
    {
        timestamp = strategy.TimestampAssigner is { } assigner ? assigner(value, timestamp) : timestamp;
        _hasNews = true;
        if (_isIdle)
        {
            _isIdle = false;
            base.ProcessStatus(idle: false);
        }

        Out.Emit(value, timestamp);
        if (_generator.OnEvent(value, timestamp) is var watermark && watermark > _watermark)
        {
            // Goes out with the next round of the loop, which is right behind the batch in hand.
            _pending = Math.Max(_pending, watermark);
            _next = 0;
        }
    }

    public override async ValueTask OnProcessingTimeAsync(long now)
    {
        if (now < _next || _watermark == long.MaxValue)
        {
            return;
        }

        _next = now + Math.Max(1, (long)Context.WatermarkInterval.TotalMilliseconds);
        if (_hasNews)
        {
            _hasNews = false;
            _lastNews = now;
        }

        var watermark = Math.Max(_pending, _generator.OnPeriodic());
        if (watermark > _watermark)
        {
            _watermark = watermark;
            Context.Metrics.Activity++;
            await ForwardWatermarkAsync(watermark);
        }

        if (!_isIdle && _idleness != long.MaxValue && now - _lastNews >= _idleness)
        {
            _isIdle = true;
            base.ProcessStatus(idle: true);
        }
    }

    public override async ValueTask ProcessWatermarkAsync(long watermark)
    {
        if (watermark == long.MaxValue && _watermark != long.MaxValue)
        {
            _watermark = watermark;
            await ForwardWatermarkAsync(watermark);
        }
    }

    public override void ProcessStatus(bool idle)
    {
    }
}
