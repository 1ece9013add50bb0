using Millrace.Broker.Groups;
using Millrace.Broker.Network;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>
/// JoinGroup 0–9 (KIP-62 rebalance timeout from 1, KIP-394 ids first from 4, KIP-345 static members from 5, KIP-814 skipped assignment from 9). The response waits
/// until all members have joined.
/// </summary>
internal sealed class JoinGroupHandler(BrokerContext broker) : RequestHandler<JoinGroupRequest, JoinGroupResponse>
{
    private const short FirstRebalanceTimeoutVersion = 1;
    private const short FirstKnownMemberIdVersion = 4;
    private const short FirstNullableProtocolVersion = 7;
    private const short FirstSkipVersion = 9;

    protected override async ValueTask<JoinGroupResponse?> HandleAsync(JoinGroupRequest request, RequestContext context)
    {
        var result = await broker.Coordinators.Groups.JoinAsync(new JoinGroupCommand
        {
            GroupId = request.GroupId,
            MemberId = request.MemberId,
            InstanceId = request.GroupInstanceId,
            ProtocolType = request.ProtocolType,
            Protocols = [.. request.Protocols.Select(static p => new GroupProtocol(p.Name, p.Metadata))],
            SessionTimeoutMs = request.SessionTimeoutMs,
            RebalanceTimeoutMs = context.Version < FirstRebalanceTimeoutVersion ? request.SessionTimeoutMs : request.RebalanceTimeoutMs,
            ClientId = context.ClientId,
            ClientHost = "/" + context.Connection.RemoteAddress,
            RequireKnownMemberId = context.Version >= FirstKnownMemberIdVersion && request.GroupInstanceId is null,
            SupportsSkippingAssignment = context.Version >= FirstSkipVersion,
        }).WaitAsync(context.Aborted);
        return new JoinGroupResponse
        {
            ErrorCode = result.Error,
            GenerationId = result.Generation,
            ProtocolType = result.ProtocolType,
            ProtocolName = result.ProtocolName ?? (context.Version < FirstNullableProtocolVersion ? "" : null),
            Leader = result.Leader,
            SkipAssignment = result.SkipAssignment,
            MemberId = result.MemberId,
            Members =
            [
                .. result.Members.Select(static m => new JoinGroupResponse.JoinGroupResponseMember
                {
                    MemberId = m.MemberId,
                    GroupInstanceId = m.InstanceId,
                    Metadata = m.Metadata,
                }),
            ],
        };
    }
}
