namespace Millrace.Streams.Kafka;

/// <summary>What a source was told.</summary>
internal sealed record KafkaSourceSettings(
    string BootstrapServers, IReadOnlyList<string> Topics, string GroupId, OffsetsInitializer StartingOffsets, OffsetsInitializer? BoundedAt,
    TimeSpan? PartitionDiscoveryInterval, PoisonPolicy Poison, IReadOnlyDictionary<string, string> Properties)
{
    /// <summary>The client's configuration. Positions are always exact, so a lost one is an error and never a silent jump.</summary>
    public Dictionary<string, string> ReaderConfig() => new(Properties, StringComparer.Ordinal)
    {
        ["bootstrap.servers"] = BootstrapServers,
        ["group.id"] = GroupId,
        ["enable.auto.commit"] = "false",
        ["isolation.level"] = "read_committed",
        ["auto.offset.reset"] = "error",
    };
}

/// <summary>What the commit point asks a source, whatever the type of its elements.</summary>
internal interface IKafkaSource
{
    KafkaSourceSettings Settings { get; }
}
