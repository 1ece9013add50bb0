using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Millrace.Connect.Configuration;
using Millrace.Connect.Rest;
using Millrace.Connect.Storage;

namespace Millrace.Connect;

/// <summary>
/// A Kafka Connect worker: runs connectors whose configurations are in Kafka, and serves Kafka Connect's REST interface. One worker for each
/// <c>group.id</c>; a second one takes over and fences the first.
/// </summary>
public sealed class ConnectWorker : IAsyncDisposable
{
    private readonly WorkerServices _services;
    private readonly SemaphoreSlim _changes = new(1, 1);
    private readonly SortedDictionary<string, ConnectorInstance> _connectors = new(StringComparer.Ordinal);
    private readonly ILogger _logger;
    private WebApplication? _rest;
    private bool _disposed;

    private ConnectWorker(WorkerServices services)
    {
        _services = services;
        _logger = services.LoggerFactory.CreateLogger<ConnectWorker>();
    }

    /// <summary>The address at which REST is served, with the port that was bound.</summary>
    public Uri Address { get; private set; } = new("http://127.0.0.1:0");

    internal string WorkerId { get; private set; } = "";

    /// <summary>The stored connectors are known; before, REST has nothing true to say.</summary>
    internal bool IsReady { get; private set; }

    internal WorkerServices Services => _services;

    /// <summary>Opens the internal topics, starts the stored connectors and serves REST.</summary>
    /// <exception cref="ConnectException">Kafka cannot be reached, or a topic is not as it must be; the message says what to do.</exception>
    public static async Task<ConnectWorker> StartAsync(ConnectWorkerOptions options, ConnectPlugins plugins, ILoggerFactory loggerFactory, CancellationToken cancellationToken = default)
    {
        var clients = new KafkaClients(options);
        var services = new WorkerServices(options, plugins, clients, new OffsetStore(clients, options), new ConfigStore(clients, options), new StatusStore(clients, options), loggerFactory);
        var worker = new ConnectWorker(services);
        try
        {
            await worker.OpenAsync(cancellationToken);
            return worker;
        }
        catch (Confluent.Kafka.KafkaException e)
        {
            await worker.DisposeAsync();
            throw new ConnectException($"Kafka at {options.BootstrapServers} does not answer as needed: {e.Error.Reason}. Check bootstrap.servers and that the broker runs.", e);
        }
        catch
        {
            await worker.DisposeAsync();
            throw;
        }
    }

    /// <summary>Creates a connector, or replaces its configuration: what PUT /connectors/{name}/config does.</summary>
    /// <returns>True if it is new.</returns>
    /// <exception cref="ConfigException">The configuration is invalid.</exception>
    public async Task<bool> PutConnectorAsync(string name, IReadOnlyDictionary<string, string> config, CancellationToken cancellationToken = default) =>
        await PutAsync(name, config, null, onlyNew: false, cancellationToken);

    /// <summary>Reads a connector's JSON file as it would be posted: <c>{"name":…,"config":{…}}</c>, and creates or replaces the connector.</summary>
    public async Task<bool> PutConnectorFileAsync(string path, CancellationToken cancellationToken = default)
    {
        var (name, config, state) = ConnectorJson.Parse(await File.ReadAllTextAsync(path, cancellationToken), path);
        return await PutAsync(name, config, state, onlyNew: false, cancellationToken);
    }

