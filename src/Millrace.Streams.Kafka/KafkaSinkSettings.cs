namespace Millrace.Streams.Kafka;

/// <summary>What a sink was told.</summary>
internal sealed record KafkaSinkSettings(
    string BootstrapServers, string? Topic, DeliveryGuarantee Guarantee, string? TransactionalId, TimeSpan TransactionTimeout,
    IReadOnlyDictionary<string, string> Properties)
{
    public RecordTimestamps Timestamps { get; init; }
}
