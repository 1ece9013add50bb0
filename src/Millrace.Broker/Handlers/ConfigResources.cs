using Millrace.Broker.Metadata;
using Millrace.Protocol;

namespace Millrace.Broker.Handlers;

/// <summary>What a configuration request can be about, by Kafka's number.</summary>
internal enum ConfigResourceType : sbyte
{
    Topic = 2,
    Broker = 4,
    BrokerLogger = 8,
}

/// <summary>Rules that the configuration APIs share.</summary>
internal static class ConfigResources
{
    /// <summary>Changes a topic's settings; what belongs to the broker is set in its file.</summary>
    /// <returns>The error and its text.</returns>
    public static async ValueTask<(ErrorCode Error, string? Message)> AlterAsync(
        BrokerContext broker, sbyte type, string name, Func<IReadOnlyDictionary<string, string>, IReadOnlyDictionary<string, string>> change, bool validateOnly)
    {
        try
        {
            switch ((ConfigResourceType)type)
            {
                case ConfigResourceType.Topic:
                    if (TopicNames.Problem(name) is { } problem) throw new RequestFailedException(ErrorCode.InvalidTopic, problem);
                    await broker.Topics.ConfigureAsync(name, change, validateOnly);
                    return (ErrorCode.None, null);
                case ConfigResourceType.Broker:
                    throw new RequestFailedException(ErrorCode.InvalidRequest, "settings of this broker are changed in its server.properties and take effect at the next start");
                default:
                    throw new RequestFailedException(ErrorCode.InvalidRequest, $"resource type {type} has no configuration that can be changed here: topics (2) have");
            }
        }
        catch (RequestFailedException e)
        {
            return (e.Error, e.Message);
        }
    }
}
