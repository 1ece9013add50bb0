using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Millrace.Operations.Groups;
using Millrace.Operations.Topics;

namespace Millrace.Operations.Overview;

/// <summary>Reads everything about a cluster with few questions, for those who look again every second.</summary>
/// <param name="cluster">The cluster.</param>
public sealed class ClusterService(KafkaCluster cluster)
{
    /// <summary>Brokers, topics with their offsets, and groups with their lag. What cannot be told just now, such as the offsets of a partition without a leader, is 0.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="KafkaException">No broker answers, or one refuses.</exception>
    public async Task<ClusterSnapshot> SnapshotAsync(CancellationToken cancellationToken = default)
    {
        var metadata = await cluster.GetMetadataAsync(cancellationToken);
        var readable = metadata.Topics.Where(static topic => !topic.Error.IsError).OrderBy(static topic => topic.Topic, StringComparer.Ordinal).ToList();
        var led = readable.SelectMany(static topic => topic.Partitions.Where(static partition => partition.Leader >= 0).Select(partition => new TopicPartition(topic.Topic, partition.PartitionId))).ToList();
        var ends = await cluster.ReadEndsAsync(led, cancellationToken, skipFailing: true);
        var groups = await GroupsAsync(ends, cancellationToken);
        return new ClusterSnapshot(
            [.. metadata.Brokers.OrderBy(static broker => broker.BrokerId).Select(static broker => new BrokerInfo(broker.BrokerId, broker.Host, broker.Port, IsController: false))],
            [.. readable.Select(topic => new TopicState(topic.Topic, [.. topic.Partitions.OrderBy(static partition => partition.PartitionId).Select(partition => Partition(topic.Topic, partition))]))],
            groups);

        PartitionInfo Partition(string topic, PartitionMetadata partition)
        {
            var (first, next) = ends.GetValueOrDefault(new TopicPartition(topic, partition.PartitionId));
            return new PartitionInfo(partition.PartitionId, partition.Leader >= 0 ? partition.Leader : null, partition.Replicas, partition.InSyncReplicas, first, next);
        }
    }

    private async Task<List<GroupDetails>> GroupsAsync(Dictionary<TopicPartition, (long First, long Next)> ends, CancellationToken cancellationToken)
    {
        var service = new GroupService(cluster);
        var ids = (await service.ListAsync(cancellationToken)).Select(static group => group.Id).Distinct(StringComparer.Ordinal).ToList();
        var groups = new List<GroupDetails>(ids.Count);
        foreach (var description in await service.DescribeAllAsync(ids, cancellationToken))
        {
            var committed = await service.CommittedAsync(description.GroupId, cancellationToken);
            groups.Add(GroupService.Details(description, committed, ends));
        }

        return groups;
    }
}
