using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>AlterConfigs 0–2 (KIP-133): replaces all settings of a topic. What the request does not name goes back to its default.</summary>
internal sealed class AlterConfigsHandler(BrokerContext broker) : RequestHandler<AlterConfigsRequest, AlterConfigsResponse>
{
    protected override async ValueTask<AlterConfigsResponse?> HandleAsync(AlterConfigsRequest request, RequestContext context)
    {
        var response = new AlterConfigsResponse();
        foreach (var resource in request.Resources)
        {
            var (error, message) = await ConfigResources.AlterAsync(broker, resource.ResourceType, resource.ResourceName, _ => Replace(resource), request.ValidateOnly);
            response.Responses.Add(new() { ErrorCode = error, ErrorMessage = message, ResourceType = resource.ResourceType, ResourceName = resource.ResourceName });
        }

        return response;
    }

    private static Dictionary<string, string> Replace(AlterConfigsRequest.AlterConfigsResource resource)
    {
        var configs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var config in resource.Configs)
            configs[config.Name] = config.Value ?? throw new RequestFailedException(ErrorCode.InvalidConfig, $"Null value not supported for : {config.Name}");
        return configs;
    }
}
