using System.Collections.Frozen;
using System.Globalization;
using Millrace.Broker.Log;
using Millrace.Protocol;
using Millrace.Protocol.Records;

namespace Millrace.Broker.Metadata;

/// <summary>Every setting that a topic of Kafka 4 has, with Kafka's defaults, and the broker's own defaults over them.</summary>
internal sealed class TopicConfigDefinitions(IReadOnlyDictionary<string, string> brokerDefaults)
{
    private static readonly ConfigDefinition[] Definitions =
    [
        new("cleanup.policy", "log.cleanup.policy", ConfigType.List, "delete", "What happens to old segments: delete, compact, or both.")
        {
            Words = ["delete", "compact"],
            Apply = static (c, v) => c with { Delete = ConfigDefinition.Items(v).Contains("delete"), Compact = ConfigDefinition.Items(v).Contains("compact") },
        },
        new("compression.type", "compression.type", ConfigType.String, "producer", "The codec of stored batches; producer keeps what was sent.")
        {
            Words = ["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"],
            Apply = static (c, v) => c with { Compression = Codec(v) },
        },
        new("compression.gzip.level", "compression.gzip.level", ConfigType.Int, "-1", "The level of gzip.") { Minimum = -1, Maximum = 9 },
        new("compression.lz4.level", "compression.lz4.level", ConfigType.Int, "9", "The level of LZ4.") { Minimum = 1, Maximum = 17 },
        new("compression.zstd.level", "compression.zstd.level", ConfigType.Int, "3", "The level of Zstandard.") { Minimum = -131072, Maximum = 22 },
        new("delete.retention.ms", "log.cleaner.delete.retention.ms", ConfigType.Long, "86400000", "How long tombstones stay after compaction.") { Minimum = 0, Apply = static (c, v) => c with { DeleteRetentionMs = Long(v) } },
        new("file.delete.delay.ms", "log.segment.delete.delay.ms", ConfigType.Long, "60000", "How long deleted files stay.") { Minimum = 0, Apply = static (c, v) => c with { FileDeleteDelayMs = Long(v) } },
        new("flush.messages", "log.flush.interval.messages", ConfigType.Long, "9223372036854775807", "Records between two flushes to the disk.") { Minimum = 1, Apply = static (c, v) => c with { FlushMessages = Long(v) } },
        new("flush.ms", "log.flush.interval.ms", ConfigType.Long, "9223372036854775807", "Time between two flushes to the disk.") { Minimum = 0, Apply = static (c, v) => c with { FlushMs = Long(v) } },
        new("follower.replication.throttled.replicas", null, ConfigType.List, "", "Replicas whose replication is throttled; one node has none."),
        new("index.interval.bytes", "log.index.interval.bytes", ConfigType.Int, "4096", "Bytes of log between two index entries.") { Minimum = 0, Apply = static (c, v) => c with { IndexIntervalBytes = Int(v) } },
        new("leader.replication.throttled.replicas", null, ConfigType.List, "", "Replicas whose replication is throttled; one node has none."),
        new("local.retention.bytes", "log.local.retention.bytes", ConfigType.Long, "-2", "Local bytes beside tiered storage, which this broker has not.") { Minimum = -2 },
        new("local.retention.ms", "log.local.retention.ms", ConfigType.Long, "-2", "Local time beside tiered storage, which this broker has not.") { Minimum = -2 },
        new("max.compaction.lag.ms", "log.cleaner.max.compaction.lag.ms", ConfigType.Long, "9223372036854775807", "The longest time that a record stays uncompacted.") { Minimum = 1, Apply = static (c, v) => c with { MaxCompactionLagMs = Long(v) } },
        new("max.message.bytes", "message.max.bytes", ConfigType.Int, "1048588", "The largest record batch.") { Minimum = 0, Apply = static (c, v) => c with { MaxMessageBytes = Int(v) } },
        new("message.timestamp.after.max.ms", "log.message.timestamp.after.max.ms", ConfigType.Long, "3600000", "How far a timestamp may lie in the future.") { Minimum = 0, Apply = static (c, v) => c with { TimestampAfterMaxMs = Long(v) } },
        new("message.timestamp.before.max.ms", "log.message.timestamp.before.max.ms", ConfigType.Long, "9223372036854775807", "How far a timestamp may lie in the past.") { Minimum = 0, Apply = static (c, v) => c with { TimestampBeforeMaxMs = Long(v) } },
        new("message.timestamp.type", "log.message.timestamp.type", ConfigType.String, "CreateTime", "Whose clock stamps the records.")
        {
            Words = ["CreateTime", "LogAppendTime"],
            Apply = static (c, v) => c with { LogAppendTime = v == "LogAppendTime" },
        },
        new("min.cleanable.dirty.ratio", "log.cleaner.min.cleanable.ratio", ConfigType.Double, "0.5", "The share of uncompacted bytes that starts a compaction.") { Minimum = 0, Maximum = 1, Apply = static (c, v) => c with { MinCleanableDirtyRatio = double.Parse(v, CultureInfo.InvariantCulture) } },
        new("min.compaction.lag.ms", "log.cleaner.min.compaction.lag.ms", ConfigType.Long, "0", "The shortest time that a record stays uncompacted.") { Minimum = 0, Apply = static (c, v) => c with { MinCompactionLagMs = Long(v) } },
        new("min.insync.replicas", "min.insync.replicas", ConfigType.Int, "1", "Replicas that acks=all needs; on one node the one replica counts as all.") { Minimum = 1, Apply = static (c, v) => c with { MinInsyncReplicas = Int(v) } },
        new("preallocate", "log.preallocate", ConfigType.Boolean, "false", "Whether a new segment takes its full size at once.") { Apply = static (c, v) => c with { Preallocate = v == "true" } },
        new("remote.storage.enable", null, ConfigType.Boolean, "false", "Tiered storage, which this broker has not."),
        new("retention.bytes", "log.retention.bytes", ConfigType.Long, "-1", "Bytes of a partition after which old segments go.") { Minimum = -1, Apply = static (c, v) => c with { RetentionBytes = Long(v) } },
        new("retention.ms", "log.retention.ms", ConfigType.Long, "604800000", "Time after which old segments go.") { Minimum = -1, Apply = static (c, v) => c with { RetentionMs = Long(v) } },
        new("segment.bytes", "log.segment.bytes", ConfigType.Int, "1073741824", "The size of a segment.") { Minimum = 14, Apply = static (c, v) => c with { SegmentBytes = Int(v) } },
        new("segment.index.bytes", "log.index.size.max.bytes", ConfigType.Int, "10485760", "The size of a segment's index.") { Minimum = 4, Apply = static (c, v) => c with { SegmentIndexBytes = Int(v) } },
        new("segment.jitter.ms", "log.roll.jitter.ms", ConfigType.Long, "0", "Spreads the times at which segments roll.") { Minimum = 0, Apply = static (c, v) => c with { SegmentJitterMs = Long(v) } },
        new("segment.ms", "log.roll.ms", ConfigType.Long, "604800000", "Time after which a segment rolls.") { Minimum = 1, Apply = static (c, v) => c with { SegmentMs = Long(v) } },
        new("unclean.leader.election.enable", "unclean.leader.election.enable", ConfigType.Boolean, "false", "Whether a replica out of sync may lead; one node has none.") { Apply = static (c, v) => c with { UncleanLeaderElection = v == "true" } },
    ];

