using Microsoft.Extensions.Logging;
using Millrace.Broker.Cluster;
using Millrace.Broker.Coordination;
using Millrace.Broker.Log;
using Millrace.Broker.Metadata;
using Millrace.Broker.Network;
using Millrace.Broker.Security;
using Millrace.Protocol;

namespace Millrace.Broker;

/// <summary>What handlers and coordinators of one broker share.</summary>
/// <param name="Options">The options.</param>
/// <param name="Node">Who this broker is to its clients.</param>
/// <param name="Topics">The topics.</param>
/// <param name="Logs">The partitions' logs.</param>
/// <param name="Coordinators">The coordinators of groups and transactions, loaded.</param>
/// <param name="Loggers">Makes loggers.</param>
/// <param name="Time">The clock.</param>
internal sealed record BrokerContext(
    BrokerOptions Options, NodeIdentity Node, TopicCatalog Topics, LogManager Logs, Coordinators Coordinators, ILoggerFactory Loggers, TimeProvider Time)
{
    /// <summary>The SCRAM users.</summary>
    public required SecurityStore Security { get; init; }

    /// <summary>The nodes that this broker plays in a test; null where it is just itself.</summary>
    public VirtualCluster? Cluster { get; init; }

    /// <summary>The nodes that run.</summary>
    public IReadOnlyList<NodeIdentity> Nodes => Cluster?.Running ?? [Node];

    public int ControllerId => Cluster?.ControllerId ?? Node.NodeId;

    public Replication ReplicationOf(PartitionLog log) => Cluster?.Of(log) ?? Replication.OnOneNode(Node.NodeId);

    /// <summary>The node that coordinates a group or a transactional id: the leader of its partition of the internal topic. Null where that has none.</summary>
    public NodeIdentity? CoordinatorOf(string internalTopic, string key)
    {
        if (Cluster is null) return Node;
        if (Topics.Find(internalTopic) is not { } topic) return null;
        return Cluster.Node(Cluster.Of(topic.Partitions[KeyPartitioning.PartitionFor(key, topic.Partitions.Count)]).Leader);
    }

    /// <summary>Whether a request for the partition has come to its leader.</summary>
    public ErrorCode CheckLeader(RequestContext request, PartitionLog log) => Cluster?.CheckLeader(request.Connection.NodeId, log) ?? ErrorCode.None;
}

/// <summary>Who a broker is to its clients.</summary>
/// <param name="NodeId">The node's id.</param>
/// <param name="ClusterId">The cluster's id.</param>
/// <param name="Host">The advertised host.</param>
/// <param name="Port">The advertised port.</param>
internal sealed record NodeIdentity(int NodeId, string ClusterId, string Host, int Port)
{
    /// <summary>The same node as clients of its other listeners know it, in the order of the listeners; empty where there is one listener.</summary>
    public IReadOnlyList<NodeIdentity> OnListeners { get; init; } = [];

    /// <summary>The node as clients of a listener know it.</summary>
    public NodeIdentity On(ServerListener listener) => listener.Index < OnListeners.Count ? OnListeners[listener.Index] : this;
}
