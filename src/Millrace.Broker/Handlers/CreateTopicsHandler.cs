using Millrace.Broker.Metadata;
using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>CreateTopics 2–7 (KIP-4, KIP-464 defaults by −1, KIP-525 configurations in the response, KIP-516 topic ids).</summary>
internal sealed class CreateTopicsHandler(BrokerContext broker) : RequestHandler<CreateTopicsRequest, CreateTopicsResponse>
{
    private const int Default = -1;

    protected override async ValueTask<CreateTopicsResponse?> HandleAsync(CreateTopicsRequest request, RequestContext context)
    {
        var response = new CreateTopicsResponse();
        foreach (var same in request.Topics.GroupBy(static t => t.Name, StringComparer.Ordinal))
        {
            response.Topics.Add(same.Count() > 1
                ? new() { Name = same.Key, ErrorCode = ErrorCode.InvalidRequest, ErrorMessage = $"the request names the topic '{same.Key}' more than once" }
                : await CreateAsync(same.First(), request.ValidateOnly));
        }

        return response;
    }

    private async ValueTask<CreateTopicsResponse.CreatableTopicResult> CreateAsync(CreateTopicsRequest.CreatableTopic asked, bool validateOnly)
    {
        var result = new CreateTopicsResponse.CreatableTopicResult { Name = asked.Name };
        try
        {
            int partitions = Partitions(asked);
            var configs = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var config in asked.Configs)
                configs[config.Name] = config.Value ?? throw new RequestFailedException(ErrorCode.InvalidConfig, $"Null value not supported for topic configs: {config.Name}");
            var topic = await broker.Topics.CreateAsync(asked.Name, partitions, configs, validateOnly);
            if (topic is not null) broker.Cluster?.Place(topic.Id, asked.ReplicationFactor, Assignments(asked));
            result.TopicId = topic?.Id ?? Guid.Empty;
            result.NumPartitions = partitions;
            result.ReplicationFactor = (short)(topic is null ? Math.Max(asked.ReplicationFactor, (short)1) : broker.ReplicationOf(topic.Partitions[0]).Replicas.Count);
            result.Configs = [.. TopicConfigDefinitions.All.Select(d => Describe(d, configs))];
        }
        catch (RequestFailedException e)
        {
            result.ErrorCode = e.Error;
            result.ErrorMessage = e.Message;
        }

        return result;
    }

    private CreateTopicsResponse.CreatableTopicConfigs Describe(ConfigDefinition definition, Dictionary<string, string> configs) => new()
    {
        Name = definition.Name,
        Value = configs.GetValueOrDefault(definition.Name) ?? broker.Topics.Definitions.DefaultOf(definition),
        ConfigSource = (sbyte)ConfigSources.Of(broker.Topics.Definitions, definition, configs),
    };

    private int Partitions(CreateTopicsRequest.CreatableTopic asked)
    {
        if (asked.Assignments.Count > 0) return AssignedPartitions(asked);
        if (broker.Cluster is { } cluster && asked.ReplicationFactor > 0)
        {
            cluster.CheckFactor(asked.ReplicationFactor);
        }
        else if (asked.ReplicationFactor is not (Default or 1))
        {
            throw new RequestFailedException(ErrorCode.InvalidReplicationFactor, asked.ReplicationFactor <= 0
                ? "Replication factor must be larger than 0, or -1 to use the default value."
                : $"Unable to replicate the partition {asked.ReplicationFactor} time(s): this broker is one node. Use a replication factor of 1, or of -1 for the broker's default");
        }

        return asked.NumPartitions == Default ? broker.Options.DefaultPartitions : asked.NumPartitions;
    }

    private static IReadOnlyList<IReadOnlyList<int>>? Assignments(CreateTopicsRequest.CreatableTopic asked) =>
        asked.Assignments.Count == 0 ? null : [.. asked.Assignments.OrderBy(static a => a.PartitionIndex).Select(static a => (IReadOnlyList<int>)a.BrokerIds)];

    private int AssignedPartitions(CreateTopicsRequest.CreatableTopic asked)
    {
        if (asked.NumPartitions != Default || asked.ReplicationFactor != Default)
            throw new RequestFailedException(ErrorCode.InvalidRequest, "with a manual assignment the number of partitions and the replication factor must both be -1");
        var indexes = asked.Assignments.Select(static a => a.PartitionIndex).Order().ToList();
        if (!indexes.SequenceEqual(Enumerable.Range(0, indexes.Count)))
            throw new RequestFailedException(ErrorCode.InvalidReplicaAssignment, "the manual assignment must name the partitions 0, 1, 2 … once each");
        if (broker.Cluster is not null)
        {
            var known = broker.Nodes.Select(static n => n.NodeId).ToHashSet();
            if (asked.Assignments.Any(a => a.BrokerIds.Count == 0 || a.BrokerIds.Distinct().Count() != a.BrokerIds.Count || !known.IsSupersetOf(a.BrokerIds)))
                throw new RequestFailedException(ErrorCode.InvalidReplicaAssignment, $"every partition must be assigned to different ones of the brokers that run: {string.Join(", ", known)}");
        }
        else if (asked.Assignments.Any(a => a.BrokerIds is not [var id] || id != broker.Node.NodeId))
            throw new RequestFailedException(ErrorCode.InvalidReplicaAssignment, $"every partition must be assigned to [{broker.Node.NodeId}], the only node");
        return indexes.Count;
    }
}
