using Microsoft.Extensions.Logging;

namespace Millrace.Kafka.Testing;

/// <summary>How an <see cref="EmbeddedKafka"/> runs.</summary>
public sealed class EmbeddedKafkaOptions
{
    /// <summary>The port on loopback.</summary>
    /// <value>0: a free one.</value>
    public int Port { get; set; }

    /// <summary>Where to keep the data. A directory that is named here is kept at the end; starting again on it continues with its data.</summary>
    /// <value>null: a temporary directory, deleted at the end.</value>
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

    /// <summary>The clock that drives sessions, transaction time-outs and retention.</summary>
    /// <value>The system's.</value>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;
}
