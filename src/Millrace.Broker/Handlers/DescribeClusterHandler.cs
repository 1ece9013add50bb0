using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>DescribeCluster 0–2 (KIP-700, KIP-919 endpoint types).</summary>
internal sealed class DescribeClusterHandler(BrokerContext broker) : RequestHandler<DescribeClusterRequest, DescribeClusterResponse>
{
    private const sbyte Brokers = 1;

    protected override ValueTask<DescribeClusterResponse?> HandleAsync(DescribeClusterRequest request, RequestContext context)
    {
        var response = new DescribeClusterResponse { ClusterId = broker.Node.ClusterId, ControllerId = broker.ControllerId, EndpointType = request.EndpointType };
        if (request.EndpointType != Brokers)
        {
            response.ErrorCode = ErrorCode.MismatchedEndpointType;
            response.ErrorMessage = "this listener serves brokers, not controllers";
            return new(response);
        }

        foreach (var node in broker.Nodes.Select(n => n.On(context.Connection.Listener))) response.Brokers.Add(new() { BrokerId = node.NodeId, Host = node.Host, Port = node.Port });
        if (request.IncludeClusterAuthorizedOperations) response.ClusterAuthorizedOperations = AuthorizedOperations.Cluster;
        return new(response);
    }
}
