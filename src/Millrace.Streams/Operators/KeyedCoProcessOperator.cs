using Millrace.Streams.Serialization;

namespace Millrace.Streams.Operators;

internal sealed class KeyedCoProcessOperator<TKey, TFirst, TSecond, TOut>(
    Func<TFirst, TKey> firstKey, Func<TSecond, TKey> secondKey, KeyedCoProcessFunction<TKey, TFirst, TSecond, TOut> function)
    : KeyedOperator<TKey, VoidNamespace, TOut>
    where TKey : notnull
{
    private KeyedCoProcessFunction<TKey, TFirst, TSecond, TOut> _function = null!;
    private TimestampedCollector<TOut> _collector = null!;
    private FunctionContext _context = null!;

    public override IInput<T> GetInput<T>(int index) => (IInput<T>)(index == 0 ? (object)new First(this) : new Second(this));

    public override ValueTask CloseAsync()
    {
        _function?.Close();
        return ValueTask.CompletedTask;
    }

    protected override void OpenStates()
    {
        _collector = new TimestampedCollector<TOut>(Out);
        _context = new FunctionContext(this);
        _function = function.CopyFor<KeyedCoProcessFunction<TKey, TFirst, TSecond, TOut>>(new OperatorRuntimeContext(Context, Backend));
        _function.Open();
    }

    protected override void OnEventTimer(long time, TKey key, VoidNamespace ns) => Fire(time, TimeDomain.EventTime);

    protected override void OnProcessingTimer(long time, TKey key, VoidNamespace ns) => Fire(time, TimeDomain.ProcessingTime);

    private void Fire(long time, TimeDomain domain)
    {
        _collector.Timestamp = domain == TimeDomain.EventTime ? time : long.MinValue;
        _context.Domain = domain;
        _function.OnTimer(time, _context, _collector);
    }

    private sealed class First(KeyedCoProcessOperator<TKey, TFirst, TSecond, TOut> owner) : IInput<TFirst>
    {
        public void Process(TFirst value, long timestamp)
        {
            owner.Backend.CurrentKey = owner.FirstKey(value);
            owner._collector.Timestamp = timestamp;
            owner._function.ProcessElement1(value, owner._context, owner._collector);
        }

        public ValueTask ProcessWatermarkAsync(long watermark) => owner.ProcessWatermarkAsync(watermark);

        public void ProcessStatus(bool idle) => owner.ProcessStatus(idle);

    }

    private sealed class Second(KeyedCoProcessOperator<TKey, TFirst, TSecond, TOut> owner) : IInput<TSecond>
    {
        public void Process(TSecond value, long timestamp)
        {
            owner.Backend.CurrentKey = owner.SecondKey(value);
            owner._collector.Timestamp = timestamp;
            owner._function.ProcessElement2(value, owner._context, owner._collector);
        }

        public ValueTask ProcessWatermarkAsync(long watermark) => owner.ProcessWatermarkAsync(watermark);

        public void ProcessStatus(bool idle) => owner.ProcessStatus(idle);
    }

    private TKey FirstKey(TFirst value) => firstKey(value);

    private TKey SecondKey(TSecond value) => secondKey(value);

    private sealed class FunctionContext(KeyedCoProcessOperator<TKey, TFirst, TSecond, TOut> owner)
        : KeyedCoProcessFunction<TKey, TFirst, TSecond, TOut>.OnTimerContext
    {
        public TimeDomain Domain { get; set; }

        public override TimeDomain TimeDomain => Domain;

        public override TKey CurrentKey => owner.Backend.CurrentKey;

        public override long? Timestamp => owner._collector.Timestamp == long.MinValue ? null : owner._collector.Timestamp;

        public override ITimerService TimerService => owner.Timers;

        public override void Output<T>(OutputTag<T> tag, T value) => owner.EmitSide(tag, value, owner._collector.Timestamp);
    }
}
