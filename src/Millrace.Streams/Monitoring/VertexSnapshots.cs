using Millrace.Streams.Graph;
using Millrace.Streams.Runtime;

namespace Millrace.Streams.Monitoring;

/// <summary>Makes snapshots of vertices from a graph and the counters of its subtasks.</summary>
internal static class VertexSnapshots
{
    public static IReadOnlyList<VertexSnapshot> Of(JobGraph graph, IReadOnlyList<Subtask> subtasks, LoadSampler load)
    {
        var byVertex = subtasks.ToLookup(static one => one.Vertex);
        return [.. graph.Vertices.Select(vertex => new VertexSnapshot(
            vertex.Id,
            vertex.Name,
            [.. vertex.Operators.Select(static node => node.Uid)],
            [.. vertex.Inputs.Select(edge => new VertexInput(OwnerOf(graph, edge.Source).Id, edge.PartitionerName))],
            [.. byVertex[vertex].Select(one => SnapshotOf(one, load))]))];
    }

    private static JobVertex OwnerOf(JobGraph graph, Transformation node) => graph.Vertices.First(vertex => vertex.Operators.Contains(node));

    private static SubtaskSnapshot SnapshotOf(Subtask subtask, LoadSampler load)
    {
        var metrics = subtask.Metrics;
        var (busy, held, idle) = load.Of(subtask);
        return new SubtaskSnapshot(
            subtask.Index, Volatile.Read(ref metrics.RecordsIn), Volatile.Read(ref metrics.RecordsOut), Volatile.Read(ref metrics.LateDropped),
            Volatile.Read(ref metrics.Watermark), busy, held, idle);
    }
}
