using System.Globalization;
using Millrace.Connect.Configuration;

namespace Millrace.Connect.ClickHouse;

/// <summary>
/// Writes topics into ClickHouse tables over HTTP, under the name and the keys of ClickHouse's own sink. Understands Debezium's envelope and
/// flat records; exactly-once with <c>exactlyOnce=true</c>.
/// </summary>
public sealed class ClickHouseSinkConnector : ISinkConnector
{
    /// <summary>The class name that configurations give.</summary>
    public const string ClassName = "com.clickhouse.kafka.connect.ClickHouseSinkConnector";

    /// <inheritdoc/>
    public string Version => "0.1.0";

    /// <inheritdoc/>
    public ConfigDefinition Config => SinkSettings.Definition;

    /// <summary>Makes the connector known to a worker.</summary>
    /// <param name="plugins">The worker's plugins.</param>
    public static ConnectPlugins AddTo(ConnectPlugins plugins)
    {
        ArgumentNullException.ThrowIfNull(plugins);
        return plugins.AddConnector(ClassName, static () => new ClickHouseSinkConnector());
    }

    /// <inheritdoc/>
    public ISinkTask CreateTask() => new ClickHouseSinkTask();

    /// <inheritdoc/>
    public async ValueTask ValidateAsync(IReadOnlyDictionary<string, string> config, ConfigValidation result, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(result);
        SinkSettings settings;
        try
        {
            settings = SinkSettings.Parse(config);
        }
        catch (ConfigException e)
        {
            result.AddError("topic2TableMap", e.Message);
            return;
        }

        using var target = new ClickHouseTarget(settings);
        try
        {
            await target.QueryAsync("SELECT 1", cancellationToken);
        }
        catch (ClickHouseTargetException e)
        {
            // A server that is down now may be up when the task starts; a refusal stays one.
            if (!e.IsRetriable)
                result.AddError("hostname", e.Message);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<IReadOnlyDictionary<string, string>> TaskConfigs(IReadOnlyDictionary<string, string> config, int maxTasks) =>
        [.. Enumerable.Range(0, Math.Max(1, maxTasks)).Select(number => new Dictionary<string, string>(config, StringComparer.Ordinal)
        {
            ["task.id"] = number.ToString(CultureInfo.InvariantCulture),
        })];
}
