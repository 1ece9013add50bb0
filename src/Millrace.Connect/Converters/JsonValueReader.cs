using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Millrace.Connect.Data;

namespace Millrace.Connect.Converters;

/// <summary>Reads JSON values, by a schema or as they are.</summary>
internal static class JsonValueReader
{
    internal static object? ReadBare(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => ReadObject(element),
        JsonValueKind.Array => element.EnumerateArray().Select(ReadBare).ToList(),
        JsonValueKind.String => element.GetString(),
        JsonValueKind.Number => element.TryGetInt64(out var whole) ? (object)whole : element.GetDouble(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };

    internal static object? Read(JsonElement element, ConnectSchema schema)
    {
        if (element.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined)
        {
            if (schema.DefaultValue is not null) return schema.DefaultValue;
            return schema.IsOptional ? null : throw new DataException($"Invalid null value for required {schema} field.");
        }

        return schema.Name switch
        {
            LogicalTypes.Decimal when schema.Type == ConnectType.Bytes => ReadDecimal(element, schema),
            LogicalTypes.Timestamp when schema.Type == ConnectType.Int64 => DateTimeOffset.FromUnixTimeMilliseconds(element.GetInt64()),
            LogicalTypes.Date when schema.Type == ConnectType.Int32 => DateOnly.FromDateTime(DateTime.UnixEpoch).AddDays(element.GetInt32()),
            LogicalTypes.Time when schema.Type == ConnectType.Int32 => new TimeOnly(element.GetInt32() * TimeSpan.TicksPerMillisecond),
            _ => ReadPlain(element, schema),
        };
    }

    private static object? ReadPlain(JsonElement element, ConnectSchema schema)
    {
        switch (schema.Type)
        {
            case ConnectType.Int8: return element.GetSByte();
            case ConnectType.Int16: return element.GetInt16();
            case ConnectType.Int32: return element.GetInt32();
            case ConnectType.Int64: return element.GetInt64();
            case ConnectType.Float32: return element.ValueKind == JsonValueKind.String ? float.Parse(element.GetString()!, CultureInfo.InvariantCulture) : element.GetSingle();
            case ConnectType.Float64: return element.ValueKind == JsonValueKind.String ? double.Parse(element.GetString()!, CultureInfo.InvariantCulture) : element.GetDouble();
            case ConnectType.Boolean: return element.GetBoolean();
            case ConnectType.String: return element.GetString();
            case ConnectType.Bytes: return element.GetBytesFromBase64();
            case ConnectType.Array: return element.EnumerateArray().Select(e => Read(e, schema.ValueSchema!)).ToList();
            case ConnectType.Map when element.ValueKind == JsonValueKind.Object:
                return element.EnumerateObject().ToDictionary(p => p.Name, p => Read(p.Value, schema.ValueSchema!), StringComparer.Ordinal);
            case ConnectType.Map:
                return element.EnumerateArray().ToDictionary(p => Read(p[0], schema.KeySchema!)!, p => Read(p[1], schema.ValueSchema!));
            default:
                var result = new Struct(schema);
                foreach (var field in schema.Fields)
                    result[field.Index] = Read(element.TryGetProperty(field.Name, out var item) ? item : default, field.Schema);
                return result;
        }
    }

    private static ConnectDecimal ReadDecimal(JsonElement element, ConnectSchema schema)
    {
        var scale = int.Parse(schema.Parameters["scale"], CultureInfo.InvariantCulture);
        return element.ValueKind == JsonValueKind.Number
            ? ReadNumber(element.GetRawText()).Rescale(scale)
            : ConnectDecimal.FromBytes(element.GetBytesFromBase64(), scale);
    }

    private static ConnectDecimal ReadNumber(string text)
    {
        var e = text.IndexOfAny(['e', 'E']);
        if (e < 0) return ConnectDecimal.Parse(text);
        var mantissa = ConnectDecimal.Parse(text.AsSpan(0, e));
        var exponent = int.Parse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        if (Math.Abs(exponent) > 10_000) throw new FormatException($"{text} has an exponent out of range.");
        var scale = mantissa.Scale - exponent;
        return scale >= 0 ? new(mantissa.Unscaled, scale) : new(mantissa.Unscaled * BigInteger.Pow(10, -scale), 0);
    }

    private static Dictionary<string, object?> ReadObject(JsonElement element)
    {
        var map = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var property in element.EnumerateObject()) map[property.Name] = ReadBare(property.Value);
        return map;
    }
}
