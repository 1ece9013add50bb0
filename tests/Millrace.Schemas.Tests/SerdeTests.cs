using System.Buffers;
using System.Text.Json.Serialization;
using Avro;
using Avro.Generic;
using CsCheck;
using Millrace.Schemas.Avro;
using Millrace.Schemas.Serialization;

namespace Millrace.Schemas.Tests;

public sealed record Payment(string Id, decimal Amount);

[JsonSerializable(typeof(Payment))]
internal sealed partial class PaymentContext : JsonSerializerContext;

public sealed class SerdeTests
{
    private static readonly SerdeContext Value = new("payments", IsKey: false);

    private static readonly RecordSchema V1 = (RecordSchema)Schema.Parse(
        """{"type":"record","name":"Payment","fields":[{"name":"id","type":"string"},{"name":"cents","type":"int"}]}""");

    private static readonly RecordSchema V2 = (RecordSchema)Schema.Parse(
        """{"type":"record","name":"Payment","fields":[{"name":"id","type":"string"},{"name":"cents","type":"long"},{"name":"note","type":"string","default":"-"}]}""");

    [Fact]
    public void Plain_types_have_the_bytes_of_kafkas_own_serializers()
    {
        Assert.Equal("é"u8.ToArray(), Write(Serdes.String, "é"));
        Assert.Equal([0, 0, 0, 0, 0, 0, 1, 2], Write(Serdes.Int64, 258));
        Assert.Equal("6f9619ff-8b86-d011-b42d-00c04fc964ff"u8.ToArray(), Write(Serdes.Guid, Guid.Parse("6f9619ff-8b86-d011-b42d-00c04fc964ff")));
        Gen.Long.Sample(v => Serdes.Int64.Deserialize(Write(Serdes.Int64, v), Value) == v);
        Gen.Guid.Sample(v => Serdes.Guid.Deserialize(Write(Serdes.Guid, v), Value) == v);
        Assert.Same(Serdes.String, Serdes.ForPrimitive<string>());
        Assert.Null(Serdes.ForPrimitive<Payment>());
    }

    [Fact]
    public void Json_is_written_with_and_without_a_generated_contract()
    {
        var payment = new Payment("p", 1.5m);
        Assert.Equal("""{"id":"p","amount":1.5}"""u8.ToArray(), Write(Serdes.Json<Payment>(), payment));
        Assert.Equal("""{"Id":"p","Amount":1.5}"""u8.ToArray(), Write(Serdes.Json(PaymentContext.Default.Payment), payment));
        Assert.Equal(payment, Serdes.Json<Payment>().Deserialize("""{"id":"p","amount":1.5}"""u8, Value));
    }

    [Fact]
    public void Wrong_bytes_are_poison_with_a_message_that_names_topic_and_part()
    {
        Assert.Equal("The value of payments has 3 bytes; a long has 8.", Poison(Serdes.Int64, [1, 2, 3]));
        Assert.StartsWith("The value of payments is not UTF-8", Poison(Serdes.String, [0xff]), StringComparison.Ordinal);
        Assert.StartsWith("The value of payments is not a UUID", Poison(Serdes.Guid, "x"u8.ToArray()), StringComparison.Ordinal);
        Assert.StartsWith("The value of payments is not a Payment in JSON", Poison(Serdes.Json<Payment>(), "{"u8.ToArray()), StringComparison.Ordinal);
        Assert.StartsWith("The value of payments is the JSON text null", Poison(Serdes.Json<Payment>(), "null"u8.ToArray()), StringComparison.Ordinal);
        var avro = AvroSerde.Generic(new FixedSchemaIds());
        Assert.Contains("does not begin with a zero byte and a schema id", Poison(avro, "{}"u8.ToArray()), StringComparison.Ordinal);
        Assert.Contains("names schema id 9, which is not known", Poison(avro, [0, 0, 0, 0, 9, 1]), StringComparison.Ordinal);
    }

    [Fact]
    public void Avro_has_confluents_wire_format_and_resolves_an_older_writers_schema()
    {
        var ids = new FixedSchemaIds().Add(1, V1).Add(258, V2);
        var bytes = Write(AvroSerde.Generic(ids), Record(V1, "p", 3));
        Assert.Equal([0, 0, 0, 0, 1, 2, (byte)'p', 6], bytes);
        Assert.Equal([0, 0, 0, 1, 2], Write(AvroSerde.Generic(ids), Record(V2, "p", 3L, "n"))[..5]);
        var asV2 = AvroSerde.Generic(ids, V2).Deserialize(bytes, Value);
        Assert.Equal((3L, "-"), ((long)asV2["cents"], (string)asV2["note"]));
        Assert.Throws<ArgumentException>(() => ids.Add(1, V2));
    }

