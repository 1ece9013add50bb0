using Millrace.Streams.Runtime;
using Millrace.Streams.State;

namespace Millrace.Streams.Operators;

/// <summary>What a window operator offers to the function that sees its windows.</summary>
internal interface IWindowHost
{
    long CurrentWatermark { get; }

    long Now { get; }

    void EmitSide<T>(OutputTag<T> tag, T value, long timestamp);
}

/// <summary>Turns a fired window's result into output.</summary>
internal abstract class WindowEmitter<TResult, TOut, TKey>
    where TKey : notnull
{
    public virtual void Open(OperatorContext context, IKeyedStateStore states, IWindowHost host, Output<TOut> output)
    {
    }

    public abstract void Emit(TKey key, TimeWindow window, TResult result, Output<TOut> output);

    public virtual void Close()
    {
    }
}

/// <summary>The aggregate's result is the output.</summary>
internal sealed class EmitResult<TOut, TKey> : WindowEmitter<TOut, TOut, TKey>
    where TKey : notnull
{
    public override void Emit(TKey key, TimeWindow window, TOut result, Output<TOut> output) => output.Emit(result, window.MaxTimestamp);
}

/// <summary>A window function makes the output.</summary>
internal abstract class CallFunction<TResult, TIn, TOut, TKey>(ProcessWindowFunction<TIn, TOut, TKey> function) : WindowEmitter<TResult, TOut, TKey>
    where TKey : notnull
{
    private ProcessWindowFunction<TIn, TOut, TKey> _function = null!;
    private WindowContext _context = null!;
    private TimestampedCollector<TOut> _collector = null!;

    public override void Open(OperatorContext context, IKeyedStateStore states, IWindowHost host, Output<TOut> output)
    {
        _context = new WindowContext(host);
        _collector = new TimestampedCollector<TOut>(output);
        _function = function.CopyFor<ProcessWindowFunction<TIn, TOut, TKey>>(new OperatorRuntimeContext(context, states));
        _function.Open();
    }

    public override void Close() => _function?.Close();

    protected void Call(TKey key, TimeWindow window, IReadOnlyList<TIn> elements)
    {
        _context.Current = window;
        _collector.Timestamp = window.MaxTimestamp;
        _function.Process(key, _context, elements, _collector);
    }

    private sealed class WindowContext(IWindowHost host) : ProcessWindowFunction<TIn, TOut, TKey>.Context
    {
        public TimeWindow Current { get; set; }

        public override TimeWindow Window => Current;

        public override long CurrentWatermark => host.CurrentWatermark;

        public override long CurrentProcessingTime => host.Now;

        public override void Output<T>(OutputTag<T> tag, T value) => host.EmitSide(tag, value, Current.MaxTimestamp);
    }
}

internal sealed class CallWindowFunction<TResult, TOut, TKey>(ProcessWindowFunction<TResult, TOut, TKey> function)
    : CallFunction<TResult, TResult, TOut, TKey>(function)
    where TKey : notnull
{
    private readonly TResult[] _one = new TResult[1];

    public override void Emit(TKey key, TimeWindow window, TResult result, Output<TOut> output)
    {
        _one[0] = result;
        Call(key, window, _one);
    }
}

internal sealed class CallWindowFunctionOnList<T, TOut, TKey>(ProcessWindowFunction<T, TOut, TKey> function)
    : CallFunction<List<T>, T, TOut, TKey>(function)
    where TKey : notnull
{
    public override void Emit(TKey key, TimeWindow window, List<T> result, Output<TOut> output) => Call(key, window, result);
}
