using Millrace.Broker.Metadata;

namespace Millrace.Broker.Configuration;

/// <summary>A setting of the broker as DescribeConfigs shows it.</summary>
internal sealed record BrokerConfig(string Name, string? Value, bool IsSet, ConfigType Type, string Documentation);

/// <summary>Lists the broker's settings: its own, then the defaults that topics inherit.</summary>
internal static class BrokerConfigs
{
    public static IEnumerable<BrokerConfig> Of(BrokerContext broker)
    {
        foreach (var definition in BrokerSettings.All)
        {
            string? set = broker.Options.Settings.GetValueOrDefault(definition.Name);
            yield return new BrokerConfig(definition.Name, set ?? Current(broker, definition), set is not null, definition.Type, definition.Documentation);
        }

        // As set, then what nobody has set; the prefixed ones of listeners only where they are set.
        foreach (var (name, value) in broker.Options.Settings.OrderBy(static s => s.Key, StringComparer.Ordinal))
        {
            if (SecuritySettings.Find(name) is { } security) yield return new BrokerConfig(name, security.IsSecret ? null : value, true, security.Type, security.Documentation);
        }

        foreach (var definition in SecuritySettings.All)
        {
            if (!broker.Options.Settings.ContainsKey(definition.Name))
                yield return new BrokerConfig(definition.Name, definition.IsSecret ? null : definition.Default, false, definition.Type, definition.Documentation);
        }

        var topics = broker.Topics.Definitions;
        foreach (var definition in TopicConfigDefinitions.All)
        {
            if (definition.BrokerName is { } name)
                yield return new BrokerConfig(name, topics.DefaultOf(definition), topics.IsBrokerDefault(definition), definition.Type, definition.Documentation);
        }
    }

    private static string Current(BrokerContext broker, ConfigDefinition definition) => definition.Name switch
    {
        "node.id" or "broker.id" => $"{broker.Node.NodeId}",
        "advertised.listeners" => $"PLAINTEXT://{broker.Node.Host}:{broker.Node.Port}",
        "listeners" => $"PLAINTEXT://{broker.Options.Listen}",
        "log.dirs" => Path.GetFullPath(broker.Options.DataDirectory),
        "num.partitions" => $"{broker.Options.DefaultPartitions}",
        "auto.create.topics.enable" => broker.Options.AutoCreateTopics ? "true" : "false",
        "delete.topic.enable" => broker.Options.DeleteTopics ? "true" : "false",
        "socket.request.max.bytes" => $"{broker.Options.MaxRequestBytes}",
        "connections.max.idle.ms" => $"{(long)broker.Options.MaxConnectionIdle.TotalMilliseconds}",
        "fetch.max.bytes" => $"{broker.Options.MaxFetchBytes}",
        _ => definition.Default,
    };
}
