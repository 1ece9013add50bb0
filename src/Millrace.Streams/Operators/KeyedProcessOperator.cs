using Millrace.Streams.Serialization;

namespace Millrace.Streams.Operators;

internal sealed class KeyedProcessOperator<TKey, TIn, TOut>(Func<TIn, TKey> keySelector, KeyedProcessFunction<TKey, TIn, TOut> function)
    : KeyedOperator<TKey, VoidNamespace, TOut>, IInput<TIn>
    where TKey : notnull
{
    private KeyedProcessFunction<TKey, TIn, TOut> _function = null!;
    private TimestampedCollector<TOut> _collector = null!;
    private FunctionContext _context = null!;

    public override IInput<T> GetInput<T>(int index) => (IInput<T>)(object)this;

    public void Process(TIn value, long timestamp)
    {
        Backend.CurrentKey = keySelector(value);
        _collector.Timestamp = timestamp;
        _function.ProcessElement(value, _context, _collector);
    }

    public override ValueTask CloseAsync()
    {
        _function?.Close();
        return ValueTask.CompletedTask;
    }

    protected override void OpenStates()
    {
        _collector = new TimestampedCollector<TOut>(Out);
        _context = new FunctionContext(this);
        _function = function.CopyFor<KeyedProcessFunction<TKey, TIn, TOut>>(new OperatorRuntimeContext(Context, Backend));
        _function.Open();
    }

    protected override void OnEventTimer(long time, TKey key, VoidNamespace ns) => Fire(time, TimeDomain.EventTime);

    protected override void OnProcessingTimer(long time, TKey key, VoidNamespace ns) => Fire(time, TimeDomain.ProcessingTime);

    private void Fire(long time, TimeDomain domain)
    {
        // A processing-time timer has no event time of its own, so its results have none either.
        _collector.Timestamp = domain == TimeDomain.EventTime ? time : long.MinValue;
        _context.Domain = domain;
        _function.OnTimer(time, _context, _collector);
    }

    private sealed class FunctionContext(KeyedProcessOperator<TKey, TIn, TOut> owner) : KeyedProcessFunction<TKey, TIn, TOut>.OnTimerContext
    {
        public TimeDomain Domain { get; set; }

        public override TimeDomain TimeDomain => Domain;

        public override TKey CurrentKey => owner.Backend.CurrentKey;

        public override long? Timestamp => owner._collector.Timestamp == long.MinValue ? null : owner._collector.Timestamp;

        public override ITimerService TimerService => owner.Timers;

        public override void Output<T>(OutputTag<T> tag, T value) => owner.EmitSide(tag, value, owner._collector.Timestamp);
    }
}
