using Millrace.Broker.Network;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>ListGroups 0–5 (KIP-518 states from 4, KIP-848 types from 5). Filters are compared without regard to case, as Kafka does.</summary>
internal sealed class ListGroupsHandler(BrokerContext broker) : RequestHandler<ListGroupsRequest, ListGroupsResponse>
{
    private const string ShareType = "share";
    private const string ClassicType = "classic";
    private const string ConsumerType = "consumer";

    protected override async ValueTask<ListGroupsResponse?> HandleAsync(ListGroupsRequest request, RequestContext context)
    {
        var response = new ListGroupsResponse();
        foreach (var group in await broker.Coordinators.Groups.ListAsync())
        {
            var (state, type) = (group.State, group.IsShare ? ShareType : group.IsConsumer ? ConsumerType : ClassicType);
            if (request.TypesFilter.Count > 0 && !request.TypesFilter.Contains(type, StringComparer.OrdinalIgnoreCase)) continue;
            if (request.StatesFilter.Count > 0 && !request.StatesFilter.Contains(state, StringComparer.OrdinalIgnoreCase)) continue;
            response.Groups.Add(new ListGroupsResponse.ListedGroup
            {
                GroupId = group.GroupId,
                ProtocolType = group.ProtocolType,
                GroupState = state,
                GroupType = type,
            });
        }

        return response;
    }
}
