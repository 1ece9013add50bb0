using Millrace.Connect.Data;

namespace Millrace.Connect.Converters;

/// <summary>Bytes as they are: Kafka Connect's ByteArrayConverter.</summary>
public sealed class ByteArrayConverter : IConverter
{
    /// <inheritdoc/>
    public void Configure(IReadOnlyDictionary<string, string> config, bool isKey)
    {
    }

    /// <inheritdoc/>
    public byte[]? FromConnectData(string topic, ConnectSchema? schema, object? value) => value switch
    {
        null => null,
        byte[] bytes => bytes,
        _ => throw new DataException($"ByteArrayConverter needs bytes, but a record for topic {topic} holds {value.GetType().Name}; use JsonConverter or StringConverter."),
    };

    /// <inheritdoc/>
    public SchemaAndValue ToConnectData(string topic, ReadOnlySpan<byte> bytes, bool isNull) => new(ConnectSchema.OptionalBytes, isNull ? null : bytes.ToArray());
}
