using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>ElectLeaders 0–2 (KIP-183, KIP-460). On one node every partition has the leader that it prefers: ELECTION_NOT_NEEDED; a cluster of a test elects.</summary>
internal sealed class ElectLeadersHandler(BrokerContext broker) : RequestHandler<ElectLeadersRequest, ElectLeadersResponse>
{
    private const sbyte Unclean = 1;

    protected override async ValueTask<ElectLeadersResponse?> HandleAsync(ElectLeadersRequest request, RequestContext context)
    {
        var response = new ElectLeadersResponse();

        // Without a list all partitions are meant, and those that need no election are left out of the answer.
        foreach (var topic in request.TopicPartitions ?? [])
        {
            var result = new ElectLeadersResponse.ReplicaElectionResult { Topic = topic.Topic };
            foreach (int partition in topic.Partitions)
            {
                var error = broker.Topics.FindPartition(topic.Topic, partition) is not { } log ? ErrorCode.UnknownTopicOrPartition
                    : broker.Cluster is { } cluster ? await cluster.ElectAsync(log, request.ElectionType == Unclean)
                    : ErrorCode.ElectionNotNeeded;
                result.PartitionResult.Add(new() { PartitionId = partition, ErrorCode = error, ErrorMessage = error.Text() });
            }

            response.ReplicaElectionResults.Add(result);
        }

        return response;
    }
}
