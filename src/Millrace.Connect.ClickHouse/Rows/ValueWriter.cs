using System.Collections;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Millrace.Connect.Data;

namespace Millrace.Connect.ClickHouse;

/// <summary>Writes one value as JSON that ClickHouse reads for the column's type without loss; refuses what would lose something.</summary>
internal sealed class ValueWriter(TimeUnit unit)
{
    private const long TicksPerMicrosecond = 10;
    private static readonly DateTimeOffset Epoch = DateTimeOffset.UnixEpoch;

    /// <summary>Writes the value for a column of the type; the schema, if there is one, says a number's unit.</summary>
    /// <exception cref="FormatException">The value can't be what the column needs.</exception>
    /// <exception cref="OverflowException">The value is out of the column's range.</exception>
    internal void Write(Utf8JsonWriter json, object? value, ColumnType type, ConnectSchema? schema)
    {
        if (value is null)
        {
            json.WriteNullValue();
            return;
        }

        switch (type.Kind)
        {
            case ColumnKind.Integer: WriteInteger(json, value, type); break;
            case ColumnKind.Float: WriteFloat(json, value); break;
            case ColumnKind.Decimal: WriteDecimal(json, value, type); break;
            case ColumnKind.Boolean: json.WriteBooleanValue(ToBoolean(value)); break;
            case ColumnKind.Text: json.WriteStringValue(ToText(value)); break;
            case ColumnKind.Uuid: json.WriteStringValue(value is Guid id ? id : Guid.Parse((value as string) ?? throw new FormatException("a UUID is a string"))); break;
            case ColumnKind.Date: json.WriteStringValue(ToDate(value, schema).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)); break;
            case ColumnKind.DateTime: json.WriteStringValue(Iso(ToTime(value, schema))); break;
            case ColumnKind.Array: WriteArray(json, value, type, schema); break;
            default: WriteBare(json, value); break;
        }
    }

    internal static string Iso(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);

    private static void WriteInteger(Utf8JsonWriter json, object value, ColumnType type)
    {
        var number = value switch
        {
            bool truth => truth ? BigInteger.One : BigInteger.Zero,
            string text => BigInteger.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture),
            ConnectDecimal exact => exact.Rescale(0).Unscaled,
            double real when double.IsInteger(real) => new BigInteger(real),
            float real when float.IsInteger(real) => new BigInteger(real),
            decimal exact when decimal.IsInteger(exact) => new BigInteger(exact),
            long or int or short or sbyte or byte or uint or ushort => Convert.ToInt64(value, CultureInfo.InvariantCulture),
            ulong whole => whole,
            _ => throw new FormatException("it is not a whole number"),
        };
        var limit = BigInteger.One << (type.IsUnsigned ? type.Bits : type.Bits - 1);
        if (number >= limit || number < (type.IsUnsigned ? BigInteger.Zero : -limit))
            throw new OverflowException("it is out of range");
        json.WriteRawValue(number.ToString(CultureInfo.InvariantCulture));
    }

    private static void WriteFloat(Utf8JsonWriter json, object value)
    {
        var number = value switch
        {
            string text => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
            ConnectDecimal exact => double.Parse(exact.ToString(), CultureInfo.InvariantCulture),
            IConvertible convertible and not (bool or DateTime) => convertible.ToDouble(CultureInfo.InvariantCulture),
            _ => throw new FormatException("it is not a number"),
        };
        if (double.IsFinite(number))
            json.WriteNumberValue(number);
        else
            json.WriteStringValue(double.IsNaN(number) ? "nan" : number > 0 ? "inf" : "-inf");
    }

    private static void WriteDecimal(Utf8JsonWriter json, object value, ColumnType type)
    {
        var number = value switch
        {
            ConnectDecimal exact => exact,
            string text => ConnectDecimal.Parse(text),
            double or float => ConnectDecimal.Parse(Convert.ToDecimal(value, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture)),
            decimal exact => ConnectDecimal.Parse(exact.ToString(CultureInfo.InvariantCulture)),
            long or int or short or sbyte or byte or uint or ushort or ulong => new ConnectDecimal(BigInteger.Parse(Convert.ToString(value, CultureInfo.InvariantCulture)!, CultureInfo.InvariantCulture), 0),
            _ => throw new FormatException("it is not a number"),
        };
        var scaled = number.Rescale(type.Scale);
        if (BigInteger.Abs(scaled.Unscaled) >= BigInteger.Pow(10, type.Precision))
            throw new OverflowException($"it has more than {type.Precision - type.Scale} digits before the point");
        json.WriteStringValue(scaled.ToString());
    }

    private static bool ToBoolean(object value) => value switch
    {
        bool truth => truth,
        string text => bool.Parse(text),
        long or int or short or sbyte or byte => Convert.ToInt64(value, CultureInfo.InvariantCulture) switch
        {
            0 => false,
            1 => true,
            _ => throw new FormatException("it is neither 0 nor 1"),
        },
        _ => throw new FormatException("it is not true or false"),
    };

    private static string ToText(object value) => value switch
    {
        string text => text,
        bool truth => truth ? "true" : "false",
        byte[] bytes => Convert.ToBase64String(bytes),
        DateTimeOffset time => Iso(time),
        DateOnly date => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        ConnectDecimal exact => exact.ToString(),
        Guid id => id.ToString(),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => Json(value),
    };

    private DateOnly ToDate(object value, ConnectSchema? schema) => value switch
    {
        DateOnly date => date,
        string text when DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) => date,
        // Debezium's and Connect's dates are days since the epoch; nothing else is so small.
        long or int or short when Math.Abs(Convert.ToInt64(value, CultureInfo.InvariantCulture)) < 1_000_000 =>
            DateOnly.FromDateTime(Epoch.UtcDateTime).AddDays(Convert.ToInt32(value, CultureInfo.InvariantCulture)),
        _ => DateOnly.FromDateTime(ToTime(value, schema).UtcDateTime),
    };

    private DateTimeOffset ToTime(object value, ConnectSchema? schema) => value switch
    {
        DateTimeOffset time => time,
        DateOnly date => new DateTimeOffset(date, TimeOnly.MinValue, TimeSpan.Zero),
        string text => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal),
        long or int => FromNumber(Convert.ToInt64(value, CultureInfo.InvariantCulture), UnitOf(schema)),
        double seconds => Epoch.AddTicks(checked((long)(seconds * TimeSpan.TicksPerSecond))),
        _ => throw new FormatException("it is not a time"),
    };

    private TimeUnit UnitOf(ConnectSchema? schema) => schema?.Name switch
    {
        "io.debezium.time.Timestamp" => TimeUnit.Milliseconds,
        "io.debezium.time.MicroTimestamp" => TimeUnit.Microseconds,
        "io.debezium.time.NanoTimestamp" => TimeUnit.Nanoseconds,
        _ => unit,
    };

    private static DateTimeOffset FromNumber(long number, TimeUnit unit)
    {
        if (unit == TimeUnit.Auto)
        {
            unit = Math.Abs(number) switch
            {
                < 100_000_000_000 => TimeUnit.Seconds,
                < 100_000_000_000_000 => TimeUnit.Milliseconds,
                < 100_000_000_000_000_000 => TimeUnit.Microseconds,
                _ => TimeUnit.Nanoseconds,
            };
        }

        return Epoch.AddTicks(unit switch
        {
            TimeUnit.Seconds => checked(number * TimeSpan.TicksPerSecond),
            TimeUnit.Milliseconds => checked(number * TimeSpan.TicksPerMillisecond),
            TimeUnit.Microseconds => checked(number * TicksPerMicrosecond),
            _ => number / 100,
        });
    }

    private void WriteArray(Utf8JsonWriter json, object value, ColumnType type, ConnectSchema? schema)
    {
        if (value is string or byte[] or not IEnumerable)
            throw new FormatException("it is not an array");
        json.WriteStartArray();
        foreach (var element in (IEnumerable)value)
            Write(json, element, type.Element!, schema?.ValueSchema);
        json.WriteEndArray();
    }

    // Map, Tuple, JSON, Enum and the like: ClickHouse takes them as JSON has them.
    private static void WriteBare(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null: json.WriteNullValue(); break;
            case bool truth: json.WriteBooleanValue(truth); break;
            case double or float: WriteFloat(json, value); break;
            case long or int or short or sbyte or byte or uint or ushort: json.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture)); break;
            case string text when text.StartsWith('{') && IsJson(text): json.WriteRawValue(text); break;
            case Struct or IReadOnlyDictionary<string, object?>:
                json.WriteStartObject();
                foreach (var (name, field, _) in RecordFields.All(value))
                {
                    json.WritePropertyName(name);
                    WriteBare(json, field);
                }

                json.WriteEndObject();
                break;
            case IEnumerable and not (string or byte[]):
                json.WriteStartArray();
                foreach (var element in (IEnumerable)value)
                    WriteBare(json, element);
                json.WriteEndArray();
                break;
            default: json.WriteStringValue(ToText(value)); break;
        }
    }

    private static bool IsJson(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static string Json(object value)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
            WriteBare(json, value);
        return System.Text.Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }
}
