using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>DeleteTopics 1–6 (KIP-4, KIP-516: from 6 on by name or by id).</summary>
internal sealed class DeleteTopicsHandler(BrokerContext broker) : RequestHandler<DeleteTopicsRequest, DeleteTopicsResponse>
{
    protected override async ValueTask<DeleteTopicsResponse?> HandleAsync(DeleteTopicsRequest request, RequestContext context)
    {
        var response = new DeleteTopicsResponse();
        foreach (string name in request.TopicNames) response.Responses.Add(await DeleteAsync(name, Guid.Empty));
        foreach (var topic in request.Topics) response.Responses.Add(await DeleteAsync(topic.Name, topic.TopicId));
        return response;
    }

    private async ValueTask<DeleteTopicsResponse.DeletableTopicResult> DeleteAsync(string? name, Guid id)
    {
        var result = new DeleteTopicsResponse.DeletableTopicResult { Name = name, TopicId = id };
        try
        {
            if (!broker.Options.DeleteTopics) throw new RequestFailedException(ErrorCode.TopicDeletionDisabled, "delete.topic.enable is false on this broker");
            if (name is not null && id != Guid.Empty) throw new RequestFailedException(ErrorCode.InvalidRequest, "a topic is named by its name or by its id, not by both");
            var topic = name is null ? broker.Topics.Find(id) : broker.Topics.Find(name);
            if (topic is null)
            {
                var unknown = name is null ? ErrorCode.UnknownTopicId : ErrorCode.UnknownTopicOrPartition;
                throw new RequestFailedException(unknown, unknown.Text());
            }

            result.Name = topic.Name;
            result.TopicId = topic.Id;
            await broker.Topics.DeleteAsync(topic.Name);
        }
        catch (RequestFailedException e)
        {
            result.ErrorCode = e.Error;
            result.ErrorMessage = e.Message;
        }

        return result;
    }
}
