using System.Buffers;
using System.Text.Json;
using Millrace.Connect.Data;

namespace Millrace.Connect.Converters;

/// <summary>The JSON form of a schema in Kafka Connect's JsonConverter.</summary>
internal static class JsonSchemaFormat
{
    // A schema deeper than this is not data but an attack on the stack.
    private const int MaxDepth = 64;

    private static readonly Dictionary<string, ConnectType> Types = new(StringComparer.Ordinal)
    {
        ["int8"] = ConnectType.Int8,
        ["int16"] = ConnectType.Int16,
        ["int32"] = ConnectType.Int32,
        ["int64"] = ConnectType.Int64,
        ["float"] = ConnectType.Float32,
        ["float32"] = ConnectType.Float32,
        ["double"] = ConnectType.Float64,
        ["float64"] = ConnectType.Float64,
        ["boolean"] = ConnectType.Boolean,
        ["string"] = ConnectType.String,
        ["bytes"] = ConnectType.Bytes,
        ["array"] = ConnectType.Array,
        ["map"] = ConnectType.Map,
        ["struct"] = ConnectType.Struct,
    };

    internal static byte[] ToBytes(ConnectSchema schema, JsonValueWriter values, JsonWriterOptions options)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer, options);
        Write(writer, schema, values, null);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    internal static ConnectSchema Parse(JsonElement json, int depth = 0)
    {
        if (depth > MaxDepth) throw new DataException("A schema is nested too deeply.");
        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty("type"u8, out var typeName) || typeName.ValueKind != JsonValueKind.String)
            throw new DataException("A schema must be an object that contains a \"type\" field.");
        if (!Types.TryGetValue(typeName.GetString()!, out var type)) throw new DataException($"Unknown schema type: {typeName.GetString()}");
        var builder = type switch
        {
            ConnectType.Array => SchemaBuilder.Array(Parse(Required(json, "items"), depth + 1)),
            ConnectType.Map => SchemaBuilder.Map(Parse(Required(json, "keys"), depth + 1), Parse(Required(json, "values"), depth + 1)),
            _ => new SchemaBuilder(type),
        };
        if (type == ConnectType.Struct)
        {
            foreach (var field in Required(json, "fields").EnumerateArray())
                builder.Field(Required(field, "field").GetString() ?? throw new DataException("A field's name is null."), Parse(field, depth + 1));
        }

        if (json.TryGetProperty("optional"u8, out var optional)) builder.Optional(optional.GetBoolean());
        if (json.TryGetProperty("name"u8, out var name) && name.ValueKind == JsonValueKind.String) builder.Name(name.GetString()!);
        if (json.TryGetProperty("version"u8, out var version) && version.ValueKind == JsonValueKind.Number) builder.Version(version.GetInt32());
        if (json.TryGetProperty("doc"u8, out var doc) && doc.ValueKind == JsonValueKind.String) builder.Doc(doc.GetString()!);
        if (json.TryGetProperty("parameters"u8, out var parameters) && parameters.ValueKind == JsonValueKind.Object)
        {
            foreach (var parameter in parameters.EnumerateObject()) builder.Parameter(parameter.Name, parameter.Value.GetString() ?? "");
        }

        if (json.TryGetProperty("default"u8, out var given) && given.ValueKind != JsonValueKind.Null)
            builder.Default(JsonValueReader.Read(given, builder.Build()));
        return builder.Build();
    }

    private static JsonElement Required(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) ? value : throw new DataException($"A schema lacks its field \"{name}\".");

    private static void Write(Utf8JsonWriter writer, ConnectSchema schema, JsonValueWriter values, string? field)
    {
        writer.WriteStartObject();
        writer.WriteString("type", TypeName(schema.Type));
        switch (schema.Type)
        {
            case ConnectType.Struct:
                writer.WriteStartArray("fields");
                foreach (var f in schema.Fields) Write(writer, f.Schema, values, f.Name);
                writer.WriteEndArray();
                break;
            case ConnectType.Array:
                writer.WritePropertyName("items");
                Write(writer, schema.ValueSchema!, values, null);
                break;
            case ConnectType.Map:
                writer.WritePropertyName("keys");
                Write(writer, schema.KeySchema!, values, null);
                writer.WritePropertyName("values");
                Write(writer, schema.ValueSchema!, values, null);
                break;
        }

        writer.WriteBoolean("optional", schema.IsOptional);
        if (schema.Name is not null) writer.WriteString("name", schema.Name);
        if (schema.Version is { } version) writer.WriteNumber("version", version);
        if (schema.Documentation is not null) writer.WriteString("doc", schema.Documentation);
        if (schema.Parameters.Count > 0)
        {
            writer.WriteStartObject("parameters");
            foreach (var (name, value) in schema.Parameters) writer.WriteString(name, value);
            writer.WriteEndObject();
        }

        if (schema.DefaultValue is not null)
        {
            writer.WritePropertyName("default");
            values.Write(writer, schema, schema.DefaultValue);
        }

        if (field is not null) writer.WriteString("field", field);
        writer.WriteEndObject();
    }

    private static string TypeName(ConnectType type) => type switch
    {
        ConnectType.Float32 => "float",
        ConnectType.Float64 => "double",
        _ => type.ToString().ToLowerInvariant(),
    };
}
