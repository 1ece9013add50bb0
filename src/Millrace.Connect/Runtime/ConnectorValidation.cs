using Millrace.Connect.Configuration;
using Millrace.Kafka.Configuration;

namespace Millrace.Connect;

/// <summary>Validates a connector's whole configuration: common keys, the connector's own, transforms.</summary>
internal static class ConnectorValidation
{
    /// <summary>Checks everything that needs nothing outside.</summary>
    internal static ConfigValidation Check(IConnector connector, IReadOnlyDictionary<string, string> config, ConnectPlugins plugins, out IReadOnlyList<string> notes)
    {
        var definition = ConnectorKeys.For(connector is ISourceConnector).Include(connector.Config);
        var result = definition.Validate(config);
        ConnectorKeys.ValidateTransforms(config, plugins, result);
        foreach (var kind in (string[])["key.converter", "value.converter"])
        {
            if (config.TryGetValue(kind, out var className)) CheckConverter(kind, className);
        }

        foreach (var (kind, role) in ((string, KafkaClientRole)[])[("producer", KafkaClientRole.Producer), ("consumer", KafkaClientRole.Consumer), ("admin", KafkaClientRole.Admin)])
        {
            foreach (var error in KafkaClients.Problems(config.WithPrefix(kind + ".override."), role)) result.AddError($"{kind}.override.{error.Key}", $"{kind}.override.{error.Key}: {error.Message}");
        }

        if (connector is ISinkConnector && config.GetList("topics").Count == 0 == (config.GetString("topics.regex", "").Length == 0))
            result.AddError("topics", "Must configure one of topics or topics.regex, and not both.");
        notes = result.Notes;
        return result;

        void CheckConverter(string kind, string className)
        {
            try
            {
                plugins.CreateConverter(className).Configure(config.WithPrefix(kind + "."), kind == "key.converter");
            }
            catch (ConfigException e)
            {
                result.AddError(kind, e.Message);
            }
        }
    }

    /// <summary>Checks everything, also what lies outside, such as the database.</summary>
    internal static async Task<ConfigValidation> CheckAllAsync(IConnector connector, IReadOnlyDictionary<string, string> config, ConnectPlugins plugins, CancellationToken cancellationToken)
    {
        var result = Check(connector, config, plugins, out _);
        // Values that are wrong by themselves would only produce confusing errors outside.
        if (result.ErrorCount == 0) await connector.ValidateAsync(config, result, cancellationToken);
        return result;
    }
}
