namespace Millrace.Streams.Operators;

internal sealed class ProcessOperator<TIn, TOut>(ProcessFunction<TIn, TOut> function) : OneInputOperator<TIn, TOut>
{
    private ProcessFunction<TIn, TOut> _function = null!;
    private TimestampedCollector<TOut> _collector = null!;
    private ElementContext _context = null!;
    private long _watermark = long.MinValue;

    public override void Open()
    {
        base.Open();
        _collector = new TimestampedCollector<TOut>(Out);
        _context = new ElementContext(this);
        _function = function.CopyFor<ProcessFunction<TIn, TOut>>(new OperatorRuntimeContext(Context, null));
        _function.Open();
    }

    public override void Process(TIn value, long timestamp)
    {
        _collector.Timestamp = timestamp;
        _function.ProcessElement(value, _context, _collector);
    }

    public override ValueTask ProcessWatermarkAsync(long watermark)
    {
        _watermark = watermark;
        return ForwardWatermarkAsync(watermark);
    }

    public override ValueTask CloseAsync()
    {
        _function?.Close();
        return ValueTask.CompletedTask;
    }

    private sealed class ElementContext(ProcessOperator<TIn, TOut> owner) : ProcessFunction<TIn, TOut>.Context
    {
        public override long? Timestamp => owner._collector.Timestamp == long.MinValue ? null : owner._collector.Timestamp;

        public override long CurrentWatermark => owner._watermark;

        public override long CurrentProcessingTime => owner.Context.Now;

        public override void Output<T>(OutputTag<T> tag, T value) => owner.EmitSide(tag, value, owner._collector.Timestamp);
    }
}
