using Millrace.Broker.Groups;
using Millrace.Broker.Network;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>SyncGroup 0–5 (KIP-345 from 3, KIP-559 protocol names from 5). The response waits until the leader's assignment is stored.</summary>
internal sealed class SyncGroupHandler(BrokerContext broker) : RequestHandler<SyncGroupRequest, SyncGroupResponse>
{
    protected override async ValueTask<SyncGroupResponse?> HandleAsync(SyncGroupRequest request, RequestContext context)
    {
        var assignments = new Dictionary<string, byte[]>(request.Assignments.Count, StringComparer.Ordinal);
        foreach (var part in request.Assignments) assignments[part.MemberId] = part.Assignment;
        var result = await broker.Coordinators.Groups.SyncAsync(new SyncGroupCommand
        {
            GroupId = request.GroupId,
            MemberId = request.MemberId,
            InstanceId = request.GroupInstanceId,
            Generation = request.GenerationId,
            ProtocolType = request.ProtocolType,
            ProtocolName = request.ProtocolName,
            Assignments = assignments,
        }).WaitAsync(context.Aborted);
        return new SyncGroupResponse
        {
            ErrorCode = result.Error,
            ProtocolType = result.ProtocolType,
            ProtocolName = result.ProtocolName,
            Assignment = result.Assignment,
        };
    }
}
