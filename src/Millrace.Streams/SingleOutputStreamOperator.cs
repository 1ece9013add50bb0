using Millrace.Streams.Graph;

namespace Millrace.Streams;

/// <summary>The stream that comes out of one operator, which can be named, sized and asked for its side outputs.</summary>
/// <typeparam name="T">The type of the elements.</typeparam>
public sealed class SingleOutputStreamOperator<T> : DataStream<T>
{
    private readonly Transformation _node;

    internal SingleOutputStreamOperator(StreamExecutionEnvironment environment, Transformation node)
        : base(environment, [new Upstream<T>(node, null, null)]) => _node = node;

    /// <summary>Names the operator for people: in the console, in logs, in metrics.</summary>
    public SingleOutputStreamOperator<T> Name(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        _node.Name = name;
        return this;
    }

    /// <summary>Names the operator for checkpoints. Set it on every operator with state, so that a changed job finds its state again.</summary>
    public SingleOutputStreamOperator<T> Uid(string uid)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(uid);
        _node.UserUid = uid;
        return this;
    }

    /// <summary>Sets how many subtasks the operator has.</summary>
    public SingleOutputStreamOperator<T> SetParallelism(int parallelism)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parallelism, 1);
        _node.OwnParallelism = parallelism;
        return this;
    }

    /// <summary>Keeps the operator out of the chain of its input: it gets a loop and a queue of its own.</summary>
    public SingleOutputStreamOperator<T> StartNewChain()
    {
        _node.StartsChain = true;
        return this;
    }

    /// <summary>The stream of a side output of this operator.</summary>
    public DataStream<TSide> GetSideOutput<TSide>(OutputTag<TSide> tag) => new(Environment, [new Upstream<TSide>(_node, tag, null)]);

    /// <summary>The stream of a side output of this operator; the same as <see cref="GetSideOutput{TSide}"/>.</summary>
    public DataStream<TSide> SideOutput<TSide>(OutputTag<TSide> tag) => GetSideOutput(tag);
}
