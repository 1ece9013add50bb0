using Millrace.Streams.Checkpoints;
using Millrace.Streams.Connectors;
using Millrace.Streams.Graph;
using Millrace.Streams.Operators;

namespace Millrace.Streams.Runtime;

/// <summary>Makes the subtasks of a job and the channels between them.</summary>
internal sealed class SubtaskAssembler(
    JobGraph graph, StreamExecutionOptions options, int attempt, ICommitPoint? commitPoint, ISubtaskListener listener)
{
    private readonly Dictionary<Edge, InputChannel?[,]> _channels = [];
    private readonly Dictionary<Transformation, JobVertex> _owners = graph.Vertices
        .SelectMany(static vertex => vertex.Operators.Select(node => (node, vertex))).ToDictionary(static entry => entry.node, static entry => entry.vertex);

    public IReadOnlyList<Subtask> Assemble(Func<Transformation, int, int, OperatorRestore> restore)
    {
        var subtasks = graph.Vertices.ToDictionary(static vertex => vertex, vertex => Enumerable.Range(0, vertex.Parallelism)
            .Select(index => new Subtask(vertex, index, options.TimeProvider, listener)).ToArray());
        foreach (var edge in graph.Vertices.SelectMany(static vertex => vertex.Inputs))
        {
            Connect(edge, subtasks[_owners[edge.Source]], subtasks[_owners[edge.Target]]);
        }

        foreach (var subtask in subtasks.Values.SelectMany(static one => one))
        {
            AssembleOne(subtask, restore);
        }

        return [.. graph.Vertices.SelectMany(vertex => subtasks[vertex])];
    }

    private static bool IsPointwise(Edge edge, int source, int target) => edge.IsForward && source == target;

    private void Connect(Edge edge, Subtask[] sources, Subtask[] targets)
    {
        var channels = new InputChannel?[sources.Length, targets.Length];
        for (var source = 0; source < sources.Length; source++)
        {
            for (var target = 0; target < targets.Length; target++)
            {
                if (!IsPointwise(edge, sources.Length, targets.Length) || source == target)
                {
                    channels[source, target] = new InputChannel(targets[target].Signal, sources[source].Signal);
                }
            }
        }

        _channels[edge] = channels;
    }

    private void AssembleOne(Subtask subtask, Func<Transformation, int, int, OperatorRestore> restore)
    {
        var vertex = subtask.Vertex;
        var operators = new Dictionary<Transformation, StreamOperator>();
        var writers = new List<RecordWriter>();
        foreach (var node in vertex.Operators)
        {
            var one = node.CreateOperator();
            one.Setup(new OperatorContext
            {
                JobName = graph.JobName,
                OperatorName = node.Name,
                Uid = node.Uid,
                SubtaskIndex = subtask.Index,
                Parallelism = vertex.Parallelism,
                MaxParallelism = graph.MaxParallelism,
                Attempt = attempt,
                TimeProvider = options.TimeProvider,
                LoggerFactory = options.LoggerFactory,
                Metrics = subtask.Metrics,
                TracksChanges = graph.Checkpointing.IsEnabled,
                HasDurableCheckpoints = graph.Checkpointing is { IsEnabled: true, CheckpointStorage: not null },
                WatermarkInterval = graph.AutoWatermarkInterval,
                CommitPoint = commitPoint,
                Restore = restore(node, subtask.Index, vertex.Parallelism),
                WaitForRoomAsync = subtask.WaitForRoomAsync,
            });
            operators[node] = one;
        }

        foreach (var node in vertex.Operators)
        {
            foreach (var edge in node.Outputs)
            {
                if (_channels.TryGetValue(edge, out var channels))
                {
                    var writer = edge.CreateWriter(WriterContextFor(edge, channels, subtask));
                    writers.Add(writer);
                    operators[node].AttachOutput(edge.Tag, writer.AsOutput);
                }
                else
                {
                    operators[node].AttachOutput(edge.Tag, edge.CreateChainedOutput(operators[edge.Target]));
                }
            }
        }

        var inputs = new List<InputChannel>();
        var handlers = new List<BatchHandler>();
        var head = operators[vertex.Head];
        foreach (var edge in vertex.Inputs)
        {
            var handler = edge.CreateHandler(head);
            var channels = _channels[edge];
            for (var source = 0; source < channels.GetLength(0); source++)
            {
                if (channels[source, subtask.Index] is { } channel)
                {
                    inputs.Add(channel);
                    handlers.Add(handler);
                }
            }
        }

        subtask.Assemble(
            [.. vertex.Operators.Select(node => operators[node])], writers, inputs, handlers,
            graph.Checkpointing.Mode == CheckpointingMode.ExactlyOnce, head.Context.Restore.Watermark);
    }

    private WriterContext WriterContextFor(Edge edge, InputChannel?[,] channels, Subtask subtask)
    {
        var targets = new List<InputChannel>();
        for (var target = 0; target < channels.GetLength(1); target++)
        {
            if (channels[subtask.Index, target] is { } channel)
            {
                targets.Add(channel);
            }
        }

        var isPointwise = IsPointwise(edge, channels.GetLength(0), channels.GetLength(1));
        return new WriterContext([.. targets], isPointwise, subtask.Index, graph.MaxParallelism, subtask.Metrics);
    }
}
