using System.Buffers;
using Avro;
using Avro.Generic;
using CsCheck;
using Millrace.Operations.Browsing;
using Millrace.Schemas.Avro;
using Millrace.Schemas.Serialization;

namespace Millrace.Operations.Tests;

public sealed class RecordDecoderTests
{
    private static readonly RecordSchema Schema = (RecordSchema)Avro.Schema.Parse(
        """{"type":"record","name":"P","fields":[{"name":"id","type":"string"},{"name":"n","type":["null","long"]}]}""");

    [Fact]
    public void Bytes_are_shown_as_what_they_are()
    {
        var decoder = new RecordDecoder();
        Assert.Equal(new DecodedText(TextFormat.Json, "{\"a\":1}", 7), decoder.Decode("{\"a\":1}"u8));
        Assert.Equal(new DecodedText(TextFormat.Text, "{not json", 9), decoder.Decode("{not json"u8));
        Assert.Equal(new DecodedText(TextFormat.Text, "é", 2), decoder.Decode("é"u8));
        Assert.Equal(new DecodedText(TextFormat.Text, "", 0), decoder.Decode([]));
        Assert.Equal(new DecodedText(TextFormat.Hex, "00ff", 2), decoder.Decode([0, 255]));
        Assert.Equal(new DecodedText(TextFormat.Number, "258", 8), decoder.Decode([0, 0, 0, 0, 0, 0, 1, 2], isKey: true));
        Assert.Equal("ab…", new RecordDecoder { MaxBytes = 2 }.Decode("abc"u8).Text);
        Assert.Equal("a…", new RecordDecoder { MaxBytes = 2 }.Decode("aéb"u8).Text);
    }

    [Fact]
    public void Avro_is_shown_as_json()
    {
        var ids = new FixedSchemaIds().Add(7, Schema);
        var record = new GenericRecord(Schema);
        record.Add("id", "x");
        record.Add("n", 5L);
        var buffer = new ArrayBufferWriter<byte>();
        AvroSerde.Generic(ids).Serialize(record, buffer, new SerdeContext("t", IsKey: false));
        Assert.Equal((TextFormat.Avro, """{"id":"x","n":5}"""), (new RecordDecoder(ids).Decode(buffer.WrittenSpan).Format, new RecordDecoder(ids).Decode(buffer.WrittenSpan).Text));
        Assert.Equal(TextFormat.Hex, new RecordDecoder().Decode(buffer.WrittenSpan).Format);
    }

    [Fact]
    public void No_bytes_make_it_throw()
    {
        var decoder = new RecordDecoder(new FixedSchemaIds().Add(0, Schema));
        Gen.Byte.Array[0, 40].Sample(bytes => decoder.Decode(bytes, isKey: true).Size == bytes.Length, seed: "0000000000001", iter: 5000);
        Gen.Byte.Array[0, 20].Sample(bytes => decoder.Decode([0, 0, 0, 0, 0, .. bytes]).Size == bytes.Length + 5, seed: "0000000000001", iter: 5000);
    }
}