    private static readonly FrozenDictionary<string, ConfigDefinition> ByName = Definitions.ToFrozenDictionary(static d => d.Name, StringComparer.Ordinal);

    public static IReadOnlyList<ConfigDefinition> All => Definitions;

    public static ConfigDefinition? Find(string name) => ByName.GetValueOrDefault(name);

    /// <summary>The broker's default of a setting: from server.properties, or Kafka's.</summary>
    public string DefaultOf(ConfigDefinition definition) => brokerDefaults.GetValueOrDefault(definition.Name, definition.Default);

    public bool IsBrokerDefault(ConfigDefinition definition) => brokerDefaults.ContainsKey(definition.Name);

    /// <summary>Checks a topic's own settings.</summary>
    /// <exception cref="RequestFailedException">INVALID_CONFIG, with the setting, the value and the rule.</exception>
    public static void Validate(IReadOnlyDictionary<string, string> configs)
    {
        foreach (var (name, value) in configs)
        {
            var definition = Find(name) ?? throw new RequestFailedException(ErrorCode.InvalidConfig, $"Unknown topic config name: {name}");
            if (definition.Problem(value) is { } problem) throw new RequestFailedException(ErrorCode.InvalidConfig, problem);
        }

        if (configs.GetValueOrDefault("remote.storage.enable") == "true")
            throw new RequestFailedException(ErrorCode.InvalidConfig, "remote.storage.enable=true needs tiered storage, which this broker does not have");
    }

    /// <summary>The log's options: the topic's own settings over the broker's defaults over Kafka's.</summary>
    public LogConfig Effective(IReadOnlyDictionary<string, string> configs)
    {
        var config = LogConfig.Default;
        foreach (var definition in Definitions)
        {
            string value = configs.GetValueOrDefault(definition.Name) ?? DefaultOf(definition);
            if (definition.Apply is { } apply) config = apply(config, value.Trim());
        }

        int? level = config.Compression switch
        {
            CompressionType.Gzip => Level("compression.gzip.level", configs),
            CompressionType.Lz4 => Level("compression.lz4.level", configs),
            CompressionType.Zstd => Level("compression.zstd.level", configs),
            _ => null,
        };
        return config with { CompressionLevel = level };
    }

    private int Level(string name, IReadOnlyDictionary<string, string> configs) => Int(configs.GetValueOrDefault(name) ?? DefaultOf(ByName[name]));

    private static CompressionType? Codec(string value) => value switch
    {
        "producer" => null,
        "uncompressed" => CompressionType.None,
        _ => Enum.Parse<CompressionType>(value, ignoreCase: true),
    };

    private static long Long(string value) => long.Parse(value, CultureInfo.InvariantCulture);

    private static int Int(string value) => int.Parse(value, CultureInfo.InvariantCulture);
}
