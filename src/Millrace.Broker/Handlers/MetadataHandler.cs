using Millrace.Broker.Cluster;
using Millrace.Broker.Metadata;
using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>
/// Metadata 0–13 (KIP-4, KIP-516 topic ids). Topics that are asked for by name are created where auto.create.topics.enable allows it: always below
/// version 4, which cannot say otherwise, and from 4 on if the request says so.
/// </summary>
internal sealed class MetadataHandler(BrokerContext broker) : RequestHandler<MetadataRequest, MetadataResponse>
{
    private static readonly Dictionary<string, string> NoConfigs = [];

    protected override int ResponseCapacity => 2048;

    protected override async ValueTask<MetadataResponse?> HandleAsync(MetadataRequest request, RequestContext context)
    {
        var response = new MetadataResponse { ClusterId = broker.Node.ClusterId, ControllerId = broker.ControllerId };
        foreach (var node in broker.Nodes.Select(n => n.On(context.Connection.Listener))) response.Brokers.Add(new() { NodeId = node.NodeId, Host = node.Host, Port = node.Port });
        if (request.IncludeClusterAuthorizedOperations) response.ClusterAuthorizedOperations = AuthorizedOperations.Cluster;
        bool all = request.Topics is null || (context.Version == 0 && request.Topics.Count == 0);
        if (all)
        {
            foreach (var topic in broker.Topics.All) response.Topics.Add(Describe(topic));
        }
        else
        {
            bool create = broker.Options.AutoCreateTopics && request.AllowAutoTopicCreation;
            foreach (var asked in request.Topics!) response.Topics.Add(await DescribeAsync(asked, create, context.Aborted));
        }

        if (request.IncludeTopicAuthorizedOperations)
        {
            foreach (var topic in response.Topics) topic.TopicAuthorizedOperations = AuthorizedOperations.Topic;
        }

        return response;
    }

    private async ValueTask<MetadataResponse.MetadataResponseTopic> DescribeAsync(MetadataRequest.MetadataRequestTopic asked, bool create, CancellationToken cancellationToken)
    {
        if (asked.Name is null)
            return broker.Topics.Find(asked.TopicId) is { } byId ? Describe(byId) : new() { ErrorCode = ErrorCode.UnknownTopicId, TopicId = asked.TopicId };
        if (broker.Topics.Find(asked.Name) is { } byName) return Describe(byName);
        if (TopicNames.Problem(asked.Name) is not null) return new() { ErrorCode = ErrorCode.InvalidTopic, Name = asked.Name };
        if (!create || TopicNames.IsInternal(asked.Name)) return new() { ErrorCode = ErrorCode.UnknownTopicOrPartition, Name = asked.Name };
        try
        {
            return Describe(await broker.Topics.GetOrCreateAsync(asked.Name, broker.Options.DefaultPartitions, NoConfigs, cancellationToken));
        }
        catch (RequestFailedException e)
        {
            return new() { ErrorCode = e.Error, Name = asked.Name };
        }
    }

    private MetadataResponse.MetadataResponseTopic Describe(Topic topic)
    {
        var described = new MetadataResponse.MetadataResponseTopic { Name = topic.Name, TopicId = topic.Id, IsInternal = topic.IsInternal };
        described.Partitions.EnsureCapacity(topic.Partitions.Count);
        for (int i = 0; i < topic.Partitions.Count; i++)
        {
            var replication = broker.ReplicationOf(topic.Partitions[i]);
            described.Partitions.Add(new()
            {
                PartitionIndex = i,
                ErrorCode = replication.Leader == Replication.NoLeader ? ErrorCode.LeaderNotAvailable : ErrorCode.None,
                LeaderId = replication.Leader,
                LeaderEpoch = topic.Partitions[i].LeaderEpoch,
                ReplicaNodes = [.. replication.Replicas],
                IsrNodes = [.. replication.InSync],
                OfflineReplicas = broker.Cluster is { } cluster ? [.. replication.Replicas.Where(n => !cluster.IsRunning(n))] : [],
            });
        }

        return described;
    }
}
