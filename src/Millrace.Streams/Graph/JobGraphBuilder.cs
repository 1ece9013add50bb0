using System.Numerics;
using Millrace.Streams.Connectors;

namespace Millrace.Streams.Graph;

/// <summary>Collects operators, checks them, and joins those that may share a loop into chains.</summary>
internal sealed class JobGraphBuilder
{
    // The bounds of Flink's default: enough groups to grow, few enough to be cheap.
    private const int LeastMaxParallelism = 128;
    private const int GreatestMaxParallelism = 32768;

    private readonly List<Transformation> _nodes = [];

    public void Add(Transformation node)
    {
        // A node with two inputs is connected, and so added, twice.
        if (node.Id == 0)
        {
            node.Id = _nodes.Count + 1;
            _nodes.Add(node);
        }
    }

    public JobGraph Build(StreamExecutionEnvironment environment, string jobName)
    {
        if (_nodes.Count == 0)
        {
            throw new InvalidOperationException($"Job '{jobName}' has no operators: add a source with FromSource and end it with SinkTo.");
        }

        CheckUids(jobName);
        foreach (var node in _nodes)
        {
            node.Outputs.Clear();
        }

        foreach (var edge in _nodes.SelectMany(node => node.Inputs))
        {
            edge.Source.Outputs.Add(edge);
        }

        var parallelism = _nodes.ToDictionary(node => node, node => node.ResolveParallelism(environment.Parallelism));
        var vertices = BuildVertices(parallelism);
        var maxParallelism = environment.MaxParallelism > 0 ? environment.MaxParallelism : DefaultMaxParallelism(parallelism.Values.Max());
        if (parallelism.FirstOrDefault(entry => entry.Value > maxParallelism) is { Key: { } wide })
        {
            throw new InvalidOperationException(
                $"Operator '{wide.Name}' has parallelism {parallelism[wide]}, but MaxParallelism is {maxParallelism}. Lower the one or raise the other.");
        }

        return new JobGraph(
            jobName, vertices, maxParallelism, environment.MaxParallelism > 0, environment.CheckpointConfig, environment.RestartStrategy,
            environment.AutoWatermarkInterval, FindCommitPoint(environment));
    }

    internal static int DefaultMaxParallelism(int parallelism) =>
        Math.Clamp((int)BitOperations.RoundUpToPowerOf2((uint)(parallelism + (parallelism / 2))), LeastMaxParallelism, GreatestMaxParallelism);

    private static bool IsChained(Edge edge, Dictionary<Transformation, int> parallelism) =>
        edge.IsForward && edge.Target.Inputs.Count == 1 && !edge.Target.StartsChain && parallelism[edge.Source] == parallelism[edge.Target];

    private List<JobVertex> BuildVertices(Dictionary<Transformation, int> parallelism)
    {
        var vertices = new List<JobVertex>();
        var owner = new Dictionary<Transformation, JobVertex>();

        // Nodes are added after the nodes that they read, so the order of addition is topological.
        foreach (var node in _nodes)
        {
            if (node.Inputs is [var only] && IsChained(only, parallelism))
            {
                var vertex = owner[only.Source];
                vertex.Operators.Add(node);
                owner[node] = vertex;
            }
            else
            {
                var vertex = new JobVertex(vertices.Count + 1, node, parallelism[node]);
                vertex.Operators.Add(node);
                vertex.Inputs.AddRange(node.Inputs);
                vertices.Add(vertex);
                owner[node] = vertex;
            }
        }

        foreach (var edge in vertices.SelectMany(vertex => vertex.Inputs))
        {
            owner[edge.Source].Outputs.Add(edge);
        }

        return vertices;
    }

    private void CheckUids(string jobName)
    {
        var twice = _nodes.GroupBy(node => node.Uid, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1);
        if (twice is not null)
        {
            throw new InvalidOperationException(
                $"Job '{jobName}' gives the uid '{twice.Key}' to several operators ({string.Join(", ", twice.Select(node => node.Name))}). Each needs its own.");
        }
    }

    private ICommitPointFactory? FindCommitPoint(StreamExecutionEnvironment environment)
    {
        ICommitPointFactory? found = null;
        foreach (var node in _nodes)
        {
            if (node.CommitPoint is not { } factory)
            {
                continue;
            }

            if (found is not null && !found.Equals(factory))
            {
                throw new InvalidOperationException(
                    $"Sink '{node.Name}' commits to {factory.Description}, another sink of the job to {found.Description}. A job can have one commit point: use the same settings, or make one of them at-least-once.");
            }

            found = factory;
            if (!environment.CheckpointConfig.IsEnabled)
            {
                throw new InvalidOperationException(
                    $"Sink '{node.Name}' is exactly-once and needs checkpoints: call EnableCheckpointing, or use the at-least-once guarantee.");
            }

            if (environment.CheckpointConfig.CheckpointStorage is null)
            {
                throw new InvalidOperationException(
                    $"Sink '{node.Name}' is exactly-once and needs checkpoints that survive the process: set CheckpointConfig.CheckpointStorage to a folder of this job's own.");
            }
        }

        return found;
    }
}
