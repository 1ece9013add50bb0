using Millrace.Streams.Graph;
using Millrace.Streams.Operators;

namespace Millrace.Streams;

/// <summary>Two streams that are keyed alike, before one function.</summary>
/// <typeparam name="TFirst">The type of the first stream's elements.</typeparam>
/// <typeparam name="TSecond">The type of the second stream's elements.</typeparam>
/// <typeparam name="TKey">The type of the key.</typeparam>
public sealed class ConnectedStreams<TFirst, TSecond, TKey>
    where TKey : notnull
{
    private readonly KeyedStream<TFirst, TKey> _first;
    private readonly KeyedStream<TSecond, TKey> _second;

    internal ConnectedStreams(KeyedStream<TFirst, TKey> first, KeyedStream<TSecond, TKey> second)
    {
        _first = first;
        _second = second;
    }

    /// <summary>Applies a function with state and timers per key. Its watermark is the lower one of the two streams.</summary>
    public SingleOutputStreamOperator<TOut> Process<TOut>(KeyedCoProcessFunction<TKey, TFirst, TSecond, TOut> function)
    {
        var node = new OperatorTransformation(
            "KeyedCoProcess", () => new KeyedCoProcessOperator<TKey, TFirst, TSecond, TOut>(_first.KeySelector, _second.KeySelector, function));
        _first.Connect(node, 0);
        _second.Connect(node, 1);
        return new SingleOutputStreamOperator<TOut>(_first.Environment, node);
    }
}
