using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using global::Avro;
using Millrace.Kafka.Consuming;
using Millrace.Schemas.Avro;
using Millrace.Schemas.Serialization;

namespace Millrace.Operations.Browsing;

/// <summary>How bytes were understood.</summary>
public enum TextFormat
{
    /// <summary>A JSON text.</summary>
    Json,

    /// <summary>Avro in the registry's wire format, shown as JSON.</summary>
    Avro,

    /// <summary>Text in UTF-8.</summary>
    Text,

    /// <summary>Eight bytes of a big-endian number, as Kafka's LongSerializer writes them (keys only).</summary>
    Number,

    /// <summary>Other bytes, in hexadecimal.</summary>
    Hex,
}

/// <summary>Bytes as text.</summary>
/// <param name="Format">How they were understood.</param>
/// <param name="Text">The text.</param>
/// <param name="Size">The number of bytes.</param>
public readonly record struct DecodedText(TextFormat Format, string Text, int Size)
{
    /// <summary>Whether the bytes were more than are shown; the text ends with "…" then.</summary>
    public bool IsTruncated { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Text;
}

/// <summary>Finds out what bytes are, and shows them to people: Avro by its schema id, JSON, UTF-8, or hexadecimal. Never throws for bytes.</summary>
/// <param name="schemas">Where schema ids lead to; null: Avro is shown in hexadecimal.</param>
public sealed class RecordDecoder(ISchemaIds? schemas = null)
{
    /// <summary>The most bytes of a key, value or header that are shown.</summary>
    /// <value>Default: 64 KiB.</value>
    public int MaxBytes { get; init; } = 65_536;

    /// <summary>Decodes a record.</summary>
    /// <param name="record">The record.</param>
    public BrowsedRecord Decode(KafkaRecord record)
    {
        var headers = record.Headers;
        var decoded = new KeyValuePair<string, DecodedText?>[headers.Count];
        for (var i = 0; i < decoded.Length; i++)
        {
            var header = headers[i];
            decoded[i] = new(Encoding.UTF8.GetString(header.Name), header.IsValueNull ? null : Decode(header.Value));
        }

        return new BrowsedRecord(
            record.Topic,
            record.Partition,
            record.Offset,
            record.Timestamp < 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(record.Timestamp),
            record.IsKeyNull ? null : Decode(record.Key, isKey: true),
            record.IsValueNull ? null : Decode(record.Value),
            decoded);
    }

    /// <summary>Decodes bytes.</summary>
    /// <param name="data">The bytes.</param>
    /// <param name="isKey">True for a key, where eight bytes that are not text are a number.</param>
    public DecodedText Decode(ReadOnlySpan<byte> data, bool isKey = false)
    {
        if (schemas is not null && WireFormat.TryReadHeader(data, out var id) && schemas.TryGetSchema(id, out var schema) && TryAvro(data[WireFormat.HeaderSize..], schema) is { } avro)
            return new DecodedText(TextFormat.Avro, avro, data.Length);
        if (data.Length > 0 && data[0] is (byte)'{' or (byte)'[' && IsJson(data))
            return Shorten(TextFormat.Json, data);
        if (Utf8.IsValid(data) && !HasControls(data))
            return Shorten(TextFormat.Text, data);
        if (isKey && data.Length == sizeof(long))
            return new DecodedText(TextFormat.Number, System.Buffers.Binary.BinaryPrimitives.ReadInt64BigEndian(data).ToString(System.Globalization.CultureInfo.InvariantCulture), data.Length);
        var shown = data.Length > MaxBytes ? data[..MaxBytes] : data;
        return new DecodedText(TextFormat.Hex, Convert.ToHexStringLower(shown) + (shown.Length < data.Length ? "…" : ""), data.Length) { IsTruncated = shown.Length < data.Length };
    }

    private static bool IsJson(ReadOnlySpan<byte> data)
    {
        var reader = new Utf8JsonReader(data);
        try
        {
            while (reader.Read())
            {
                // Reading to the end is the check.
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static string? TryAvro(ReadOnlySpan<byte> data, Schema schema)
    {
        try
        {
            var value = AvroBinary.ReadGeneric(schema, data);
            var buffer = new ArrayBufferWriter<byte>();
            using (var writer = new Utf8JsonWriter(buffer))
                AvroJson.Write(writer, value);
            return Encoding.UTF8.GetString(buffer.WrittenSpan);
        }
        catch (SerdeException)
        {
            // The record is then shown as it is.
            return null;
        }
    }

    private static bool HasControls(ReadOnlySpan<byte> data)
    {
        foreach (var b in data)
        {
            if (b < 0x20 && b is not ((byte)'\t' or (byte)'\n' or (byte)'\r'))
                return true;
        }

        return false;
    }

    private DecodedText Shorten(TextFormat format, ReadOnlySpan<byte> data)
    {
        if (data.Length <= MaxBytes)
            return new DecodedText(format, Encoding.UTF8.GetString(data), data.Length);
        var end = MaxBytes;
        while (end > 0 && (data[end] & 0xC0) == 0x80)
            end--;
        return new DecodedText(format, Encoding.UTF8.GetString(data[..end]) + "…", data.Length) { IsTruncated = true };
    }
}
