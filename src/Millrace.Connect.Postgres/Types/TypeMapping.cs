using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Millrace.Connect.Data;
using Millrace.Connect.Postgres.Catalog;
using Millrace.Connect.Postgres.Configuration;

namespace Millrace.Connect.Postgres.Types;

/// <summary>Chooses the form of each PostgreSQL type, as Debezium does under the same options; types unknown to it arrive as text.</summary>
internal sealed class TypeMapping(PostgresOptions options)
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The reader for a type.</summary>
    /// <param name="type">The type; domains resolved.</param>
    /// <param name="modifier">atttypmod, or -1.</param>
    /// <param name="element">An array's element.</param>
    internal ValueReader For(TypeInfo type, int modifier, ValueReader? element)
    {
        if (element is not null)
        {
            var unavailable = new List<object?> { element.Unavailable };
            return new(() => SchemaBuilder.Array(element.Schema().Optional().Build()), t => ArrayText.Read(t, element.Read), element.Unavailable is null ? null : unavailable);
        }

        if (type.Kind == 'e') return Named("io.debezium.data.Enum", b => b.Parameter("allowed", string.Join(',', type.Labels)));
        return type.Name switch
        {
            "int2" => new(Plain(ConnectType.Int16), static t => Number<short>(t), null),
            "int4" => new(Plain(ConnectType.Int32), static t => Number<int>(t), null),
            "int8" or "oid" or "xid" or "cid" => new(Plain(ConnectType.Int64), static t => Number<long>(t), null),
            "float4" => new(Plain(ConnectType.Float32), static t => float.Parse(t, NumberStyles.Float, CultureInfo.InvariantCulture), null),
            "float8" => new(Plain(ConnectType.Float64), static t => double.Parse(t, NumberStyles.Float, CultureInfo.InvariantCulture), null),
            "bool" => new(Plain(ConnectType.Boolean), static t => t is [(byte)'t'], null),
            "numeric" => Numeric(modifier),
            "money" => Money(),
            "bytea" => Bytes(),
            "bit" when modifier == 1 => new(Plain(ConnectType.Boolean), static t => t is [(byte)'1'], null),
            "bit" or "varbit" => Bits(type.Name == "bit" ? modifier : modifier < 0 ? int.MaxValue : modifier),
            "uuid" => Named("io.debezium.data.Uuid"),
            "json" or "jsonb" => Named("io.debezium.data.Json"),
            "xml" => Named("io.debezium.data.Xml"),
            "ltree" => Named("io.debezium.data.Ltree"),
            "tsvector" => Named("io.debezium.data.Tsvector"),
            "date" => Date(),
            "time" => Time(modifier),
            "timetz" => new(() => Text("io.debezium.time.ZonedTime"), static t => ZonedTime(t), options.Placeholder),
            "timestamp" => Timestamp(modifier),
            "timestamptz" => ZonedTimestamp(modifier is >= 0 and <= 6 ? modifier : 6),
            "point" => Point(),
            "interval" when options.IntervalsAsText => new(() => Text("io.debezium.time.Interval"), static t => IntervalText.Iso(t), options.Placeholder),
            "interval" => new(() => new SchemaBuilder(ConnectType.Int64).Name("io.debezium.time.MicroDuration").Version(1), static t => IntervalText.Micros(t), null),
            _ => new(Plain(ConnectType.String), ReadText, options.Placeholder),
        };
    }

    private static Func<SchemaBuilder> Plain(ConnectType type) => () => new SchemaBuilder(type);

    private static SchemaBuilder Text(string name) => new SchemaBuilder(ConnectType.String).Name(name).Version(1);

    private static string ReadText(ReadOnlySpan<byte> text) => Utf8.GetString(text);

    private static T Number<T>(ReadOnlySpan<byte> text) where T : IUtf8SpanParsable<T> => T.Parse(text, CultureInfo.InvariantCulture);

    private static string ZonedTime(ReadOnlySpan<byte> text)
    {
        const long Day = 86_400_000_000;
        return TemporalText.IsoTime((TemporalText.TimeMicros(text) % Day + Day) % Day) + "Z";
    }

    // As many digits as the column's precision has, as Debezium writes them.
    private ValueReader ZonedTimestamp(int digits) => new(
        () => Text("io.debezium.time.ZonedTimestamp"),
        t => TemporalText.IsInfinite(t, out _) ? Utf8.GetString(t) : TemporalText.IsoInstant(TemporalText.Micros(t), digits),
        options.Placeholder);

    private static ValueReader Point()
    {
        var schema = SchemaBuilder.Struct("io.debezium.data.geometry.Point").Version(1).Doc("Geometry (POINT)")
            .Field("x", new SchemaBuilder(ConnectType.Float64).Build()).Field("y", new SchemaBuilder(ConnectType.Float64).Build())
            .Field("wkb", ConnectSchema.OptionalBytes).Field("srid", new SchemaBuilder(ConnectType.Int32).Optional().Build()).Build();
        return new(() => SchemaBuilder.From(schema), text =>
        {
            var comma = text.IndexOf((byte)',');
            if (comma < 0 || text is not [(byte)'(', .., (byte)')']) throw new FormatException("not a point");
            var x = double.Parse(text[1..comma], NumberStyles.Float, CultureInfo.InvariantCulture);
            var y = double.Parse(text[(comma + 1)..^1], NumberStyles.Float, CultureInfo.InvariantCulture);
            // Well-known binary: little-endian, type 1 (point), the two coordinates.
            var wkb = new byte[21];
            (wkb[0], wkb[1]) = (1, 1);
            BinaryPrimitives.WriteDoubleLittleEndian(wkb.AsSpan(5), x);
            BinaryPrimitives.WriteDoubleLittleEndian(wkb.AsSpan(13), y);
            return new Struct(schema, [x, y, wkb, null]);
        }, null);
    }

    private ValueReader Named(string name, Func<SchemaBuilder, SchemaBuilder>? more = null) => new(() => more is null ? Text(name) : more(Text(name)), ReadText, options.Placeholder);

    private ValueReader Numeric(int modifier)
    {
        switch (options.Decimals)
        {
            case DecimalMode.Text:
                return new(Plain(ConnectType.String), static t => t switch
                {
                    [(byte)'N', ..] => "NAN",
                    [(byte)'I', ..] => "POSITIVE_INFINITY",
                    [(byte)'-', (byte)'I', ..] => "NEGATIVE_INFINITY",
                    _ => Utf8.GetString(t),
                }, options.Placeholder);
            case DecimalMode.Double:
                return new(Plain(ConnectType.Float64), static t => double.Parse(t, NumberStyles.Float, CultureInfo.InvariantCulture), null);
        }

        if (modifier >= 4)
        {
            // atttypmod = ((precision << 16) | (scale & 0x7ff)) + 4; the scale has 11 bits and a sign.
            var precision = ((modifier - 4) >> 16) & 0xffff;
            var scale = (((modifier - 4) & 0x7ff) ^ 1024) - 1024;
            return new(() => LogicalTypes.DecimalSchema(scale).Parameter("connect.decimal.precision", precision.ToString(CultureInfo.InvariantCulture)), t => ReadDecimal(t)?.Rescale(scale), null);
        }

        var schema = SchemaBuilder.Struct("io.debezium.data.VariableScaleDecimal").Version(1).Doc("Variable scaled decimal").Field("scale", ConnectSchema.Int32).Field("value", ConnectSchema.Bytes).Build();
        return new(() => SchemaBuilder.From(schema), t => ReadDecimal(t) is { } d ? new Struct(schema, [d.Scale, d.ToBytes()]) : null, null);
    }

    // NaN and infinities have no place in a decimal.
    private static ConnectDecimal? ReadDecimal(ReadOnlySpan<byte> text)
    {
        if (text is [(byte)'N', ..] or [(byte)'I', ..] or [(byte)'-', (byte)'I', ..]) return null;
        Span<char> chars = text.Length <= 256 ? stackalloc char[text.Length] : new char[text.Length];
        Encoding.ASCII.GetChars(text, chars);
        return ConnectDecimal.Parse(chars);
    }

    private ValueReader Money()
    {
        var digits = options.MoneyDigits;
        ConnectDecimal Parse(ReadOnlySpan<byte> text)
        {
            // "-$1,234.56" or "($1,234.56)", by lc_monetary: the last separator before exactly the fraction's digits is the point.
            var value = Encoding.UTF8.GetString(text);
            var plain = new string([.. value.Where(char.IsAsciiDigit)]);
            var unscaled = System.Numerics.BigInteger.Parse(plain, CultureInfo.InvariantCulture);
            return new(value.Contains('-', StringComparison.Ordinal) || value.StartsWith('(') ? -unscaled : unscaled, digits);
        }

        return options.Decimals switch
        {
            DecimalMode.Precise => new(() => LogicalTypes.DecimalSchema(digits), t => Parse(t), null),
            DecimalMode.Double => new(Plain(ConnectType.Float64), t => double.Parse(Parse(t).ToString(), CultureInfo.InvariantCulture), null),
            _ => new(Plain(ConnectType.String), t => Parse(t).ToString(), options.Placeholder),
        };
    }

    private ValueReader Bytes()
    {
        static byte[] Parse(ReadOnlySpan<byte> t) => t is [(byte)'\\', (byte)'x', .. var hex] ? Convert.FromHexString(hex) : throw new FormatException("bytea is not in hex form");
        return options.BinaryMode switch
        {
            "base64" => new(Plain(ConnectType.String), static t => Convert.ToBase64String(Parse(t)), options.Placeholder),
            "base64-url-safe" => new(Plain(ConnectType.String), static t => Convert.ToBase64String(Parse(t)).Replace('+', '-').Replace('/', '_'), options.Placeholder),
            "hex" => new(Plain(ConnectType.String), static t => Utf8.GetString(t[2..]), options.Placeholder),
            _ => new(Plain(ConnectType.Bytes), static t => Parse(t), Utf8.GetBytes(options.Placeholder)),
        };
    }

    // Little-endian and without leading zero bytes, as Debezium's Bits.
    private static ValueReader Bits(int length) => new(
        () => new SchemaBuilder(ConnectType.Bytes).Name("io.debezium.data.Bits").Version(1).Parameter("length", length.ToString(CultureInfo.InvariantCulture)),
        static text =>
        {
            var bytes = new byte[(text.Length + 7) / 8];
            for (var i = 0; i < text.Length; i++)
            {
                if (text[text.Length - 1 - i] == '1') bytes[i / 8] |= (byte)(1 << (i % 8));
            }

            var used = bytes.Length;
            while (used > 0 && bytes[used - 1] == 0) used--;
            return bytes[..used];
        },
        null);

    private ValueReader Date() => options.TimeMode switch
    {
        "connect" => new(LogicalTypes.DateSchema, static t => DateOnly.FromDateTime(DateTime.UnixEpoch).AddDays(TemporalText.Days(t)), null),
        "isostring" => new(() => Text("io.debezium.time.IsoDate"), static t => TemporalText.IsInfinite(t, out _) ? Utf8.GetString(t) : TemporalText.IsoDate(TemporalText.Days(t)) + "Z", options.Placeholder),
        _ => new(() => new SchemaBuilder(ConnectType.Int32).Name("io.debezium.time.Date").Version(1), static t => TemporalText.Days(t), null),
    };

    private ValueReader Time(int modifier) => options.TimeMode switch
    {
        "connect" => new(LogicalTypes.TimeSchema, static t => new TimeOnly(TemporalText.TimeMicros(t) % 86_400_000_000 * 10), null),
        "isostring" => new(() => Text("io.debezium.time.IsoTime"), static t => TemporalText.IsoTime(TemporalText.TimeMicros(t)) + "Z", options.Placeholder),
        "adaptive" when modifier is >= 0 and <= 3 => new(() => new SchemaBuilder(ConnectType.Int32).Name("io.debezium.time.Time").Version(1), static t => (int)(TemporalText.TimeMicros(t) / 1000), null),
        _ => new(() => new SchemaBuilder(ConnectType.Int64).Name("io.debezium.time.MicroTime").Version(1), static t => TemporalText.TimeMicros(t), null),
    };

    private ValueReader Timestamp(int modifier) => options.TimeMode switch
    {
        "connect" => new(LogicalTypes.TimestampSchema, static t => DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(Millis(TemporalText.Micros(t)), DateTimeOffset.MinValue.ToUnixTimeMilliseconds(), DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())), null),
        "isostring" => new(() => Text("io.debezium.time.IsoTimestamp"), static t => TemporalText.IsInfinite(t, out _) ? Utf8.GetString(t) : TemporalText.IsoInstant(TemporalText.Micros(t)), options.Placeholder),
        _ when modifier is >= 0 and <= 3 => new(() => new SchemaBuilder(ConnectType.Int64).Name("io.debezium.time.Timestamp").Version(1), static t => Millis(TemporalText.Micros(t)), null),
        _ => new(() => new SchemaBuilder(ConnectType.Int64).Name("io.debezium.time.MicroTimestamp").Version(1), static t => TemporalText.Micros(t), null),
    };

    private static long Millis(long micros) => micros is long.MaxValue or long.MinValue ? micros : (long)Math.Floor(micros / 1000d) is var m && Math.Abs(micros) < (1L << 52) ? m : micros / 1000;
}
