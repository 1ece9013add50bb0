using Millrace.Broker.Metadata;

namespace Millrace.Broker.Handlers;

/// <summary>Where a configuration value comes from, by its number in DescribeConfigs (KIP-226).</summary>
internal enum ConfigSource : sbyte
{
    Topic = 1,
    StaticBroker = 4,
    Default = 5,
}

/// <summary>Finds out where values come from.</summary>
internal static class ConfigSources
{
    public static ConfigSource Of(TopicConfigDefinitions definitions, ConfigDefinition definition, IReadOnlyDictionary<string, string> own) =>
        own.ContainsKey(definition.Name) ? ConfigSource.Topic
        : definitions.IsBrokerDefault(definition) ? ConfigSource.StaticBroker
        : ConfigSource.Default;
}
