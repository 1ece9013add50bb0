using Millrace.Broker.Configuration;
using Millrace.Broker.Metadata;
using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;
using Result = Millrace.Protocol.Messages.DescribeConfigsResponse.DescribeConfigsResourceResult;

namespace Millrace.Broker.Handlers;

/// <summary>DescribeConfigs 1–4 (KIP-133, KIP-226 sources and synonyms, KIP-569 types and documentation).</summary>
internal sealed class DescribeConfigsHandler(BrokerContext broker) : RequestHandler<DescribeConfigsRequest, DescribeConfigsResponse>
{
    protected override int ResponseCapacity => 8192;

    protected override ValueTask<DescribeConfigsResponse?> HandleAsync(DescribeConfigsRequest request, RequestContext context)
    {
        var response = new DescribeConfigsResponse();
        foreach (var resource in request.Resources)
        {
            var result = new DescribeConfigsResponse.DescribeConfigsResult { ResourceType = resource.ResourceType, ResourceName = resource.ResourceName };
            try
            {
                var all = Describe(resource, request.IncludeSynonyms, request.IncludeDocumentation);
                result.Configs.AddRange(resource.ConfigurationKeys is { Count: > 0 } keys ? all.Where(c => keys.Contains(c.Name)) : all);
            }
            catch (RequestFailedException e)
            {
                result.ErrorCode = e.Error;
                result.ErrorMessage = e.Message;
            }

            response.Results.Add(result);
        }

        return new(response);
    }

    private IEnumerable<Result> Describe(DescribeConfigsRequest.DescribeConfigsResource resource, bool synonyms, bool documentation)
    {
        switch ((ConfigResourceType)resource.ResourceType)
        {
            case ConfigResourceType.Topic:
                if (TopicNames.Problem(resource.ResourceName) is { } problem) throw new RequestFailedException(ErrorCode.InvalidTopic, problem);
                var topic = broker.Topics.Find(resource.ResourceName)
                    ?? throw new RequestFailedException(ErrorCode.UnknownTopicOrPartition, $"Topic '{resource.ResourceName}' does not exist.");
                return TopicConfigDefinitions.All.Select(d => Describe(d, topic, synonyms, documentation));
            case ConfigResourceType.Broker:
                if (resource.ResourceName.Length > 0 && resource.ResourceName != $"{broker.Node.NodeId}")
                    throw new RequestFailedException(ErrorCode.InvalidRequest, $"there is no broker '{resource.ResourceName}': this cluster has node {broker.Node.NodeId} only");
                return resource.ResourceName.Length == 0 ? [] : BrokerConfigs.Of(broker).Select(c => Describe(c, synonyms, documentation));
            default:
                throw new RequestFailedException(ErrorCode.InvalidRequest, $"resource type {resource.ResourceType} has no configuration here: topics (2) and brokers (4) have");
        }
    }

    private Result Describe(ConfigDefinition definition, Topic topic, bool synonyms, bool documentation)
    {
        var definitions = broker.Topics.Definitions;
        var result = new Result
        {
            Name = definition.Name,
            Value = topic.Configs.GetValueOrDefault(definition.Name) ?? definitions.DefaultOf(definition),
            ConfigSource = (sbyte)ConfigSources.Of(definitions, definition, topic.Configs),
            ConfigType = (sbyte)definition.Type,
            Documentation = documentation ? definition.Documentation : null,
        };
        if (!synonyms) return result;
        if (topic.Configs.TryGetValue(definition.Name, out string? own)) Synonym(result, definition.Name, own, ConfigSource.Topic);
        if (definition.BrokerName is not { } brokerName) return result;
        if (definitions.IsBrokerDefault(definition)) Synonym(result, brokerName, definitions.DefaultOf(definition), ConfigSource.StaticBroker);
        Synonym(result, brokerName, definition.Default, ConfigSource.Default);
        return result;
    }

    private static Result Describe(BrokerConfig config, bool synonyms, bool documentation)
    {
        var source = config.IsSet ? ConfigSource.StaticBroker : ConfigSource.Default;
        var result = new Result
        {
            Name = config.Name,
            Value = config.Value,
            ReadOnly = true,
            IsSensitive = config.Type == ConfigType.Password,
            ConfigSource = (sbyte)source,
            ConfigType = (sbyte)config.Type,
            Documentation = documentation ? config.Documentation : null,
        };
        if (synonyms) Synonym(result, config.Name, config.Value, source);
        return result;
    }

    private static void Synonym(Result result, string name, string? value, ConfigSource source) =>
        result.Synonyms.Add(new() { Name = name, Value = value, Source = (sbyte)source });
}
