namespace Millrace.Streams.Kafka;

/// <summary>A record to be written.</summary>
/// <param name="Key">Its key, or <see langword="null"/>.</param>
/// <param name="Value">Its value, or <see langword="null"/> for a deletion.</param>
public readonly record struct KafkaOutputRecord(byte[]? Key, byte[]? Value)
{
    /// <summary>The topic, if it is not the sink's.</summary>
    public string? Topic { get; init; }

    /// <summary>The partition, if it is not chosen by the key.</summary>
    public int? Partition { get; init; }

    /// <summary>The timestamp in milliseconds since 1970-01-01 UTC, if it is not the one that <see cref="KafkaSinkBuilder{T}.SetRecordTimestamps"/> says.</summary>
    public long? Timestamp { get; init; }

    /// <summary>Its headers.</summary>
    public IReadOnlyList<KeyValuePair<string, byte[]>>? Headers { get; init; }
}
