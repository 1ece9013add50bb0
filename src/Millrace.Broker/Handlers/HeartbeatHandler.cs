using Millrace.Broker.Groups;
using Millrace.Broker.Network;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>Heartbeat 0–4 (KIP-345 from 3): keeps a member's session, and tells it of a rebalance.</summary>
internal sealed class HeartbeatHandler(BrokerContext broker) : RequestHandler<HeartbeatRequest, HeartbeatResponse>
{
    protected override async ValueTask<HeartbeatResponse?> HandleAsync(HeartbeatRequest request, RequestContext context) => new HeartbeatResponse
    {
        ErrorCode = await broker.Coordinators.Groups.HeartbeatAsync(
            request.GroupId, new MemberIdentity(request.MemberId, request.GroupInstanceId, request.GenerationId)),
    };
}
