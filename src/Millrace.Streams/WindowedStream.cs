using Millrace.Streams.Operators;
using Millrace.Streams.Serialization;

namespace Millrace.Streams;

/// <summary>A keyed stream in windows.</summary>
/// <typeparam name="T">The type of the elements.</typeparam>
/// <typeparam name="TKey">The type of the key.</typeparam>
public sealed class WindowedStream<T, TKey>
    where TKey : notnull
{
    private readonly KeyedStream<T, TKey> _stream;
    private readonly WindowAssigner _assigner;
    private long _allowedLateness;
    private OutputTag<T>? _lateTag;

    internal WindowedStream(KeyedStream<T, TKey> stream, WindowAssigner assigner)
    {
        _stream = stream;
        _assigner = assigner;
    }

    /// <summary>Keeps a window this long after the watermark passed its end; each late element fires it again with the corrected result.</summary>
    /// <value>0 by default.</value>
    public WindowedStream<T, TKey> AllowedLateness(TimeSpan lateness)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(lateness, TimeSpan.Zero);
        _allowedLateness = (long)lateness.TotalMilliseconds;
        return this;
    }

    /// <summary>Sends elements that are too late for all their windows to a side output. Without it they are dropped and counted.</summary>
    public WindowedStream<T, TKey> SideOutputLateData(OutputTag<T> tag)
    {
        _lateTag = tag;
        return this;
    }

    /// <summary>Aggregates the elements as they come; the window emits the result when it fires.</summary>
    /// <param name="aggregate">The aggregate.</param>
    /// <param name="accumulatorSerializer">How a checkpoint stores an accumulator.</param>
    public SingleOutputStreamOperator<TOut> Aggregate<TAccumulator, TOut>(
        IAggregateFunction<T, TAccumulator, TOut> aggregate, ITypeSerializer<TAccumulator>? accumulatorSerializer = null) =>
        Build<TAccumulator, TOut, TOut>("Window(Aggregate)", aggregate, accumulatorSerializer, static () => new EmitResult<TOut, TKey>());

    /// <summary>Aggregates the elements as they come; the function sees the result together with key and window when it fires.</summary>
    /// <param name="aggregate">The aggregate.</param>
    /// <param name="function">Sees one element: the aggregate's result.</param>
    /// <param name="accumulatorSerializer">How a checkpoint stores an accumulator.</param>
    public SingleOutputStreamOperator<TOut> Aggregate<TAccumulator, TResult, TOut>(
        IAggregateFunction<T, TAccumulator, TResult> aggregate, ProcessWindowFunction<TResult, TOut, TKey> function,
        ITypeSerializer<TAccumulator>? accumulatorSerializer = null) =>
        Build("Window(Aggregate, Process)", aggregate, accumulatorSerializer, () => new CallWindowFunction<TResult, TOut, TKey>(function));

    /// <summary>Reduces the elements as they come.</summary>
    /// <param name="reduce">Combines two elements into one.</param>
    public SingleOutputStreamOperator<T> Reduce(Func<T, T, T> reduce) =>
        Build<(bool Any, T Value), T, T>("Window(Reduce)", new ReduceAggregate<T>(reduce), null, static () => new EmitResult<T, TKey>());

    /// <summary>Keeps all elements and gives them to the function when the window fires. An aggregate needs far less memory.</summary>
    /// <param name="function">Sees all elements of the window.</param>
    public SingleOutputStreamOperator<TOut> Process<TOut>(ProcessWindowFunction<T, TOut, TKey> function) =>
        Build<List<T>, List<T>, TOut>("Window(Process)", new ListAggregate<T>(), null, () => new CallWindowFunctionOnList<T, TOut, TKey>(function));

    private SingleOutputStreamOperator<TOut> Build<TAccumulator, TResult, TOut>(
        string name, IAggregateFunction<T, TAccumulator, TResult> aggregate, ITypeSerializer<TAccumulator>? serializer,
        Func<WindowEmitter<TResult, TOut, TKey>> emitter)
    {
        var settings = new WindowSettings<T>(_assigner, _allowedLateness, _lateTag);
        serializer ??= TypeSerializers.For<TAccumulator>();
        return _assigner.IsMerging
            ? _stream.Transform<TOut>(name, () => new SessionWindowOperator<TKey, T, TAccumulator, TResult, TOut>(
                _stream.KeySelector, settings, aggregate, serializer, emitter()))
            : _stream.Transform<TOut>(name, () => new WindowOperator<TKey, T, TAccumulator, TResult, TOut>(
                _stream.KeySelector, settings, aggregate, serializer, emitter()));
    }
}
