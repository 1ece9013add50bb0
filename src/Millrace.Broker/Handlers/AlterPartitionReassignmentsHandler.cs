using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>AlterPartitionReassignments 0–1 (KIP-455). The only assignment that one node allows is the one that every partition has.</summary>
internal sealed class AlterPartitionReassignmentsHandler(BrokerContext broker)
    : RequestHandler<AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse>
{
    protected override ValueTask<AlterPartitionReassignmentsResponse?> HandleAsync(AlterPartitionReassignmentsRequest request, RequestContext context)
    {
        var response = new AlterPartitionReassignmentsResponse { AllowReplicationFactorChange = request.AllowReplicationFactorChange };
        foreach (var topic in request.Topics)
        {
            var answered = new AlterPartitionReassignmentsResponse.ReassignableTopicResponse { Name = topic.Name };
            foreach (var partition in topic.Partitions)
            {
                var (error, message) = Check(topic.Name, partition);
                answered.Partitions.Add(new() { PartitionIndex = partition.PartitionIndex, ErrorCode = error, ErrorMessage = message });
            }

            response.Responses.Add(answered);
        }

        return new(response);
    }

    private (ErrorCode Error, string? Message) Check(string topic, AlterPartitionReassignmentsRequest.ReassignablePartition partition)
    {
        if (broker.Topics.FindPartition(topic, partition.PartitionIndex) is null) return (ErrorCode.UnknownTopicOrPartition, ErrorCode.UnknownTopicOrPartition.Text());
        return partition.Replicas switch
        {
            null => (ErrorCode.NoReassignmentInProgress, ErrorCode.NoReassignmentInProgress.Text()),
            [var id] when id == broker.Node.NodeId => (ErrorCode.None, null),
            _ => (ErrorCode.InvalidReplicaAssignment, $"the cluster has node {broker.Node.NodeId} only: replicas must be [{broker.Node.NodeId}]"),
        };
    }
}
