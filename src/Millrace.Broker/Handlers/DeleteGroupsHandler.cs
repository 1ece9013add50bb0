using Millrace.Broker.Network;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>DeleteGroups 0–2 (KIP-229): removes groups without members, with their offsets.</summary>
internal sealed class DeleteGroupsHandler(BrokerContext broker) : RequestHandler<DeleteGroupsRequest, DeleteGroupsResponse>
{
    protected override async ValueTask<DeleteGroupsResponse?> HandleAsync(DeleteGroupsRequest request, RequestContext context)
    {
        var response = new DeleteGroupsResponse();
        foreach (var groupId in request.GroupsNames)
        {
            response.Results.Add(new DeleteGroupsResponse.DeletableGroupResult
            {
                GroupId = groupId,
                ErrorCode = await broker.Coordinators.Groups.DeleteAsync(groupId),
            });
        }

        return response;
    }
}
