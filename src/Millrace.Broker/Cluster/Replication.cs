namespace Millrace.Broker.Cluster;

/// <summary>Where a partition is, at one moment.</summary>
/// <param name="Replicas">The nodes that hold it; the first is the preferred leader.</param>
/// <param name="InSync">Those that have everything. The last one stays in this list when it stops, as it alone may lead without loss.</param>
/// <param name="Leader">The node that serves it, or <see cref="NoLeader"/>.</param>
internal sealed record Replication(IReadOnlyList<int> Replicas, IReadOnlyList<int> InSync, int Leader)
{
    public const int NoLeader = -1;

    public static Replication OnOneNode(int node) => new([node], [node], node);
}
