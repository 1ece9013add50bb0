namespace Millrace.Streams.Kafka;

/// <summary>What a source was told.</summary>
internal sealed record KafkaSourceSettings(
    string BootstrapServers, IReadOnlyList<string> Topics, string GroupId, OffsetsInitializer StartingOffsets, OffsetsInitializer? BoundedAt,
    TimeSpan? PartitionDiscoveryInterval, PoisonPolicy Poison, IReadOnlyDictionary<string, string> Properties);
