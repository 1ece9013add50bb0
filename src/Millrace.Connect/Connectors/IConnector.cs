using Millrace.Connect.Configuration;

namespace Millrace.Connect;

/// <summary>A connector: it validates a configuration and divides the work into tasks. Made anew for each validation and each start.</summary>
public interface IConnector
{
    /// <summary>The version that GET /connector-plugins shows.</summary>
    string Version { get; }

    /// <summary>The configuration keys of this connector, without those common to all connectors.</summary>
    ConfigDefinition Config { get; }

    /// <summary>Checks values beyond <see cref="Config"/>: combinations, and things outside such as a database. Add errors to <paramref name="result"/>.</summary>
    ValueTask ValidateAsync(IReadOnlyDictionary<string, string> config, ConfigValidation result, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>The configuration of each task; at most <paramref name="maxTasks"/> of them.</summary>
    IReadOnlyList<IReadOnlyDictionary<string, string>> TaskConfigs(IReadOnlyDictionary<string, string> config, int maxTasks);
}

/// <summary>A connector that reads from elsewhere into Kafka.</summary>
public interface ISourceConnector : IConnector
{
    /// <summary>A new task, not yet started.</summary>
    ISourceTask CreateTask();
}

/// <summary>A connector that writes from Kafka to elsewhere.</summary>
public interface ISinkConnector : IConnector
{
    /// <summary>A new task, not yet started.</summary>
    ISinkTask CreateTask();
}
