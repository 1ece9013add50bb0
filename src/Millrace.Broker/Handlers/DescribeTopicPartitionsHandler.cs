using Millrace.Broker.Metadata;
using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>DescribeTopicPartitions 0 (KIP-966): topics in the order of their names, in pages of a limited number of partitions.</summary>
internal sealed class DescribeTopicPartitionsHandler(BrokerContext broker) : RequestHandler<DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse>
{
    private const int MaxPartitions = 2000;

    protected override int ResponseCapacity => 4096;

    protected override ValueTask<DescribeTopicPartitionsResponse?> HandleAsync(DescribeTopicPartitionsRequest request, RequestContext context)
    {
        var response = new DescribeTopicPartitionsResponse();
        IEnumerable<string> names = request.Topics.Count > 0
            ? request.Topics.Select(static t => t.Name).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
            : broker.Topics.All.Select(static t => t.Name);
        string from = request.Cursor?.TopicName ?? "";
        int room = Math.Clamp(request.ResponsePartitionLimit, 1, MaxPartitions);
        foreach (string name in names.Where(n => string.CompareOrdinal(n, from) >= 0))
        {
            int first = name == from ? Math.Max(request.Cursor!.PartitionIndex, 0) : 0;
            if (room == 0)
            {
                response.NextCursor = new() { TopicName = name, PartitionIndex = first };
                break;
            }

            var described = Describe(name, first, room, out int next);
            response.Topics.Add(described);
            room -= described.Partitions.Count;
            if (next < 0) continue;
            response.NextCursor = new() { TopicName = name, PartitionIndex = next };
            break;
        }

        return new(response);
    }

    private DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponseTopic Describe(string name, int first, int room, out int next)
    {
        next = -1;
        if (broker.Topics.Find(name) is not { } topic)
            return new() { Name = name, ErrorCode = TopicNames.Problem(name) is null ? ErrorCode.UnknownTopicOrPartition : ErrorCode.InvalidTopic };
        var described = new DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponseTopic
        {
            Name = name,
            TopicId = topic.Id,
            IsInternal = topic.IsInternal,
            TopicAuthorizedOperations = AuthorizedOperations.Topic,
        };
        int end = Math.Min(topic.Partitions.Count, first + room);
        for (int i = first; i < end; i++)
        {
            var replication = broker.ReplicationOf(topic.Partitions[i]);
            described.Partitions.Add(new()
            {
                PartitionIndex = i,
                LeaderId = replication.Leader,
                LeaderEpoch = topic.Partitions[i].LeaderEpoch,
                ReplicaNodes = [.. replication.Replicas],
                IsrNodes = [.. replication.InSync],
                EligibleLeaderReplicas = [],
                LastKnownElr = [],
            });
        }

        if (end < topic.Partitions.Count) next = end;
        return described;
    }
}
