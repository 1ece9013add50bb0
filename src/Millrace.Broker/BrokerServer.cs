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

namespace Millrace.Broker;

/// <summary>A broker of one node that speaks the Kafka protocol. Disposing it stops it cleanly: the next start needs no recovery.</summary>
public sealed partial class BrokerServer : IAsyncDisposable
{
    private readonly ConcurrentDictionary<int, BrokerListener> _listeners = new();
    private readonly Func<int, ConnectionSettings> _connections;
    private readonly BrokerContext _context;
    private readonly ILogger _logger;
    private bool _disposed;

    private BrokerServer(IPEndPoint endPoint, Func<int, ConnectionSettings> connections, BrokerContext context, ILogger logger)
    {
        EndPoint = endPoint;
        _connections = connections;
        _context = context;
        _logger = logger;
    }

    /// <summary>Gets the address that the broker listens on, with the port that it got.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Gets what a client writes into <c>bootstrap.servers</c>.</summary>
    public string BootstrapServers => string.Join(',', (_context.Cluster?.Nodes ?? [_context.Node]).Select(static n => ListenAddress.Write(n.Host, n.Port)));

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
            var sockets = ListenAddress.Series(ListenAddress.Parse(options.Listen), cluster?.Brokers ?? 1).Select(e => started.Add(BrokerListener.Bind(e))).ToList();
            var directory = DataDirectory.Open(options.DataDirectory, options.ClusterId, options.NodeId);
            var nodes = sockets.Select((socket, i) => ListenAddress.Advertise(options with { NodeId = options.NodeId + i }, directory.ClusterId, (IPEndPoint)socket.LocalEndPoint!)).ToList();
            var context = await OpenAsync(options, nodes[0], directory, started, loggers, time, cancellationToken);
            if (cluster is not null) context = context with { Cluster = started.Add(new VirtualCluster(nodes, cluster.DefaultReplicationFactor)) };
            foreach (string notice in options.Notices) LogNotice(logger, notice);
            var dispatcher = new RequestDispatcher(HandlerRegistry.Create(context));
            var server = new BrokerServer(
                (IPEndPoint)sockets[0].LocalEndPoint!,
                node => new ConnectionSettings(dispatcher, options.MaxRequestBytes, options.MaxConnectionIdle, time, node, cluster?.Interceptor),
                context,
                logger);
            foreach (var (node, socket) in nodes.Zip(sockets)) server.Serve(node.NodeId, socket);
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

    private void Serve(int node, Socket socket) => _listeners[node] = BrokerListener.Start(socket, _connections(node), _logger);

    private static async Task<BrokerContext> OpenAsync(
        BrokerOptions options, NodeIdentity node, DataDirectory directory, StartedParts started, ILoggerFactory loggers, TimeProvider time, CancellationToken cancellationToken)
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
        return new BrokerContext(options, node, topics, logs, coordinators, loggers, time);
    }

    [LoggerMessage(2000, LogLevel.Information, "Serving on {EndPoint} as {Host}:{Port}, cluster {ClusterId}, data in {Directory}, {Topics} topics")]
    private static partial void LogServing(ILogger logger, IPEndPoint endPoint, string host, int port, string clusterId, string directory, int topics);

    [LoggerMessage(2002, LogLevel.Information, "{Notice}")]
    private static partial void LogNotice(ILogger logger, string notice);

    [LoggerMessage(2003, LogLevel.Information, "Stopped the broker of cluster {ClusterId}")]
    private static partial void LogStopped(ILogger logger, string clusterId);
}
