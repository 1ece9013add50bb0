using Millrace.Broker.Network;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>ListPartitionReassignments 0 (KIP-455): on one node none is ever under way.</summary>
internal sealed class ListPartitionReassignmentsHandler : RequestHandler<ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse>
{
    protected override ValueTask<ListPartitionReassignmentsResponse?> HandleAsync(ListPartitionReassignmentsRequest request, RequestContext context) =>
        new(new ListPartitionReassignmentsResponse());
}
