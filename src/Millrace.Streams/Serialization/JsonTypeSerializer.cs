using System.Text.Json;

namespace Millrace.Streams.Serialization;

/// <summary>JSON: slower and larger than binary, but readable by eye and tolerant of added and removed members.</summary>
internal sealed class JsonTypeSerializer<T>(JsonSerializerOptions options) : ITypeSerializer<T>
{
    [ThreadStatic]
    private static Utf8JsonWriter? _writer;

    // The name without the assembly's version: a release of the program must not orphan its state.
    public string Id => "json:" + typeof(T).FullName;

    public void Write(StateWriter writer, T value)
    {
        var json = _writer ??= new Utf8JsonWriter(writer);
        json.Reset(writer);
        JsonSerializer.Serialize(json, value, options);
        json.Flush();
    }

    public T Read(ref StateReader reader) => JsonSerializer.Deserialize<T>(reader.ReadRest(), options)!;
}
