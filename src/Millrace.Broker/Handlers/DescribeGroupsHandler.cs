using Millrace.Broker.Groups;
using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>DescribeGroups 0–6 (KIP-345 from 4; KIP-1043: from 6 on a group that is not there is an error, before it is a dead group).</summary>
internal sealed class DescribeGroupsHandler(BrokerContext broker) : RequestHandler<DescribeGroupsRequest, DescribeGroupsResponse>
{
    private const short FirstNotFoundVersion = 6;

    protected override async ValueTask<DescribeGroupsResponse?> HandleAsync(DescribeGroupsRequest request, RequestContext context)
    {
        var response = new DescribeGroupsResponse();
        foreach (var groupId in request.Groups)
        {
            var group = await broker.Coordinators.Groups.DescribeAsync(groupId);
            var described = group is null ? NotFound(groupId, context.Version, broker.Coordinators.Groups.IsConsumerGroup(groupId)) : Describe(group);
            if (request.IncludeAuthorizedOperations) described.AuthorizedOperations = AuthorizedOperations.Group;
            response.Groups.Add(described);
        }

        return response;
    }

    private static DescribeGroupsResponse.DescribedGroup NotFound(string groupId, short version, bool isConsumer) => new()
    {
        GroupId = groupId,
        GroupState = nameof(GroupState.Dead),
        ErrorCode = version >= FirstNotFoundVersion ? ErrorCode.GroupIdNotFound : ErrorCode.None,
        ErrorMessage = version >= FirstNotFoundVersion ? $"Group {groupId} {(isConsumer ? "is not a classic group" : "not found")}." : null,
    };

    private static DescribeGroupsResponse.DescribedGroup Describe(GroupDescription group) => new()
    {
        GroupId = group.GroupId,
        GroupState = group.State.ToString(),
        ProtocolType = group.ProtocolType,
        ProtocolData = group.Protocol,
        Members =
        [
            .. group.Members.Select(static m => new DescribeGroupsResponse.DescribedGroupMember
            {
                MemberId = m.MemberId,
                GroupInstanceId = m.InstanceId,
                ClientId = m.ClientId,
                ClientHost = m.ClientHost,
                MemberMetadata = m.Metadata,
                MemberAssignment = m.Assignment,
            }),
        ],
    };
}
