using Millrace.Streams.Operators;
using Millrace.Streams.Runtime;

namespace Millrace.Streams.Graph;

/// <summary>Where a stream comes from: an operator, one of its outputs, and how its elements are spread.</summary>
internal sealed record Upstream<T>(Transformation Node, OutputTag<T>? Tag, Partitioner<T>? Partitioner);

/// <summary>A connection between two operators. The typed subclass makes what the runtime puts there.</summary>
internal abstract class Edge(Transformation source, OutputTag? tag, Transformation target, int inputIndex)
{
    public Transformation Source => source;

    public OutputTag? Tag => tag;

    public Transformation Target => target;

    public int InputIndex => inputIndex;

    /// <summary>Whether elements stay in the subtask that they are in when both sides are as wide.</summary>
    public abstract bool IsForward { get; }

    public abstract string PartitionerName { get; }

    public abstract object CreateChainedOutput(StreamOperator target);

    public abstract RecordWriter CreateWriter(WriterContext context);

    public abstract BatchHandler CreateHandler(StreamOperator head);
}

internal sealed class Edge<T>(Upstream<T> upstream, Transformation target, int inputIndex) : Edge(upstream.Node, upstream.Tag, target, inputIndex)
{
    public override bool IsForward => upstream.Partitioner is null;

    public override string PartitionerName => upstream.Partitioner?.Name ?? "FORWARD";

    public override object CreateChainedOutput(StreamOperator target) => new ChainedOutput<T>(Input(target));

    public override RecordWriter CreateWriter(WriterContext context) =>
        upstream.Partitioner is { } partitioner ? partitioner.CreateWriter(context)
        : context.IsPointwise ? new SingleWriter<T>(context).Untyped
        : new RebalanceWriter<T>(context).Untyped;

    public override BatchHandler CreateHandler(StreamOperator head) => new BatchHandler<T>(Input(head));

    private IInput<T> Input(StreamOperator target) => target.GetInput<T>(InputIndex);
}