    [Fact]
    public void A_class_of_avrogen_is_written_with_its_schema_and_reads_what_an_older_one_has_written()
    {
        var (v1, v2) = (SpecificPayment.SchemaOf("int", ""), SpecificPayment.Current);
        var ids = new FixedSchemaIds().Add(1, v1).Add(2, v2);
        var serde = AvroSerde.Specific<SpecificPayment>(ids);
        var bytes = Write(serde, new SpecificPayment { Id = "p", Cents = 3, Note = "n" });
        Assert.Equal(Write(AvroSerde.Generic(ids), Record(v2, "p", 3L, "n")), bytes);
        var back = serde.Deserialize(bytes, Value);
        Assert.Equal(("p", 3L, "n"), (back.Id, back.Cents, back.Note));
        var older = serde.Deserialize(Write(AvroSerde.Generic(ids), Record(v1, "q", 4)), Value);
        Assert.Equal(("q", 4L, "-"), (older.Id, older.Cents, older.Note));
        Assert.Contains("names schema id 9", Poison(serde, [0, 0, 0, 0, 9, 1]), StringComparison.Ordinal);
        Assert.Throws<SerdeException>(() => Write(serde, new SpecificPayment()));
        Gen.Byte.Array[0, 30].Sample(data => Try(serde, [0, 0, 0, 0, 2, .. data]), seed: "0000000000001", iter: 2000);
    }

    [Fact]
    public void Avro_refuses_values_that_do_not_fit_and_bytes_that_are_left_over()
    {
        var ids = new FixedSchemaIds().Add(1, V1);
        var serde = AvroSerde.Generic(ids);
        Assert.Contains("1 bytes after its value", Poison(serde, [0, 0, 0, 0, 1, 2, (byte)'p', 6, 0]), StringComparison.Ordinal);
        Assert.Throws<SerdeException>(() => Write(AvroSerde.Generic(new FixedSchemaIds()), Record(V1, "p", 3)));
        var incomplete = new GenericRecord(V1);
        Assert.Throws<SerdeException>(() => Write(serde, incomplete));
    }

    [Fact]
    public void Avro_that_claims_more_than_is_there_is_refused_without_taking_the_memory_or_the_stack()
    {
        var nested = (RecordSchema)Schema.Parse("""{"type":"record","name":"N","fields":[{"name":"next","type":["null","N"]},{"name":"all","type":{"type":"array","items":"null"}}]}""");
        var ids = new FixedSchemaIds().Add(1, V1).Add(2, nested);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("bytes are expected", Poison(AvroSerde.Generic(ids), [0, 0, 0, 0, 1, 0xFE, 0xFF, 0xFF, 0xFF, 0x0F]), StringComparison.Ordinal);
        Assert.Contains("claims", Poison(AvroSerde.Generic(ids), [0, 0, 0, 0, 2, 0, 0xFE, 0xFF, 0xFF, 0xFF, 0x0F]), StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 10_000_000);
        var deep = new byte[5 + 1_000_000];
        Array.Fill(deep, (byte)2);
        (deep[0], deep[1], deep[2], deep[3], deep[4]) = (0, 0, 0, 0, 2);
        Poison(AvroSerde.Generic(ids), deep);
    }

    [Fact]
    public void No_bytes_make_a_serde_throw_otherwise()
    {
        var ids = new FixedSchemaIds().Add(1, V1);
        Gen.Byte.Array[0, 30].Sample(bytes =>
        {
            Try(AvroSerde.Generic(ids), [0, 0, 0, 0, 1, .. bytes]);
            Try(Serdes.String, bytes);
            Try(Serdes.Guid, bytes);
            Try(Serdes.Json<Payment>(), bytes);
        }, seed: "0000000000001", iter: 5000);
    }

    private static GenericRecord Record(RecordSchema schema, params object[] values)
    {
        var record = new GenericRecord(schema);
        for (var i = 0; i < values.Length; i++)
            record.Add(i, values[i]);
        return record;
    }

    private static byte[] Write<T>(ISerde<T> serde, T value)
    {
        var buffer = new ArrayBufferWriter<byte>();
        serde.Serialize(value, buffer, Value);
        return buffer.WrittenSpan.ToArray();
    }

    private static string Poison<T>(ISerde<T> serde, byte[] bytes) => Assert.Throws<SerdeException>(() => serde.Deserialize(bytes, Value)).Message;

    private static void Try<T>(ISerde<T> serde, byte[] bytes)
    {
        try
        {
            serde.Deserialize(bytes, Value);
        }
        catch (SerdeException)
        {
            // The one allowed answer to bytes that are wrong.
        }
    }
}
