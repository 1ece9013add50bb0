using Millrace.Streams.Graph;

namespace Millrace.Streams;

/// <summary>The end of a stream, which can be named and sized.</summary>
/// <typeparam name="T">The type of the elements.</typeparam>
public sealed class DataStreamSink<T>
{
    private readonly Transformation _node;

    internal DataStreamSink(Transformation node) => _node = node;

    /// <summary>Names the sink for people.</summary>
    public DataStreamSink<T> Name(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        _node.Name = name;
        return this;
    }

    /// <summary>Names the sink for checkpoints.</summary>
    public DataStreamSink<T> Uid(string uid)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(uid);
        _node.UserUid = uid;
        return this;
    }

    /// <summary>Sets how many subtasks the sink has.</summary>
    public DataStreamSink<T> SetParallelism(int parallelism)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parallelism, 1);
        _node.OwnParallelism = parallelism;
        return this;
    }
}
