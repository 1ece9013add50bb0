using Microsoft.Extensions.Logging;

namespace Millrace.Kafka.Testing;

/// <summary>How an <see cref="EmbeddedKafka"/> runs.</summary>
public sealed class EmbeddedKafkaOptions
{
    /// <summary>
    /// An Apache Kafka that runs already, as <c>bootstrap.servers</c>: then nothing is started, and the same tests run against it. What only a cluster in this process can
    /// do (faults, stopping brokers, its requests) throws <see cref="NotSupportedException"/>, which a test turns into a skip.
    /// </summary>
    /// <value>null: a cluster in this process.</value>
    public string? ExternalBootstrapServers { get; set; }

    /// <summary>How many brokers the cluster has. All are in this process and share one log; leaders, in-sync replicas and elections are modelled.</summary>
    /// <value>1.</value>
    public int Brokers { get; set; } = 1;

    /// <summary>Replicas of a topic that does not say; at most as many as there are brokers.</summary>
    /// <value>3.</value>
    public int DefaultReplicationFactor { get; set; } = 3;

    /// <summary>What chance decides in <see cref="EmbeddedKafka.Faults"/>: the same seed and the same requests give the same faults.</summary>
    /// <value>1.</value>
    public int Seed { get; set; } = 1;

    /// <summary>The port on loopback; further brokers take the next ones.</summary>
    /// <value>0: free ones.</value>
    public int Port { get; set; }

    /// <summary>Where to keep the data. A directory that is named here is kept at the end; starting again on it continues with its data.</summary>
    /// <value>null: a temporary directory, in memory where the system has a file system for that, deleted at the end.</value>
    public string? DataDirectory { get; set; }

    /// <summary>Partitions of topics that do not say.</summary>
    /// <value>1.</value>
    public int DefaultPartitions { get; set; } = 1;

    /// <summary>Settings of the broker by Kafka's names in <c>server.properties</c>, such as <c>offsets.retention.minutes</c>.</summary>
    /// <value>Those of a test: few partitions of internal topics, so that starting costs nothing.</value>
    public IDictionary<string, string> Settings { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["offsets.topic.num.partitions"] = "4",
        ["transaction.state.log.num.partitions"] = "4",
        ["group.initial.rebalance.delay.ms"] = "0",
    };

    /// <summary>The broker's log.</summary>
    /// <value>null: none.</value>
    public ILoggerFactory? LoggerFactory { get; set; }

    /// <summary>The clock that drives sessions, rebalances, transaction time-outs and retention: a <see cref="TestClock"/> can be moved on.</summary>
    /// <value>The system's.</value>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;
}
