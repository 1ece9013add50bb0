using Microsoft.Extensions.Logging;

namespace Millrace.Kafka.Consuming;

/// <summary>Options of a <see cref="KafkaRecordReader"/>.</summary>
public sealed record KafkaReaderOptions
{
    // What differs from librdkafka: nothing is committed that nobody has finished, reading to the end can be seen, and topics and partitions that are made later are seen soon:
    // librdkafka asks for metadata every five minutes, and not at once for a topic that it misses, as Java's consumer does. One small request, for the topics in use, is cheap.
    private static readonly Dictionary<string, string> Defaults = new(StringComparer.Ordinal)
    {
        ["enable.auto.commit"] = "false",
        ["enable.auto.offset.store"] = "false",
        ["enable.partition.eof"] = "true",
        ["topic.metadata.refresh.interval.ms"] = "2000",
    };

    /// <summary>librdkafka's configuration.</summary>
    /// <value>Defaults that differ from librdkafka: <c>enable.auto.commit=false</c>, <c>enable.auto.offset.store=false</c>
    /// (true with auto commit), <c>enable.partition.eof=true</c>, <c>topic.metadata.refresh.interval.ms=2000</c> (raise it for regular expressions over many thousands of topics).</value>
    public required IReadOnlyDictionary<string, string> Config { get; init; }

    /// <summary>For the client's own log lines.</summary>
    /// <value>Default: none.</value>
    public ILogger? Logger { get; init; }

    /// <summary>Called with librdkafka's statistics (JSON) every <c>statistics.interval.ms</c>, inside <see cref="KafkaRecordReader.ReadBatch"/>.</summary>
    /// <value>Default: none.</value>
    public Action<string>? Statistics { get; init; }

    internal IEnumerable<KeyValuePair<string, string>> EffectiveConfig()
    {
        var effective = new Dictionary<string, string>(Defaults, StringComparer.Ordinal);
        if (Config.TryGetValue("enable.auto.commit", out var automatic) && string.Equals(automatic, "true", StringComparison.OrdinalIgnoreCase))
            effective["enable.auto.offset.store"] = "true";
        foreach (var (key, value) in Config)
            effective[key] = value;
        // librdkafka's consumer needs some group id even to assign partitions by hand.
        effective.TryAdd("group.id", "millrace-reader-without-group");
        return effective;
    }
}
