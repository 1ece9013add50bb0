using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Broker.Cluster;
using Millrace.Broker.Coordination;
using Millrace.Broker.Handlers;
using Millrace.Broker.Log;
using Millrace.Broker.Metadata;
using Millrace.Broker.Network;
using Millrace.Broker.Security;
using Millrace.Broker.Security.Sasl;

namespace Millrace.Broker;

/// <summary>A broker of one node that speaks the Kafka protocol. Disposing it stops it cleanly: the next start needs no recovery.</summary>
public sealed partial class BrokerServer : IAsyncDisposable
{
    /// <summary>The category of the audit log: who has authenticated, and who was refused.</summary>
    internal const string AuditCategory = "Millrace.Broker.Audit";

    private readonly ConcurrentDictionary<(int Node, int Index), BrokerListener> _listeners = new();
    private readonly Func<int, ServerListener, ConnectionSettings> _connections;
    private readonly IReadOnlyList<ServerListener> _serverListeners;
    private readonly BrokerContext _context;
    private readonly ILogger _logger;
    private bool _disposed;

    private BrokerServer(
        IPEndPoint endPoint, IReadOnlyList<ServerListener> listeners, Func<int, ServerListener, ConnectionSettings> connections, BrokerContext context, ILogger logger)
    {
        EndPoint = endPoint;
        _serverListeners = listeners;
        _connections = connections;
        _context = context;
        _logger = logger;
    }

    /// <summary>Gets the address that the broker listens on, with the port that it got; the first where it has several.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Gets what a client writes into <c>bootstrap.servers</c>.</summary>
    public string BootstrapServers => string.Join(',', (_context.Cluster?.Nodes ?? [_context.Node]).Select(static n => ListenAddress.Write(n.Host, n.Port)));

    /// <summary>What a client of one of several listeners writes into <c>bootstrap.servers</c>.</summary>
    /// <param name="listener">The listener's name, as in <c>listeners</c>.</param>
    /// <returns>The address that clients of that listener are told.</returns>
    /// <exception cref="ArgumentException">There is no such listener.</exception>
    public string BootstrapServersOf(string listener)
    {
        var found = _serverListeners.FirstOrDefault(l => l.Name.Equals(listener, StringComparison.OrdinalIgnoreCase))
            ?? throw new ArgumentException($"there is no listener '{listener}'; there are {string.Join(", ", _serverListeners.Select(static l => l.Name))}", nameof(listener));
        return string.Join(',', (_context.Cluster?.Nodes ?? [_context.Node]).Select(n => n.On(found)).Select(static n => ListenAddress.Write(n.Host, n.Port)));
    }

    /// <summary>Gets the cluster's id.</summary>
    public string ClusterId => _context.Node.ClusterId;

    internal BrokerContext Context => _context;

    /// <summary>Starts a broker: takes the address and the data directory, recovers the logs, and serves.</summary>
    /// <param name="options">The options.</param>
    /// <param name="loggers">Where to log; null logs nowhere.</param>
    /// <param name="time">The clock; null is the system's.</param>
    /// <param name="cancellationToken">Gives up starting.</param>
    /// <returns>The running broker.</returns>
    /// <exception cref="BrokerStartException">The broker cannot start; the message says what to do.</exception>
    public static Task<BrokerServer> StartAsync(
        BrokerOptions options, ILoggerFactory? loggers = null, TimeProvider? time = null, CancellationToken cancellationToken = default) =>
        StartAsync(options, cluster: null, loggers, time, cancellationToken);

