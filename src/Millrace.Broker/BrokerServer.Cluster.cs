using System.Net;
using Millrace.Broker.Cluster;
using Millrace.Broker.Network;

namespace Millrace.Broker;

/// <content>The nodes of a cluster that is played for a test.</content>
public sealed partial class BrokerServer
{
    private VirtualCluster Cluster => _context.Cluster ?? throw new InvalidOperationException("this broker is one node, not a cluster of a test");

    /// <summary>Stops a node: its leaderships move, then its connections break and its port refuses.</summary>
    internal async Task StopNodeAsync(int node)
    {
        if (!_listeners.TryRemove((node, 0), out var listener)) throw new InvalidOperationException($"broker {node} does not run");
        await Cluster.StopAsync(node, _context.Topics);
        await listener.DisposeAsync();
    }

    /// <summary>Starts a node again, on its port: it catches up with the leaders before it serves.</summary>
    internal async Task StartNodeAsync(int node)
    {
        var identity = Cluster.Node(node) ?? throw new ArgumentOutOfRangeException(nameof(node), node, "the cluster has no such broker");
        if (_listeners.ContainsKey((node, 0))) throw new InvalidOperationException($"broker {node} runs");
        var socket = BrokerListener.Bind(new IPEndPoint(EndPoint.Address, identity.Port));
        await Cluster.StartAsync(node, _context.Topics);
        Serve(node, _serverListeners[0], socket);
    }
}
