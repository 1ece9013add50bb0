using Millrace.Streams.Graph;
using Millrace.Streams.Operators;
using Millrace.Streams.Serialization;

namespace Millrace.Streams;

/// <summary>A stream whose elements are grouped by key. What follows has state per key.</summary>
/// <typeparam name="T">The type of the elements.</typeparam>
/// <typeparam name="TKey">The type of the key. Equal keys must serialise to equal bytes: strings, numbers, <see cref="Guid"/>, tuples and records of them.</typeparam>
public sealed class KeyedStream<T, TKey> : DataStream<T>
    where TKey : notnull
{
    internal KeyedStream(StreamExecutionEnvironment environment, IReadOnlyList<Upstream<T>> upstreams, Func<T, TKey> keySelector)
        : base(environment, [.. upstreams.Select(upstream => upstream with { Partitioner = new HashPartitioner<T, TKey>(keySelector) })]) =>
        KeySelector = keySelector;

    internal Func<T, TKey> KeySelector { get; }

    /// <summary>Applies a function with state and timers per key.</summary>
    public SingleOutputStreamOperator<TOut> Process<TOut>(KeyedProcessFunction<TKey, T, TOut> function) =>
        Transform<TOut>("KeyedProcess", () => new KeyedProcessOperator<TKey, T, TOut>(KeySelector, function));

    /// <summary>Emits, for each element, all elements of its key so far reduced to one.</summary>
    public SingleOutputStreamOperator<T> Reduce(Func<T, T, T> reduce) =>
        Transform<T>("Reduce", () => new KeyedReduceOperator<TKey, T>(KeySelector, reduce));

    /// <summary>Groups the elements of each key into windows.</summary>
    public WindowedStream<T, TKey> Window(WindowAssigner assigner) => new(this, assigner);

    /// <summary>Puts this stream and another one that is keyed alike before one function, where they share state per key.</summary>
    public ConnectedStreams<T, TOther, TKey> Connect<TOther>(KeyedStream<TOther, TKey> other) => new(this, other);

    internal static ITypeSerializer<TKey> KeySerializer => TypeSerializers.For<TKey>();
}
