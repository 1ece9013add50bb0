using System.Text.Json;
using global::Avro;
using global::Avro.Generic;

namespace Millrace.Schemas.Avro;

/// <summary>Avro values as plain JSON for people: without the type names of Avro's own JSON encoding. Logical types are shown as their values.</summary>
public static class AvroJson
{
    /// <summary>Writes a generic value.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="value">What a generic reader returned.</param>
    public static void Write(Utf8JsonWriter writer, object? value)
    {
        ArgumentNullException.ThrowIfNull(writer);
        switch (value)
        {
            case null: writer.WriteNullValue(); break;
            case bool b: writer.WriteBooleanValue(b); break;
            case int i: writer.WriteNumberValue(i); break;
            case long l: writer.WriteNumberValue(l); break;
            case float f when float.IsFinite(f): writer.WriteNumberValue(f); break;
            case double d when double.IsFinite(d): writer.WriteNumberValue(d); break;
            case decimal m: writer.WriteNumberValue(m); break;
            case string s: writer.WriteStringValue(s); break;
            case byte[] bytes: writer.WriteStringValue(Convert.ToHexStringLower(bytes)); break;
            case DateTime t: writer.WriteStringValue(t); break;
            case GenericEnum e: writer.WriteStringValue(e.Value); break;
            case GenericFixed f: writer.WriteStringValue(Convert.ToHexStringLower(f.Value)); break;
            case GenericRecord record: WriteRecord(writer, record); break;
            case IDictionary<string, object> map: WriteMap(writer, map); break;
            case System.Collections.IEnumerable list: WriteList(writer, list); break;
            default: writer.WriteStringValue(value.ToString()); break;
        }
    }

    private static void WriteRecord(Utf8JsonWriter writer, GenericRecord record)
    {
        writer.WriteStartObject();
        foreach (Field field in record.Schema.Fields)
        {
            writer.WritePropertyName(field.Name);
            Write(writer, record.GetValue(field.Pos));
        }

        writer.WriteEndObject();
    }

    private static void WriteMap(Utf8JsonWriter writer, IDictionary<string, object> map)
    {
        writer.WriteStartObject();
        foreach (var (key, value) in map)
        {
            writer.WritePropertyName(key);
            Write(writer, value);
        }

        writer.WriteEndObject();
    }

    private static void WriteList(Utf8JsonWriter writer, System.Collections.IEnumerable list)
    {
        writer.WriteStartArray();
        foreach (var item in list)
            Write(writer, item);
        writer.WriteEndArray();
    }
}
