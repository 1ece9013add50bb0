using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Millrace.Streams.Kafka;

/// <summary>A record as it came from Kafka. It is valid during the call only: copy what you keep.</summary>
public readonly ref struct KafkaRecordView
{
    /// <summary>Its topic.</summary>
    public required string Topic { get; init; }

    /// <summary>Its partition.</summary>
    public required int Partition { get; init; }

    /// <summary>Its offset.</summary>
    public required long Offset { get; init; }

    /// <summary>Its timestamp in milliseconds since 1970-01-01 UTC.</summary>
    public required long Timestamp { get; init; }

    /// <summary>Its key; empty when there is none.</summary>
    public required ReadOnlySpan<byte> Key { get; init; }

    /// <summary>Its value; empty when there is none.</summary>
    public required ReadOnlySpan<byte> Value { get; init; }

    /// <summary>Whether the record has no value: a deletion.</summary>
    public required bool IsTombstone { get; init; }
}

/// <summary>Turns records into elements.</summary>
/// <typeparam name="T">The type of the elements.</typeparam>
public interface IKafkaDeserializer<T>
{
    /// <summary>Turns a record into an element. An exception makes it a poison record (see <see cref="PoisonPolicy"/>).</summary>
    /// <param name="record">The record.</param>
    /// <param name="value">The element.</param>
    /// <returns><see langword="false"/> to pass over a record that is no element (a tombstone, for example).</returns>
    bool TryDeserialize(in KafkaRecordView record, out T value);
}

/// <summary>Ready deserialisers.</summary>
public static class KafkaDeserializers
{
    /// <summary>Values as JSON; tombstones are passed over.</summary>
    public static IKafkaDeserializer<T> Json<T>(JsonSerializerOptions? options = null) => new JsonValue<T>(options ?? JsonSerializerOptions.Web);

    /// <summary>Values as JSON by source-generated metadata; tombstones are passed over.</summary>
    public static IKafkaDeserializer<T> Json<T>(JsonTypeInfo<T> typeInfo) => new GeneratedJsonValue<T>(typeInfo);

    /// <summary>Values as UTF-8 text; tombstones are passed over.</summary>
    public static IKafkaDeserializer<string> Utf8() => Value(static bytes => System.Text.Encoding.UTF8.GetString(bytes));

    /// <summary>Values by a function; tombstones are passed over.</summary>
    public static IKafkaDeserializer<T> Value<T>(Func<ReadOnlySpan<byte>, T> deserialize) => new FromValue<T>(deserialize);

    private sealed class JsonValue<T>(JsonSerializerOptions options) : IKafkaDeserializer<T>
    {
        public bool TryDeserialize(in KafkaRecordView record, out T value)
        {
            value = record.IsTombstone ? default! : JsonSerializer.Deserialize<T>(record.Value, options)!;
            return value is not null && !record.IsTombstone;
        }
    }

    private sealed class GeneratedJsonValue<T>(JsonTypeInfo<T> typeInfo) : IKafkaDeserializer<T>
    {
        public bool TryDeserialize(in KafkaRecordView record, out T value)
        {
            value = record.IsTombstone ? default! : JsonSerializer.Deserialize(record.Value, typeInfo)!;
            return value is not null && !record.IsTombstone;
        }
    }

    private sealed class FromValue<T>(Func<ReadOnlySpan<byte>, T> deserialize) : IKafkaDeserializer<T>
    {
        public bool TryDeserialize(in KafkaRecordView record, out T value)
        {
            value = record.IsTombstone ? default! : deserialize(record.Value);
            return !record.IsTombstone;
        }
    }
}
