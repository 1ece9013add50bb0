using Millrace.Broker.Metadata;
using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>IncrementalAlterConfigs 0–1 (KIP-339): sets, deletes, appends to or subtracts from single settings of a topic.</summary>
internal sealed class IncrementalAlterConfigsHandler(BrokerContext broker) : RequestHandler<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse>
{
    private enum Operation : sbyte
    {
        Set = 0,
        Delete = 1,
        Append = 2,
        Subtract = 3,
    }

    protected override async ValueTask<IncrementalAlterConfigsResponse?> HandleAsync(IncrementalAlterConfigsRequest request, RequestContext context)
    {
        var response = new IncrementalAlterConfigsResponse();
        foreach (var resource in request.Resources)
        {
            var (error, message) = await ConfigResources.AlterAsync(broker, resource.ResourceType, resource.ResourceName, own => Change(own, resource), request.ValidateOnly);
            response.Responses.Add(new() { ErrorCode = error, ErrorMessage = message, ResourceType = resource.ResourceType, ResourceName = resource.ResourceName });
        }

        return response;
    }

    private Dictionary<string, string> Change(IReadOnlyDictionary<string, string> own, IncrementalAlterConfigsRequest.AlterConfigsResource resource)
    {
        var configs = new Dictionary<string, string>(own, StringComparer.Ordinal);
        foreach (var same in resource.Configs.GroupBy(static c => c.Name, StringComparer.Ordinal))
        {
            if (same.Count() > 1) throw new RequestFailedException(ErrorCode.InvalidRequest, $"the request names {same.Key} more than once");
            Change(configs, same.First());
        }

        return configs;
    }

    private void Change(Dictionary<string, string> configs, IncrementalAlterConfigsRequest.AlterableConfig config)
    {
        var definition = TopicConfigDefinitions.Find(config.Name) ?? throw new RequestFailedException(ErrorCode.InvalidConfig, $"Unknown topic config name: {config.Name}");
        var operation = (Operation)config.ConfigOperation;
        if (operation == Operation.Delete)
        {
            configs.Remove(config.Name);
            return;
        }

        string value = config.Value ?? throw new RequestFailedException(ErrorCode.InvalidConfig, $"Null value not supported for : {config.Name}");
        if (operation == Operation.Set)
        {
            configs[config.Name] = value;
            return;
        }

        if (operation is not (Operation.Append or Operation.Subtract)) throw new RequestFailedException(ErrorCode.InvalidRequest, $"unknown operation {config.ConfigOperation} for {config.Name}");
        if (definition.Type != ConfigType.List) throw new RequestFailedException(ErrorCode.InvalidConfig, $"{operation} needs a list, and {config.Name} is none");
        var items = ConfigDefinition.Items(configs.GetValueOrDefault(config.Name) ?? broker.Topics.Definitions.DefaultOf(definition));
        var given = ConfigDefinition.Items(value);
        configs[config.Name] = string.Join(',', operation == Operation.Append ? items.Union(given, StringComparer.Ordinal) : items.Except(given, StringComparer.Ordinal));
    }
}
