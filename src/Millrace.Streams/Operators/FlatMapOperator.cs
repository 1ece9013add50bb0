namespace Millrace.Streams.Operators;

internal sealed class FlatMapOperator<TIn, TOut>(Action<TIn, ICollector<TOut>> flatMap) : OneInputOperator<TIn, TOut>
{
    private TimestampedCollector<TOut> _collector = null!;

    public override void Open()
    {
        base.Open();
        _collector = new TimestampedCollector<TOut>(Out);
    }

    public override void Process(TIn value, long timestamp)
    {
        _collector.Timestamp = timestamp;
        flatMap(value, _collector);
    }
}
