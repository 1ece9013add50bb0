using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Encodings.Web;
using System.Text.Json;
using Millrace.Connect.Data;

namespace Millrace.Connect.Converters;

/// <summary>
/// JSON as Kafka Connect's JsonConverter writes it: bare values with <c>schemas.enable=false</c>, or <c>{"schema":…,"payload":…}</c>.
/// Settings: <c>schemas.enable</c> (true), <c>decimal.format</c> (BASE64, NUMERIC), <c>schemas.cache.size</c>, <c>replace.null.with.default</c> (true).
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The writer writes to memory and owns nothing else.")]
public sealed class JsonConverter : IConverter
{
    // Text stays readable: only what JSON demands is escaped. The output is data for programs, never part of a page.
    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };
    private readonly ArrayBufferWriter<byte> _buffer = new(1024);
    private readonly Dictionary<ConnectSchema, byte[]> _schemaJson = [];
    private readonly Dictionary<string, ConnectSchema> _parsed = new(StringComparer.Ordinal);
    private readonly JsonValueWriter _values = new();
    private Utf8JsonWriter? _writer;
    private bool _schemas = true;
    private int _cacheSize = 1000;

    /// <inheritdoc/>
    public void Configure(IReadOnlyDictionary<string, string> config, bool isKey)
    {
        foreach (var (key, value) in config)
        {
            switch (key)
            {
                case "schemas.enable" when bool.TryParse(value, out var enabled): _schemas = enabled; break;
                case "schemas.cache.size" when int.TryParse(value, out var size): _cacheSize = size; break;
                case "decimal.format" when value.Equals("NUMERIC", StringComparison.OrdinalIgnoreCase): _values.NumericDecimals = true; break;
                case "decimal.format" when value.Equals("BASE64", StringComparison.OrdinalIgnoreCase): _values.NumericDecimals = false; break;
                case "replace.null.with.default" when bool.TryParse(value, out var replace): _values.ReplaceNullWithDefault = replace; break;
                case "converter.type": break;
                default: throw new ConfigException($"JsonConverter: \"{key}={value}\" is not a setting with an allowed value; known are schemas.enable, schemas.cache.size, decimal.format (BASE64, NUMERIC), replace.null.with.default.");
            }
        }
    }

    /// <inheritdoc/>
    public byte[]? FromConnectData(string topic, ConnectSchema? schema, object? value)
    {
        if (value is null && (schema is null || !_schemas)) return null;
        _buffer.ResetWrittenCount();
        if (_writer is null) _writer = new Utf8JsonWriter(_buffer, WriterOptions);
        else _writer.Reset(_buffer);
        if (_schemas)
        {
            _writer.WriteStartObject();
            _writer.WritePropertyName("schema"u8);
            _writer.WriteRawValue(SchemaJson(schema), skipInputValidation: true);
            _writer.WritePropertyName("payload"u8);
            _values.Write(_writer, schema, value);
            _writer.WriteEndObject();
        }
        else
        {
            _values.Write(_writer, schema, value);
        }

        _writer.Flush();
        return _buffer.WrittenSpan.ToArray();
    }

    /// <inheritdoc/>
    public SchemaAndValue ToConnectData(string topic, ReadOnlySpan<byte> bytes, bool isNull)
    {
        if (isNull || bytes.Length == 0) return default;
        try
        {
            var reader = new Utf8JsonReader(bytes);
            using var document = JsonDocument.ParseValue(ref reader);
            if (reader.Read()) throw new DataException($"A record of topic {topic} has something after its JSON value.");
            var root = document.RootElement;
            if (!_schemas) return new(null, JsonValueReader.ReadBare(root));
            if (root.ValueKind != JsonValueKind.Object || root.EnumerateObject().Count() != 2
                || !root.TryGetProperty("schema"u8, out var schemaElement) || !root.TryGetProperty("payload"u8, out var payload))
                throw new DataException(
                    $"JsonConverter with schemas.enable requires \"schema\" and \"payload\" fields and may not contain additional fields (topic {topic}). "
                    + "If you are trying to deserialize plain JSON data, set schemas.enable=false in your converter configuration.");
            var schema = schemaElement.ValueKind == JsonValueKind.Null ? null : Parse(schemaElement);
            return new(schema, schema is null ? JsonValueReader.ReadBare(payload) : JsonValueReader.Read(payload, schema));
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or OverflowException or ArgumentException)
        {
            throw new DataException($"Converting byte[] to Kafka Connect data failed due to serialization error: a record of topic {topic} is not the JSON expected: {e.Message}", e);
        }
    }

    private ConnectSchema Parse(JsonElement element)
    {
        var text = element.GetRawText();
        if (_parsed.TryGetValue(text, out var schema)) return schema;
        if (_parsed.Count >= _cacheSize) _parsed.Clear();
        return _parsed[text] = JsonSchemaFormat.Parse(element);
    }

    private byte[] SchemaJson(ConnectSchema? schema)
    {
        if (schema is null) return "null"u8.ToArray();
        if (_schemaJson.TryGetValue(schema, out var json)) return json;
        if (_schemaJson.Count >= _cacheSize) _schemaJson.Clear();
        return _schemaJson[schema] = JsonSchemaFormat.ToBytes(schema, _values, WriterOptions);
    }
}
