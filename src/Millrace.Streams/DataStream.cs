using Millrace.Streams.Connectors;
using Millrace.Streams.Graph;
using Millrace.Streams.Operators;

namespace Millrace.Streams;

/// <summary>A stream of elements within a job.</summary>
/// <typeparam name="T">The type of the elements. They are handed on by reference: treat them as immutable.</typeparam>
public class DataStream<T>
{
    internal DataStream(StreamExecutionEnvironment environment, IReadOnlyList<Upstream<T>> upstreams)
    {
        Environment = environment;
        Upstreams = upstreams;
    }

    /// <summary>The environment that the stream belongs to.</summary>
    public StreamExecutionEnvironment Environment { get; }

    internal IReadOnlyList<Upstream<T>> Upstreams { get; }

    /// <summary>Turns each element into another.</summary>
    public SingleOutputStreamOperator<TOut> Map<TOut>(Func<T, TOut> map) => Transform<TOut>("Map", () => new MapOperator<T, TOut>(map));

    /// <summary>Keeps the elements for which the predicate holds.</summary>
    public SingleOutputStreamOperator<T> Filter(Func<T, bool> predicate) => Transform<T>("Filter", () => new FilterOperator<T>(predicate));

    /// <summary>Turns each element into any number of others.</summary>
    public SingleOutputStreamOperator<TOut> FlatMap<TOut>(Func<T, IEnumerable<TOut>> flatMap) =>
        FlatMap<TOut>((value, output) =>
        {
            foreach (var one in flatMap(value))
            {
                output.Collect(one);
            }
        });

    /// <summary>Turns each element into any number of others.</summary>
    public SingleOutputStreamOperator<TOut> FlatMap<TOut>(Action<T, ICollector<TOut>> flatMap) =>
        Transform<TOut>("FlatMap", () => new FlatMapOperator<T, TOut>(flatMap));

    /// <summary>Applies a function that sees timestamps and has side outputs.</summary>
    public SingleOutputStreamOperator<TOut> Process<TOut>(ProcessFunction<T, TOut> function) =>
        Transform<TOut>("Process", () => new ProcessOperator<T, TOut>(function));

    /// <summary>Gives elements other timestamps and watermarks in the middle of a stream. At the source is better: there it is done per partition.</summary>
    public SingleOutputStreamOperator<T> AssignTimestampsAndWatermarks(WatermarkStrategy<T> strategy) =>
        Transform<T>("Timestamps/Watermarks", () => new TimestampsAndWatermarksOperator<T>(strategy));

    /// <summary>Groups the elements by key: all elements of a key meet in one subtask, where they share state.</summary>
    /// <param name="keySelector">Takes the key from an element. It is called more than once per element and must always give the same key.</param>
    public KeyedStream<T, TKey> KeyBy<TKey>(Func<T, TKey> keySelector)
        where TKey : notnull => new(Environment, Upstreams, keySelector);

    /// <summary>All elements of several streams, in no particular order. The watermark is the lowest of theirs.</summary>
    public DataStream<T> Union(params DataStream<T>[] streams) =>
        new(Environment, [.. Upstreams, .. streams.SelectMany(stream => stream.Upstreams)]);

    /// <summary>Spreads the elements evenly over the subtasks of the next operator.</summary>
    public DataStream<T> Rebalance() => Repartition(new RebalancePartitioner<T>());

    /// <summary>Gives every element to every subtask of the next operator.</summary>
    public DataStream<T> Broadcast() => Repartition(new BroadcastPartitioner<T>());

    /// <summary>Ends the stream in a sink.</summary>
    public DataStreamSink<T> SinkTo(ISink<T> sink)
    {
        var node = new SinkTransformation<T>("Sink", sink, DefaultParallelism());
        Connect(node, 0);
        return new DataStreamSink<T>(node);
    }

    /// <summary>Ends the stream in an action, called once per element by each subtask's loop. At least once: after a failure elements come again.</summary>
    public DataStreamSink<T> ForEach(Action<T> action) => SinkTo(new ActionSink<T>(action)).Name("ForEach");

    internal SingleOutputStreamOperator<TOut> Transform<TOut>(string name, Func<StreamOperator> factory)
    {
        var node = new OperatorTransformation(name, factory) { InheritedParallelism = DefaultParallelism() };
        Connect(node, 0);
        return new SingleOutputStreamOperator<TOut>(Environment, node);
    }

    internal void Connect(Transformation node, int inputIndex)
    {
        foreach (var upstream in Upstreams)
        {
            node.Inputs.Add(new Edge<T>(upstream, node, inputIndex));
        }

        Environment.Graph.Add(node);
    }

    // An operator after a single stream runs as wide as that stream unless it is told otherwise, so that a chain stays a chain.
    private Transformation? DefaultParallelism() => Upstreams is [{ Partitioner: null } only] ? only.Node : null;

    private DataStream<T> Repartition(Partitioner<T> partitioner) =>
        new(Environment, [.. Upstreams.Select(upstream => upstream with { Partitioner = partitioner })]);
}
