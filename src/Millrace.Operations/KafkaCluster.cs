using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Kafka.Configuration;
using Millrace.Kafka.Consuming;

namespace Millrace.Operations;

/// <summary>A broker.</summary>
/// <param name="Id">Its node id.</param>
/// <param name="Host">Its advertised host.</param>
/// <param name="Port">Its advertised port.</param>
/// <param name="IsController">True for the one that answers as the controller.</param>
public sealed record BrokerInfo(int Id, string Host, int Port, bool IsController);

/// <summary>The cluster as a whole.</summary>
/// <param name="ClusterId">Its id.</param>
/// <param name="Brokers">Its brokers, by id.</param>
public sealed record ClusterInfo(string? ClusterId, IReadOnlyList<BrokerInfo> Brokers);

/// <summary>
/// A connection to a Kafka cluster for operators' tools: console and CLI read and change the cluster through the services that take it. Thread-safe; one per cluster is enough.
/// </summary>
public sealed class KafkaCluster : IDisposable
{
    private readonly Lazy<IAdminClient> _admin;
    private readonly IReadOnlyDictionary<string, string> _config;
    private readonly ILogger _logger;
    private string? _lastError;

    /// <summary>Creates the connection; nothing is sent before the first question.</summary>
    /// <param name="config">How to connect (<see cref="KafkaClientRole.Admin"/>).</param>
    /// <param name="logger">For the client's own log lines.</param>
    /// <param name="timeProvider">The clock for time lag.</param>
    public KafkaCluster(KafkaClientConfig config, ILogger? logger = null, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        _config = config.Native;
        _logger = logger ?? NullLogger.Instance;
        Time = timeProvider ?? TimeProvider.System;
        _admin = new Lazy<IAdminClient>(() => new AdminClientBuilder(_config)
            .SetLogHandler((_, m) => OperationsLog.FromLibrary(_logger, (LogLevel)m.LevelAs(LogLevelType.MicrosoftExtensionsLogging), m.Facility, m.Message))
            .SetErrorHandler((_, error) => LastError = error.Reason)
            .Build());
    }

    /// <summary>How long a question to the brokers may take.</summary>
    /// <value>Default: 15 s.</value>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>What the client reported last about its connections, such as a refused one; null while nothing went wrong.</summary>
    public string? LastError
    {
        get => Volatile.Read(ref _lastError);
        private set => Volatile.Write(ref _lastError, value);
    }

    /// <summary>How the brokers are spoken to: librdkafka's <c>security.protocol</c>.</summary>
    internal string SecurityProtocol => _config.GetValueOrDefault("security.protocol", "plaintext");

    internal IAdminClient Admin => _admin.Value;

    internal ILogger Logger => _logger;

    internal TimeProvider Time { get; }

    /// <summary>Connects with addresses alone.</summary>
    /// <param name="bootstrapServers">host:port[,host:port…].</param>
    public static KafkaCluster Connect(string bootstrapServers) => new(KafkaClientConfig.From(
        [new("bootstrap.servers", bootstrapServers)], "arguments", KafkaClientRole.Admin));

    /// <summary>Describes the cluster.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<ClusterInfo> DescribeAsync(CancellationToken cancellationToken = default)
    {
        var answer = await Admin.DescribeClusterAsync(new DescribeClusterOptions { RequestTimeout = Timeout }).WaitAsync(cancellationToken);
        return new ClusterInfo(
            answer.ClusterId,
            [.. answer.Nodes.OrderBy(static n => n.Id).Select(n => new BrokerInfo(n.Id, n.Host, n.Port, n.Id == answer.Controller?.Id))]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_admin.IsValueCreated)
            _admin.Value.Dispose();
    }

    /// <summary>A reader outside any group that sees all records, those of open transactions too.</summary>
    internal KafkaRecordReader CreateReader(params (string Key, string Value)[] more)
    {
        var config = new Dictionary<string, string>(_config, StringComparer.Ordinal)
        {
            ["isolation.level"] = "read_uncommitted",
            ["auto.offset.reset"] = "earliest",
            ["fetch.wait.max.ms"] = "50",
        };
        foreach (var (key, value) in more)
            config[key] = value;
        return KafkaRecordReader.Create(config, _logger);
    }

    /// <summary>What the brokers tell of themselves and all topics. The only question of the admin client that holds its thread.</summary>
    internal Task<Metadata> GetMetadataAsync(CancellationToken cancellationToken) =>
        Task.Run(() => Admin.GetMetadata(Timeout), cancellationToken).WaitAsync(cancellationToken);

    /// <summary>First and next offset of partitions, in one question each.</summary>
    /// <param name="partitions">The partitions.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <param name="skipFailing">Leaves out partitions that cannot be asked just now, instead of failing for all.</param>
    internal async Task<Dictionary<TopicPartition, (long First, long Next)>> ReadEndsAsync(
        IReadOnlyCollection<TopicPartition> partitions, CancellationToken cancellationToken, bool skipFailing = false)
    {
        if (partitions.Count == 0)
            return [];
        var first = await ListOffsetsAsync(partitions, OffsetSpec.Earliest(), cancellationToken, skipFailing);
        var next = await ListOffsetsAsync(partitions, OffsetSpec.Latest(), cancellationToken, skipFailing);
        return partitions.Where(p => first.ContainsKey(p) && next.ContainsKey(p)).ToDictionary(static p => p, p => (first[p], next[p]));
    }

    internal async Task<Dictionary<TopicPartition, long>> ListOffsetsAsync(
        IReadOnlyCollection<TopicPartition> partitions, OffsetSpec spec, CancellationToken cancellationToken, bool skipFailing = false)
    {
        List<TopicPartitionOffsetError> offsets;
        try
        {
            var answer = await Admin.ListOffsetsAsync(
                partitions.Select(p => new TopicPartitionOffsetSpec { TopicPartition = p, OffsetSpec = spec }),
                new ListOffsetsOptions { IsolationLevel = IsolationLevel.ReadUncommitted, RequestTimeout = Timeout }).WaitAsync(cancellationToken);
            offsets = [.. answer.ResultInfos.Select(static r => r.TopicPartitionOffsetError)];
        }
        catch (ListOffsetsException e) when (skipFailing)
        {
            offsets = [.. e.Result.ResultInfos.Select(static r => r.TopicPartitionOffsetError)];
        }

        return offsets.Where(o => !skipFailing || !o.Error.IsError)
            .ToDictionary(static o => o.TopicPartition, static o => o.Error.IsError ? throw new KafkaException(o.Error) : o.Offset.Value);
    }
}
