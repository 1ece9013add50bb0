using Millrace.Streams.Connectors;

namespace Millrace.Streams.Graph;

/// <summary>Operators that run in one loop, because each hands its elements straight to the next.</summary>
internal sealed class JobVertex(int id, Transformation head, int parallelism)
{
    public int Index => id;

    public string Id { get; } = id.ToString("x32");

    public Transformation Head => head;

    public int Parallelism => parallelism;

    /// <summary>All operators of the chain, an operator before those that it feeds.</summary>
    public List<Transformation> Operators { get; } = [];

    public List<Edge> Inputs { get; } = [];

    public List<Edge> Outputs { get; } = [];

    public string Name => string.Join(" -> ", Operators.Select(node => node.Name));
}

/// <summary>A job, ready to run: chains of operators and what connects them, in topological order.</summary>
internal sealed record JobGraph(
    string JobName, IReadOnlyList<JobVertex> Vertices, int MaxParallelism, bool IsMaxParallelismExplicit, CheckpointConfig Checkpointing,
    RestartStrategy RestartStrategy, TimeSpan AutoWatermarkInterval, ICommitPointFactory? CommitPoint)
{
    public IEnumerable<Transformation> Operators => Vertices.SelectMany(vertex => vertex.Operators);

    public IEnumerable<ISourceTransformation> Sources => Operators.OfType<ISourceTransformation>();

    /// <summary>Whether there is something to lose when the job starts without its checkpoint.</summary>
    public bool HasKeyedState => Operators.Any(static node => node.CreateOperator().HasKeyedState);
}
