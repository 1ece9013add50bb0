using System.Globalization;

namespace Millrace.Console.Backends.Connect;

/// <summary>A connector as Kafka Connect's REST describes it.</summary>
internal sealed record Connector(
    string Name,
    string Type,
    string State,
    string Worker,
    string? Trace,
    IReadOnlyList<ConnectorTask> Tasks,
    IReadOnlyDictionary<string, string> Config,
    IReadOnlyList<string> Topics)
{
    public bool IsSource => string.Equals(Type, "source", StringComparison.OrdinalIgnoreCase);

    /// <summary>The worst state among the connector and its tasks.</summary>
    public string WorstState =>
        Tasks.Any(static task => task.State == "FAILED") ? "FAILED" : State is "RUNNING" && Tasks.FirstOrDefault(static task => task.State != "RUNNING") is { } odd ? odd.State : State;

    public string ClassName => Config.GetValueOrDefault("connector.class", "");

    /// <summary>Records per second through its tasks, where the worker tells.</summary>
    public double? Rate
    {
        get
        {
            double? sum = null;
            foreach (var (_, value) in Tasks.SelectMany(static task => task.Metrics).Where(static metric => metric.Key == "records_per_second"))
            {
                if (double.TryParse(value, CultureInfo.InvariantCulture, out var rate)) sum = (sum ?? 0) + rate;
            }

            return sum;
        }
    }

    /// <summary>The consumer group of a sink connector, as Kafka Connect names it.</summary>
    public string ConsumerGroup => Config.GetValueOrDefault("consumer.override.group.id") ?? "connect-" + Name;
}

/// <summary>One task of a connector.</summary>
internal sealed record ConnectorTask(int Id, string State, string Worker, string? Trace)
{
    /// <summary>What the worker counts of it: records_per_second, records, errors …; empty where the worker's REST tells nothing (Apache's tells it by JMX only).</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Metrics { get; init; } = [];
}
