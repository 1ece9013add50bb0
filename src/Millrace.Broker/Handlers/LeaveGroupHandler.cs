using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>LeaveGroup 0–5 (KIP-345: several members from 3 on, static ones by instance id; KIP-800 reasons from 5).</summary>
internal sealed class LeaveGroupHandler(BrokerContext broker) : RequestHandler<LeaveGroupRequest, LeaveGroupResponse>
{
    private const short FirstBatchedVersion = 3;

    protected override async ValueTask<LeaveGroupResponse?> HandleAsync(LeaveGroupRequest request, RequestContext context)
    {
        if (request.GroupId.Length == 0) return new LeaveGroupResponse { ErrorCode = ErrorCode.InvalidGroupId };
        var groups = broker.Coordinators.Groups;
        if (context.Version < FirstBatchedVersion)
        {
            return new LeaveGroupResponse { ErrorCode = (await groups.LeaveAsync(request.GroupId, [(request.MemberId, null)]))[0] };
        }

        var errors = await groups.LeaveAsync(request.GroupId, [.. request.Members.Select(static m => (m.MemberId, m.GroupInstanceId))]);
        return new LeaveGroupResponse
        {
            Members =
            [
                .. request.Members.Select((m, i) => new LeaveGroupResponse.MemberResponse
                {
                    MemberId = m.MemberId,
                    GroupInstanceId = m.GroupInstanceId,
                    ErrorCode = errors[i],
                }),
            ],
        };
    }
}
