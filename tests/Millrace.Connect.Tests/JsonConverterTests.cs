using System.Globalization;
using System.Text;
using CsCheck;
using Millrace.Connect.Converters;
using Millrace.Connect.Data;

namespace Millrace.Connect.Tests;

public sealed class JsonConverterTests
{
    private static readonly ConnectSchema Row = SchemaBuilder.Struct("row")
        .Field("id", ConnectSchema.Int64)
        .Field("name", ConnectSchema.OptionalString)
        .Field("price", LogicalTypes.DecimalSchema(2).Optional().Build())
        .Field("tags", SchemaBuilder.Array(ConnectSchema.String).Optional().Build())
        .Field("at", LogicalTypes.TimestampSchema().Optional().Build())
        .Field("bytes", ConnectSchema.OptionalBytes)
        .Build();

    [Fact]
    public void Writes_values_without_schemas() =>
        Assert.Equal(
            """{"id":7,"name":"é\"🙂","price":"BNI=","tags":["a"],"at":1704164645123,"bytes":"3q0="}""",
            Text(Converter(schemas: false).FromConnectData("t", Row, Sample())).Replace("\\uD83D\\uDE42", "🙂", StringComparison.Ordinal));

    [Fact]
    public void Writes_schema_and_payload_as_Kafka_Connect_does() =>
        Assert.Equal(
            """{"schema":{"type":"struct","fields":[{"type":"int64","optional":false,"field":"id"}],"optional":false,"name":"s"},"payload":{"id":1}}""",
            Text(Converter(schemas: true).FromConnectData("t", SchemaBuilder.Struct("s").Field("id", ConnectSchema.Int64).Build(), new Struct(SchemaBuilder.Struct("s").Field("id", ConnectSchema.Int64).Build(), [1L]))));

    [Fact]
    public void Round_trips_with_schemas()
    {
        var converter = Converter(schemas: true);
        var bytes = converter.FromConnectData("t", Row, Sample())!;
        var (schema, value) = converter.ToConnectData("t", bytes, isNull: false);
        var row = Assert.IsType<Struct>(value);
        Assert.Equal(ConnectType.Struct, schema!.Type);
        Assert.Equal(new ConnectDecimal(1234, 2), row["price"]);
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1704164645123), row["at"]);
        Assert.Equal(bytes, converter.FromConnectData("t", schema, value));
    }

    [Fact]
    public void Null_stays_null_and_decimals_can_be_numbers()
    {
        Assert.Null(Converter(schemas: true).FromConnectData("t", null, null));
        Assert.Null(Converter(schemas: false).FromConnectData("t", Row, null));
        var numeric = new JsonConverter();
        numeric.Configure(new Dictionary<string, string> { ["schemas.enable"] = "false", ["decimal.format"] = "NUMERIC" }, isKey: false);
        Assert.Equal("-0.05", Text(numeric.FromConnectData("t", null, ConnectDecimal.Parse("-0.05"))));
    }

    [Fact]
    public void Whole_numbers_stay_whole_without_schemas()
    {
        var map = Assert.IsAssignableFrom<IReadOnlyDictionary<string, object?>>(Converter(schemas: false).ToConnectData("t", "{\"a\":9007199254740993,\"b\":1.5}"u8, isNull: false).Value);
        Assert.Equal(9007199254740993L, map["a"]);
        Assert.Equal(1.5, map["b"]);
    }

    [Fact]
    public void A_required_field_without_value_is_an_error_that_names_it()
    {
        var schema = SchemaBuilder.Struct("s").Field("id", ConnectSchema.Int64).Build();
        Assert.Throws<DataException>(() => Converter(schemas: false).FromConnectData("t", schema, new Struct(schema)));
    }

    [Fact]
    public void Plain_JSON_under_schemas_enable_says_what_to_set() =>
        Assert.Contains("schemas.enable=false", Assert.Throws<DataException>(() => Converter(schemas: true).ToConnectData("t", "{\"a\":1}"u8, isNull: false)).Message, StringComparison.Ordinal);

    [Fact]
    public void Any_bytes_are_a_value_or_a_data_exception() =>
        Gen.OneOf(
            Gen.Byte.Array[0, 80],
            Gen.String[Gen.Char["{}[]\",:schemapayloadtypestructfieldsint32 0123-.eE\\u"], 0, 80].Select(s => Encoding.UTF8.GetBytes(s)),
            Gen.Select(Gen.Int[0, 200], Gen.Byte).Select(p =>
            {
                var bytes = Converter(schemas: true).FromConnectData("t", Row, Sample())!;
                bytes[p.Item1 % bytes.Length] = p.Item2;
                return bytes;
            })).Sample(
            bytes =>
            {
                foreach (var schemas in (bool[])[true, false])
                {
                    try
                    {
                        Converter(schemas).ToConnectData("t", bytes, isNull: false);
                    }
                    catch (DataException)
                    {
                    }
                }
            },
            iter: 3000,
            seed: "0000KOIQJRe0");

    [Fact]
    public void Decimals_keep_every_digit() =>
        Gen.Select(Gen.Long, Gen.Int[0, 30]).Sample(
            (unscaled, scale) =>
            {
                var value = new ConnectDecimal(unscaled, scale);
                return ConnectDecimal.Parse(value.ToString()) == value && ConnectDecimal.FromBytes(value.ToBytes(), scale) == value
                    && value.Rescale(scale + 5).Rescale(scale) == value;
            },
            iter: 2000,
            seed: "0000KOIQJRe0");

    private static Struct Sample() => new(Row, [7L, "é\"🙂", new ConnectDecimal(1234, 2), new List<object?> { "a" }, DateTimeOffset.FromUnixTimeMilliseconds(1704164645123), new byte[] { 0xde, 0xad }]);

    private static JsonConverter Converter(bool schemas)
    {
        var converter = new JsonConverter();
        converter.Configure(new Dictionary<string, string> { ["schemas.enable"] = schemas.ToString(CultureInfo.InvariantCulture) }, isKey: false);
        return converter;
    }

    private static string Text(byte[]? bytes) => Encoding.UTF8.GetString(bytes!);
}
