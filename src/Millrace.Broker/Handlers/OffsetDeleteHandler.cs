using Millrace.Broker.Log;
using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>OffsetDelete 0 (KIP-496): removes committed offsets of topics that no member of the group reads.</summary>
internal sealed class OffsetDeleteHandler(BrokerContext broker) : RequestHandler<OffsetDeleteRequest, OffsetDeleteResponse>
{
    protected override async ValueTask<OffsetDeleteResponse?> HandleAsync(OffsetDeleteRequest request, RequestContext context)
    {
        List<TopicPartition> partitions = [];
        List<OffsetDeleteResponse.OffsetDeleteResponsePartition> answers = [];
        var response = new OffsetDeleteResponse();
        foreach (var topic in request.Topics)
        {
            var answered = new OffsetDeleteResponse.OffsetDeleteResponseTopic { Name = topic.Name };
            response.Topics.Add(answered);
            foreach (var partition in topic.Partitions)
            {
                var answer = new OffsetDeleteResponse.OffsetDeleteResponsePartition { PartitionIndex = partition.PartitionIndex };
                answered.Partitions.Add(answer);
                if (broker.Topics.FindPartition(topic.Name, partition.PartitionIndex) is null)
                {
                    answer.ErrorCode = ErrorCode.UnknownTopicOrPartition;
                    continue;
                }

                answers.Add(answer);
                partitions.Add(new TopicPartition(topic.Name, partition.PartitionIndex));
            }
        }

        var (error, errors) = await broker.Coordinators.Groups.DeleteOffsetsAsync(request.GroupId, partitions);
        if (error != ErrorCode.None) return new OffsetDeleteResponse { ErrorCode = error };
        for (var i = 0; i < answers.Count; i++) answers[i].ErrorCode = errors[i];
        return response;
    }
}