    /// <summary>The same, as several nodes.</summary>
    /// <param name="options">The options.</param>
    /// <param name="cluster">The nodes to be; null for the usual one.</param>
    /// <param name="loggers">Where to log; null logs nowhere.</param>
    /// <param name="time">The clock; null is the system's.</param>
    /// <param name="cancellationToken">Gives up starting.</param>
    internal static async Task<BrokerServer> StartAsync(
        BrokerOptions options, ClusterSettings? cluster, ILoggerFactory? loggers, TimeProvider? time, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        loggers ??= NullLoggerFactory.Instance;
        time ??= TimeProvider.System;
        var logger = loggers.CreateLogger<BrokerServer>();
        var started = new StartedParts();
        try
        {
            var listeners = ServerListener.Create(options);
            var limits = ConnectionLimits.Create(options);
            var audit = loggers.CreateLogger(AuditCategory);
            if (cluster is not null && listeners.Count > 1) throw new BrokerStartException("a cluster of a test has one listener; the settings name several");
            var sockets = ListenAddress.Series(ListenAddress.Parse(listeners[0].Definition.Address), cluster?.Brokers ?? 1).Select(e => started.Add(BrokerListener.Bind(e))).ToList();
            var others = listeners.Skip(1).Select(l => started.Add(BrokerListener.Bind(ListenAddress.Parse(l.Definition.Address)))).ToList();
            var directory = DataDirectory.Open(options.DataDirectory, options.ClusterId, options.NodeId);
            var security = SecurityStore.Open(directory.Path);
            FirstScramUser.Create(options.AddScram, security);
            foreach (var listener in listeners) listener.ReadUsers(options, security, time);
            var nodes = sockets.Select((socket, i) => Identity(options.NodeId + i, directory.ClusterId, listeners, [socket, .. others])).ToList();
            var context = await OpenAsync(options, nodes[0], directory, security, started, loggers, time, cancellationToken);
            if (cluster is not null) context = context with { Cluster = started.Add(new VirtualCluster(nodes, cluster.DefaultReplicationFactor)) };
            foreach (string notice in options.Notices) LogNotice(logger, notice);
            var dispatcher = new RequestDispatcher(HandlerRegistry.Create(context));
            var server = new BrokerServer(
                (IPEndPoint)sockets[0].LocalEndPoint!,
                listeners,
                (node, listener) => new ConnectionSettings(dispatcher, options.MaxRequestBytes, options.MaxConnectionIdle, time, node, listener, audit, limits, cluster?.Interceptor),
                context,
                logger);
            foreach (var (node, socket) in nodes.Zip(sockets)) server.Serve(node.NodeId, listeners[0], socket);
            foreach (var (listener, socket) in listeners.Skip(1).Zip(others)) server.Serve(options.NodeId, listener, socket);
            started.Release();
            LogServing(logger, server.EndPoint, nodes[0].Host, nodes[0].Port, nodes[0].ClusterId, directory.Path, context.Topics.All.Count);
            return server;
        }
        catch (IOException e)
        {
            await started.DisposeAsync();
            throw new BrokerStartException(e.Message, e);
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops accepting, ends the connections, flushes and closes the logs.</summary>
    /// <returns>A task that completes when the data directory is free.</returns>
    public async ValueTask DisposeAsync()
    {
        if (_disposed) return;
        _disposed = true;
        await Task.WhenAll(_listeners.Values.Select(static l => l.DisposeAsync().AsTask()));
        _context.Cluster?.Dispose();
        _context.Coordinators.Dispose();
        await _context.Logs.DisposeAsync();
        _context.Topics.Dispose();
        LogStopped(_logger, _context.Node.ClusterId);
    }

    private static NodeIdentity Identity(int nodeId, string clusterId, IReadOnlyList<ServerListener> listeners, IReadOnlyList<Socket> sockets)
    {
        List<NodeIdentity> each = [.. listeners.Zip(sockets, (listener, socket) => ListenAddress.Advertise(nodeId, clusterId, listener.Definition.Advertised, (IPEndPoint)socket.LocalEndPoint!))];
        return each[0] with { OnListeners = each.Count > 1 ? each : [] };
    }

    private void Serve(int node, ServerListener listener, Socket socket)
    {
        var bound = (IPEndPoint)socket.LocalEndPoint!;
        if (listener.IsAnonymous && !ServerListener.IsLocal(bound)) LogAnonymous(_logger, listener.Name, bound, listener.Definition.ProtocolName);
        else if (listener.Index > 0) LogAlso(_logger, bound, listener.Name, listener.Definition.ProtocolName);
        _listeners[(node, listener.Index)] = BrokerListener.Start(socket, _connections(node, listener), _logger);
    }

    private static async Task<BrokerContext> OpenAsync(
        BrokerOptions options, NodeIdentity node, DataDirectory directory, SecurityStore security, StartedParts started, ILoggerFactory loggers, TimeProvider time, CancellationToken cancellationToken)
    {
        var definitions = new TopicConfigDefinitions(options.TopicDefaults);
        var file = new CatalogFile(directory.Path);
        var content = file.Load();
        var configs = content.Topics.ToDictionary(static t => t.Name, t => definitions.Effective(t.Configs), StringComparer.Ordinal);
        var fallback = definitions.Effective(new Dictionary<string, string>(StringComparer.Ordinal));
        var logs = started.Add(await LogManager.OpenAsync(
            LogSettings.Of(options, directory.Path, topic => configs.GetValueOrDefault(topic, fallback)), loggers, time, cancellationToken));
        var topics = started.Add(await TopicCatalog.OpenAsync(content, logs, file, definitions, loggers.CreateLogger<TopicCatalog>()));
        var coordinators = started.Add(await Coordinators.StartAsync(options, topics, directory.Path, loggers, time));
        return new BrokerContext(options, node, topics, logs, coordinators, loggers, time) { Security = security };
    }

    [LoggerMessage(2000, LogLevel.Information, "Serving on {EndPoint} as {Host}:{Port}, cluster {ClusterId}, data in {Directory}, {Topics} topics")]
    private static partial void LogServing(ILogger logger, IPEndPoint endPoint, string host, int port, string clusterId, string directory, int topics);

    [LoggerMessage(2002, LogLevel.Information, "{Notice}")]
    private static partial void LogNotice(ILogger logger, string notice);

    [LoggerMessage(2003, LogLevel.Information, "Stopped the broker of cluster {ClusterId}")]
    private static partial void LogStopped(ILogger logger, string clusterId);

    [LoggerMessage(2004, LogLevel.Warning, "The listener {Listener} on {EndPoint} ({Protocol}) takes everyone who can reach that address, without asking who it is. Listen on 127.0.0.1, or make it SASL_SSL, or SSL with ssl.client.auth=required (docs/security.md)")]
    private static partial void LogAnonymous(ILogger logger, string listener, IPEndPoint endPoint, string protocol);

    [LoggerMessage(2005, LogLevel.Information, "Serving on {EndPoint}, too: listener {Listener} ({Protocol})")]
    private static partial void LogAlso(ILogger logger, IPEndPoint endPoint, string listener, string protocol);
}