    /// <summary>Ends all tasks, after committing what they have, and the server.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed) return;
        _disposed = true;
        if (_rest is not null) await _rest.DisposeAsync();
        await _changes.WaitAsync();
        await Task.WhenAll(_connectors.Values.Select(c => c.EndAsync()));
        _services.Statuses.Dispose();
        await _services.Configs.DisposeAsync();
        _changes.Dispose();
    }

    internal ConnectorInstance[] Connectors
    {
        get
        {
            lock (_connectors) return [.. _connectors.Values];
        }
    }

    internal ConnectorInstance Find(string name)
    {
        lock (_connectors) return _connectors.GetValueOrDefault(name) ?? throw new RestException(HttpStatusCode.NotFound, $"Connector {name} not found");
    }

    internal async Task<bool> PutAsync(string name, IReadOnlyDictionary<string, string> given, string? state, bool onlyNew, CancellationToken cancellationToken)
    {
        var config = Named(name, given);
        var validation = await ValidateAsync(config.GetString("connector.class", ""), config, cancellationToken);
        if (validation.ErrorCount > 0) throw new ConfigException(validation.Describe());
        return await ChangeAsync(async () =>
        {
            ConnectorInstance? connector;
            lock (_connectors) _connectors.TryGetValue(name, out connector);
            if (connector is not null && onlyNew) throw new RestException(HttpStatusCode.Conflict, $"Connector {name} already exists");
            var isNew = connector is null;
            connector ??= new ConnectorInstance(name, _services, WorkerId);
            await _services.Configs.PutConnectorAsync(name, config, state ?? (isNew ? "STARTED" : null));
            if (state is not null) connector.TargetState = state;
            lock (_connectors) _connectors[name] = connector;
            await connector.ApplyAsync(config);
            return isNew;
        });
    }

    internal Task SetTargetStateAsync(string name, string state) => ChangeAsync(async () =>
    {
        var connector = Find(name);
        if (connector.TargetState == state) return true;
        await _services.Configs.PutTargetStateAsync(name, state);
        connector.TargetState = state;
        await connector.ApplyAsync(connector.Config);
        return true;
    });

    internal Task RestartAsync(string name, bool onlyFailed, bool includeTasks) => ChangeAsync(async () =>
    {
        var connector = Find(name);
        if (!onlyFailed || connector.State == "FAILED")
        {
            // Without includeTasks Kafka restarts only the Connector object; ours is made anew with its tasks, so only a failed one needs it.
            if (includeTasks || connector.State == "FAILED") await connector.ApplyAsync(connector.Config);
            return true;
        }

        if (includeTasks)
        {
            foreach (var task in connector.Tasks.Where(t => t.State == "FAILED")) await connector.RestartTaskAsync(task);
        }

        return true;
    });

    internal Task RestartTaskAsync(string name, int task) => ChangeAsync(async () =>
    {
        var connector = Find(name);
        await connector.RestartTaskAsync(connector.Tasks.ElementAtOrDefault(task) ?? throw new RestException(HttpStatusCode.NotFound, $"Unknown task: {name}-{task}"));
        return true;
    });

    internal Task DeleteAsync(string name) => ChangeAsync(async () =>
    {
        var connector = Find(name);
        await _services.Configs.DeleteAsync(name);
        lock (_connectors) _connectors.Remove(name);
        await connector.RemoveAsync();
        return true;
    });

    internal Task<T> WhileStoppedAsync<T>(string name, Func<ConnectorInstance, Task<T>> action) => ChangeAsync(async () =>
    {
        var connector = Find(name);
        if (connector.TargetState != "STOPPED")
            throw new RestException(HttpStatusCode.BadRequest, "Connectors must be in the STOPPED state before their offsets can be modified. This can be done for the specified connector by issuing a 'PUT' request to the '/connectors/{name}/stop' endpoint.");
        return await action(connector);
    });

    internal async Task<ConfigValidation> ValidateAsync(string className, IReadOnlyDictionary<string, string> config, CancellationToken cancellationToken)
    {
        if (className.Length == 0) throw new RestException(HttpStatusCode.BadRequest, "Connector config {} contains no connector type: connector.class is missing.");
        var connector = _services.Plugins.CreateConnector(className);
        return await ConnectorValidation.CheckAllAsync(connector, ConfigSubstitution.Resolve(config.GetString("name", ""), config, _services.Options), _services.Plugins, cancellationToken);
    }

    private static Dictionary<string, string> Named(string name, IReadOnlyDictionary<string, string> config)
    {
        if (name.Length == 0 || name.Any(char.IsControl)) throw new RestException(HttpStatusCode.BadRequest, "The connector's name must not be empty nor contain control characters.");
        if (config.TryGetValue("name", out var inner) && inner != name)
            throw new RestException(HttpStatusCode.BadRequest, $"Connector name configuration ({inner}) doesn't match connector name in the URL ({name})");
        return new(config, StringComparer.Ordinal) { ["name"] = name };
    }

    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        // First: a worker that cannot listen must not have taken over from the one that has the address.
        (_rest, Address) = await RestServer.StartAsync(this, cancellationToken);
        WorkerId = Address.Authority;
        await _services.Offsets.OpenAsync();
        await _services.Statuses.OpenAsync();
        var stored = await _services.Configs.OpenAsync(cancellationToken);
        foreach (var (name, connector) in stored)
        {
            var instance = new ConnectorInstance(name, _services, WorkerId) { TargetState = connector.TargetState };
            lock (_connectors) _connectors[name] = instance;
            await instance.ApplyAsync(connector.Config);
        }

        IsReady = true;
        foreach (var notice in _services.Options.Notices) _logger.WorkerNotice(notice);
        _logger.WorkerReady(Address.ToString(), _services.Options.GroupId, _services.Options.BootstrapServers);
    }

    private async Task<T> ChangeAsync<T>(Func<Task<T>> change)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        await _changes.WaitAsync();
        try
        {
            return await change();
        }
        finally
        {
            _changes.Release();
        }
    }
}
