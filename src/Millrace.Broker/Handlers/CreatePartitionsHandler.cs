using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>CreatePartitions 0–3 (KIP-195).</summary>
internal sealed class CreatePartitionsHandler(BrokerContext broker) : RequestHandler<CreatePartitionsRequest, CreatePartitionsResponse>
{
    protected override async ValueTask<CreatePartitionsResponse?> HandleAsync(CreatePartitionsRequest request, RequestContext context)
    {
        var response = new CreatePartitionsResponse();
        foreach (var topic in request.Topics)
        {
            var result = new CreatePartitionsResponse.CreatePartitionsTopicResult { Name = topic.Name };
            try
            {
                if (topic.Assignments?.Any(a => a.BrokerIds is not [var id] || id != broker.Node.NodeId) == true)
                    throw new RequestFailedException(ErrorCode.InvalidReplicaAssignment, $"every new partition must be assigned to [{broker.Node.NodeId}], the only node");
                int have = broker.Topics.Find(topic.Name)?.Partitions.Count ?? 0;
                if (topic.Assignments is { } assignments && have > 0 && assignments.Count != topic.Count - have)
                    throw new RequestFailedException(ErrorCode.InvalidReplicaAssignment, $"{topic.Count - have} new partitions need as many assignments; {assignments.Count} are given");
                await broker.Topics.GrowAsync(topic.Name, topic.Count, request.ValidateOnly);
            }
            catch (RequestFailedException e)
            {
                result.ErrorCode = e.Error;
                result.ErrorMessage = e.Message;
            }

            response.Results.Add(result);
        }

        return response;
    }
}
