using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Millrace.Connect.Data;

namespace Millrace.Connect.Converters;

/// <summary>Writes Connect values as JSON values. Names of fields are encoded once for each schema.</summary>
internal sealed class JsonValueWriter
{
    private readonly Dictionary<ConnectSchema, JsonEncodedText[]> _names = [];

    internal bool NumericDecimals { get; set; }

    internal bool ReplaceNullWithDefault { get; set; } = true;

    internal void Write(Utf8JsonWriter writer, ConnectSchema? schema, object? value)
    {
        if (value is null)
        {
            if (schema is { DefaultValue: { } substitute } && ReplaceNullWithDefault) Write(writer, schema, substitute);
            else if (schema is null || schema.IsOptional) writer.WriteNullValue();
            else throw new DataException($"Conversion error: null value for a field that is required and has no default value ({schema}).");
            return;
        }

        switch (value)
        {
            case string v: writer.WriteStringValue(v); break;
            case Struct v: WriteStruct(writer, v); break;
            case int v: writer.WriteNumberValue(v); break;
            case long v: writer.WriteNumberValue(v); break;
            case bool v: writer.WriteBooleanValue(v); break;
            case short v: writer.WriteNumberValue(v); break;
            case sbyte v: writer.WriteNumberValue(v); break;
            case double v: WriteDouble(writer, v); break;
            case float v: WriteFloat(writer, v); break;
            case byte[] v: writer.WriteBase64StringValue(v); break;
            case ConnectDecimal v: WriteDecimal(writer, schema, v); break;
            case DateTimeOffset v: writer.WriteNumberValue(v.ToUnixTimeMilliseconds()); break;
            case DateOnly v: writer.WriteNumberValue(v.DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber); break;
            case TimeOnly v: writer.WriteNumberValue(v.Ticks / TimeSpan.TicksPerMillisecond); break;
            case IReadOnlyDictionary<string, object?> v: WriteMap(writer, schema, v); break;
            case IReadOnlyDictionary<object, object?> v: WritePairs(writer, schema, v); break;
            case IReadOnlyList<object?> v:
                writer.WriteStartArray();
                foreach (var item in v) Write(writer, schema?.ValueSchema, item);
                writer.WriteEndArray();
                break;
            default:
                throw new DataException($"A value of type {value.GetType().Name} is not part of Connect's data model.");
        }
    }

    private static void WriteDouble(Utf8JsonWriter writer, double value)
    {
        if (double.IsFinite(value)) writer.WriteNumberValue(value);
        else writer.WriteStringValue(value.ToString(CultureInfo.InvariantCulture));
    }

    private static void WriteFloat(Utf8JsonWriter writer, float value)
    {
        if (float.IsFinite(value)) writer.WriteNumberValue(value);
        else writer.WriteStringValue(value.ToString(CultureInfo.InvariantCulture));
    }

    private void WriteDecimal(Utf8JsonWriter writer, ConnectSchema? schema, ConnectDecimal value)
    {
        if (NumericDecimals) writer.WriteRawValue(value.ToString(), skipInputValidation: true);
        else writer.WriteBase64StringValue((schema?.Parameters.TryGetValue("scale", out var scale) is true ? value.Rescale(int.Parse(scale, CultureInfo.InvariantCulture)) : value).ToBytes());
    }

    private void WriteStruct(Utf8JsonWriter writer, Struct value)
    {
        var fields = value.Schema.Fields;
        var names = Names(value.Schema);
        writer.WriteStartObject();
        for (var i = 0; i < names.Length; i++)
        {
            writer.WritePropertyName(names[i]);
            Write(writer, fields[i].Schema, value[i]);
        }

        writer.WriteEndObject();
    }

    private void WriteMap(Utf8JsonWriter writer, ConnectSchema? schema, IReadOnlyDictionary<string, object?> map)
    {
        writer.WriteStartObject();
        foreach (var (name, item) in map)
        {
            writer.WritePropertyName(name);
            Write(writer, schema?.ValueSchema, item);
        }

        writer.WriteEndObject();
    }

    // A map whose keys are not strings becomes an array of [key, value] pairs, as in Kafka Connect.
    private void WritePairs(Utf8JsonWriter writer, ConnectSchema? schema, IReadOnlyDictionary<object, object?> map)
    {
        writer.WriteStartArray();
        foreach (var (key, item) in map)
        {
            writer.WriteStartArray();
            Write(writer, schema?.KeySchema, key);
            Write(writer, schema?.ValueSchema, item);
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
    }

    private JsonEncodedText[] Names(ConnectSchema schema)
    {
        if (_names.TryGetValue(schema, out var names)) return names;
        if (_names.Count > 1000) _names.Clear();
        return _names[schema] = [.. schema.Fields.Select(f => JsonEncodedText.Encode(f.Name, JavaScriptEncoder.UnsafeRelaxedJsonEscaping))];
    }
}
