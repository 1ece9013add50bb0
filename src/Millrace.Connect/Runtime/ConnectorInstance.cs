using Microsoft.Extensions.Logging;
using Millrace.Connect.Configuration;

namespace Millrace.Connect;

/// <summary>A connector of this worker: its stored configuration, its target state and its tasks. Changes come one at a time, through the worker.</summary>
internal sealed class ConnectorInstance(string name, WorkerServices services, string workerId)
{
    private readonly ILogger _logger = services.LoggerFactory.CreateLogger<ConnectorInstance>();

    internal string Name => name;

    internal IReadOnlyDictionary<string, string> Config { get; private set; } = new Dictionary<string, string>(StringComparer.Ordinal);

    internal string TargetState { get; set; } = "STARTED";

    internal string State { get; private set; } = "UNASSIGNED";

    internal string? Trace { get; private set; }

    internal string Kind { get; private set; } = "unknown";

    internal IReadOnlyList<TaskInstance> Tasks { get; private set; } = [];

    /// <summary>Runs what the configuration and the target state ask for. A failure becomes the connector's state.</summary>
    internal async Task ApplyAsync(IReadOnlyDictionary<string, string> config)
    {
        await EndTasksAsync();
        Config = config;
        try
        {
            var connector = services.Plugins.CreateConnector(config.GetString("connector.class", ""));
            Kind = connector is ISourceConnector ? "source" : "sink";
            if (TargetState == "STOPPED")
            {
                Set("STOPPED", null);
                return;
            }

            var resolved = ConfigSubstitution.Resolve(name, config, services.Options);
            _logger.ConnectorConfigured(name, ConfigSubstitution.Redacted(resolved));
            ConnectorValidation.Check(connector, resolved, services.Plugins, out var notes).ThrowIfInvalid();
            foreach (var note in notes) _logger.ConfigNote(name, note);
            var taskConfigs = connector.TaskConfigs(resolved, resolved.GetInt32("tasks.max", 1));
            // The stored task configurations are made from the stored configuration, so that no override or secret gets into the topic.
            await services.Configs.PutTasksAsync(name, connector.TaskConfigs(config, config.GetInt32("tasks.max", 1)));
            Tasks = [.. taskConfigs.Select((c, i) => new TaskInstance(new TaskIdentity(name, i), connector, c, services, workerId))];
            if (TargetState == "PAUSED")
            {
                await Task.WhenAll(Tasks.Select(t => t.StopAsync("PAUSED")));
                _logger.ConnectorPaused(name);
            }
            else foreach (var task in Tasks) task.Start();
            Set(TargetState == "PAUSED" ? "PAUSED" : "RUNNING", null);
        }
        catch (Exception e)
        {
            _logger.ConnectorFailed(e, name);
            Set("FAILED", e.ToString());
        }
    }

    internal async Task RestartTaskAsync(TaskInstance task)
    {
        if (TargetState == "PAUSED") return;
        await task.StopAsync("RESTARTING");
        task.Start();
    }

    internal async Task RemoveAsync()
    {
        var tasks = Tasks;
        await EndTasksAsync();
        foreach (var task in tasks) task.Forget();
        services.Statuses.Connector(name, null, null, workerId);
    }

    internal async Task EndAsync()
    {
        await EndTasksAsync();
        if (State is not "FAILED" and not "STOPPED") Set("UNASSIGNED", null);
    }

    private async Task EndTasksAsync()
    {
        var tasks = Tasks;
        Tasks = [];
        await Task.WhenAll(tasks.Select(t => t.StopAsync("UNASSIGNED")));
    }

    private void Set(string state, string? trace)
    {
        State = state;
        Trace = trace;
        services.Statuses.Connector(name, state, trace, workerId);
    }
}
