using Millrace.Streams.Connectors;
using Millrace.Streams.Operators;
using Millrace.Streams.Runtime;

namespace Millrace.Streams.Graph;

/// <summary>One operator of a job, as the API described it.</summary>
internal abstract class Transformation(string name)
{
    public int Id { get; set; }

    public string Name { get; set; } = name;

    public string? UserUid { get; set; }

    public string Uid => UserUid ?? $"op-{Id}";

    public int? OwnParallelism { get; set; }

    public Transformation? InheritedParallelism { get; init; }

    public bool StartsChain { get; set; }

    public List<Edge> Inputs { get; } = [];

    public List<Edge> Outputs { get; } = [];

    public virtual ICommitPointFactory? CommitPoint => null;

    public int ResolveParallelism(int environmentDefault) =>
        OwnParallelism ?? InheritedParallelism?.ResolveParallelism(environmentDefault) ?? environmentDefault;

    public abstract StreamOperator CreateOperator();
}

internal sealed class OperatorTransformation(string name, Func<StreamOperator> factory) : Transformation(name)
{
    public override StreamOperator CreateOperator() => factory();
}

internal sealed class SinkTransformation<T> : Transformation
{
    private readonly ISink<T> _sink;

    public SinkTransformation(string name, ISink<T> sink, Transformation? inherited)
        : base(name)
    {
        _sink = sink;
        InheritedParallelism = inherited;
    }

    public override ICommitPointFactory? CommitPoint => _sink.CommitPoint;

    public override StreamOperator CreateOperator() => new SinkOperator<T>(_sink);
}

/// <summary>What the job's master needs from a source without knowing the type of its elements.</summary>
internal interface ISourceTransformation
{
    string Uid { get; }

    string Name { get; }

    object Source { get; }

    bool IsBounded { get; }

    TimeSpan? DiscoveryInterval { get; }

    ISplitEnumerator CreateEnumerator(SourceContext context);
}

internal sealed class SourceTransformation<T>(string name, ISource<T> source, WatermarkStrategy<T> strategy) : Transformation(name), ISourceTransformation
{
    public object Source => source;

    public bool IsBounded => source.IsBounded;

    public TimeSpan? DiscoveryInterval => source.DiscoveryInterval;

    public ISplitEnumerator CreateEnumerator(SourceContext context) => source.CreateEnumerator(context);

    public override StreamOperator CreateOperator() => new SourceOperator<T>(source, strategy);
}
