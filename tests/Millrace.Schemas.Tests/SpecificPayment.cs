using Avro;
using Avro.Specific;

namespace Millrace.Schemas.Tests;

/// <summary>What avrogen makes of its schema; Apache.Avro finds it by the schema's full name.</summary>
public sealed class SpecificPayment : ISpecificRecord
{
    internal static RecordSchema SchemaOf(string cents, string more) => (RecordSchema)Schema.Parse(
        "{\"type\":\"record\",\"name\":\"SpecificPayment\",\"namespace\":\"Millrace.Schemas.Tests\",\"fields\":[{\"name\":\"id\",\"type\":\"string\"},{\"name\":\"cents\",\"type\":\"" + cents + "\"}" + more + "]}");

    internal static RecordSchema Current { get; } = SchemaOf("long", """,{"name":"note","type":"string","default":"-"}""");

    public Schema Schema => Current;

    public string Id { get; set; } = null!;

    public long Cents { get; set; }

    public string Note { get; set; } = null!;

    public object Get(int fieldPos) => fieldPos switch { 0 => Id, 1 => Cents, 2 => Note, _ => throw new AvroRuntimeException($"no field {fieldPos}") };

    public void Put(int fieldPos, object fieldValue)
    {
        switch (fieldPos)
        {
            case 0: Id = (string)fieldValue; break;
            case 1: Cents = (long)fieldValue; break;
            case 2: Note = (string)fieldValue; break;
            default: throw new AvroRuntimeException($"no field {fieldPos}");
        }
    }
}
