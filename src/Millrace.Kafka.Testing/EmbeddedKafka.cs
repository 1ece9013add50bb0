using Millrace.Broker;
using Millrace.Broker.Cluster;

namespace Millrace.Kafka.Testing;

/// <summary>
/// A Kafka for tests: a broker or a whole cluster in this process, on free ports of loopback, with any Kafka client as its client.
/// <code>
/// await using var kafka = await EmbeddedKafka.StartAsync(o => o.Brokers = 3);
/// await kafka.StopBrokerAsync(2);
/// kafka.Faults.On(ApiKey.Produce).Times(2).DropAfterApplying();
/// </code>
/// </summary>
public sealed class EmbeddedKafka : IAsyncDisposable
{
    private readonly BrokerServer? _broker;
    private readonly string? _external;
    private readonly string? _temporary;

    private EmbeddedKafka(BrokerServer broker, string dataDirectory, string? temporary, FaultScript faults, RequestLog requests)
    {
        _broker = broker;
        _temporary = temporary;
        Faults = faults;
        Requests = requests;
        DataDirectory = dataDirectory;
    }

    private EmbeddedKafka(string external) => _external = external;

    /// <summary>Whether this is an Apache Kafka that runs elsewhere.</summary>
    public bool IsExternal => _external is not null;

    /// <summary>What a client writes into <c>bootstrap.servers</c>.</summary>
    public string BootstrapServers => _external ?? Broker.BootstrapServers;

    /// <summary>The directory with the broker's data, in Kafka's own format.</summary>
    /// <exception cref="NotSupportedException">The Kafka runs elsewhere.</exception>
    public string DataDirectory => field ?? throw Elsewhere();

    /// <summary>Gets what goes wrong: nothing until a test says so.</summary>
    /// <exception cref="NotSupportedException">The Kafka runs elsewhere.</exception>
    public FaultScript Faults => field ?? throw Elsewhere();

    /// <summary>Gets the requests that the brokers got.</summary>
    /// <exception cref="NotSupportedException">The Kafka runs elsewhere.</exception>
    public RequestLog Requests => field ?? throw Elsewhere();

    /// <summary>Gets the brokers, those that are stopped too.</summary>
    public IReadOnlyList<EmbeddedBroker> Brokers =>
        [.. Broker.Context.Cluster!.Nodes.Select(n => new EmbeddedBroker(n.NodeId, $"{n.Host}:{n.Port}", Broker.Context.Cluster.IsRunning(n.NodeId)))];

    /// <summary>Starts a cluster that serves when the task completes.</summary>
    /// <param name="configure">Changes the options; null takes the defaults.</param>
    /// <param name="cancellationToken">Gives up starting.</param>
    /// <returns>The running cluster.</returns>
    /// <exception cref="BrokerStartException">A broker cannot start: the port is in use, the data directory is not usable, or a setting is not valid.</exception>
    public static async Task<EmbeddedKafka> StartAsync(Action<EmbeddedKafkaOptions>? configure = null, CancellationToken cancellationToken = default)
    {
        var options = new EmbeddedKafkaOptions();
        configure?.Invoke(options);
        if (options.ExternalBootstrapServers is { Length: > 0 } external) return new EmbeddedKafka(external);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Brokers, nameof(options));
        var temporary = options.DataDirectory is null ? TemporaryDirectory.Create() : null;
        var (faults, requests) = (new FaultScript(options.Seed), new RequestLog());
        var directory = options.DataDirectory ?? temporary!;
        try
        {
            var broker = await BrokerServer.StartAsync(
                new BrokerOptions
                {
                    Listen = $"127.0.0.1:{options.Port}",
                    DataDirectory = directory,
                    DefaultPartitions = options.DefaultPartitions,
                    Settings = new Dictionary<string, string>(options.Settings, StringComparer.Ordinal),
                },
                new ClusterSettings(options.Brokers, options.DefaultReplicationFactor, new FaultInterceptor(faults, requests, options.TimeProvider)),
                options.LoggerFactory,
                options.TimeProvider,
                cancellationToken).ConfigureAwait(false);
            return new EmbeddedKafka(broker, directory, temporary, faults, requests);
        }
        catch
        {
            Delete(temporary);
            throw;
        }
    }

    /// <summary>
    /// Stops a broker: another in-sync replica leads its partitions, with the next leader epoch; a partition without one has no leader, unless
    /// <c>unclean.leader.election.enable</c> lets one lead that lacks records. Its connections break.
    /// </summary>
    /// <param name="id">The broker's id.</param>
    /// <returns>A task that completes when its port refuses connections.</returns>
    /// <exception cref="InvalidOperationException">It does not run.</exception>
    public Task StopBrokerAsync(int id) => Broker.StopNodeAsync(id);

    /// <summary>Starts a stopped broker on its old port: it catches up and joins the in-sync replicas. Leaders stay where they are.</summary>
    /// <param name="id">The broker's id.</param>
    /// <returns>A task that completes when it serves.</returns>
    /// <exception cref="InvalidOperationException">It runs.</exception>
    /// <exception cref="BrokerStartException">Another process has taken its port.</exception>
    public Task StartBrokerAsync(int id) => Broker.StartNodeAsync(id);

    /// <summary>Looks where a partition is.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="partition">The partition.</param>
    /// <returns>Its leader and replicas.</returns>
    /// <exception cref="ArgumentException">There is no such partition.</exception>
    public PartitionState Partition(string topic, int partition)
    {
        var log = Broker.Context.Topics.FindPartition(topic, partition) ?? throw new ArgumentException($"there is no partition {topic}-{partition}", nameof(topic));
        var state = Broker.Context.ReplicationOf(log);
        return new PartitionState(state.Leader < 0 ? null : state.Leader, log.LeaderEpoch, state.Replicas, state.InSync, log.LogEndOffset);
    }

    /// <summary>Stops the brokers, and deletes their data unless a directory was named.</summary>
    /// <returns>A task that completes when the ports and the directory are free.</returns>
    public async ValueTask DisposeAsync()
    {
        if (_broker is not null) await _broker.DisposeAsync().ConfigureAwait(false);
        Delete(_temporary);
    }

    private BrokerServer Broker => _broker ?? throw Elsewhere();

    private static NotSupportedException Elsewhere() => new("this needs a cluster in this process, and the tests run against one that runs elsewhere: leave EmbeddedKafkaOptions.ExternalBootstrapServers empty, or skip the test");

    private static void Delete(string? directory)
    {
        if (directory is not null && Directory.Exists(directory)) Directory.Delete(directory, recursive: true);
    }
}
