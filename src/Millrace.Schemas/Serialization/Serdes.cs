using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Millrace.Schemas.Serialization;

/// <summary>Serdes for plain types, byte-compatible with Kafka's own serializers.</summary>
public static class Serdes
{
    /// <summary>UTF-8, as Kafka's StringSerializer. Invalid UTF-8 is an error, not replaced.</summary>
    public static ISerde<string> String { get; } = new StringSerde();

    /// <summary>Bytes as they are.</summary>
    public static ISerde<byte[]> Bytes { get; } = new BytesSerde();

    /// <summary>Eight bytes, big-endian, as Kafka's LongSerializer.</summary>
    public static ISerde<long> Int64 { get; } = new Int64Serde();

    /// <summary>The text form in UTF-8, as Kafka's UUIDSerializer.</summary>
    public static ISerde<Guid> Guid { get; } = new GuidSerde();

    /// <summary>JSON through a source-generated contract: <c>Serdes.Json(MyContext.Default.Payment)</c>. Works with AOT.</summary>
    /// <typeparam name="T">The type.</typeparam>
    /// <param name="type">The contract.</param>
    public static ISerde<T> Json<T>(JsonTypeInfo<T> type) => new JsonSerde<T>(type);

    /// <summary>JSON by reflection, in web style (camelCase, case-insensitive) unless options say otherwise.</summary>
    /// <typeparam name="T">The type.</typeparam>
    /// <param name="options">The options.</param>
    public static ISerde<T> Json<T>(JsonSerializerOptions? options = null)
    {
        var effective = options ?? JsonSerializerOptions.Web;
        effective.MakeReadOnly(populateMissingResolver: true);
        return new JsonSerde<T>((JsonTypeInfo<T>)effective.GetTypeInfo(typeof(T)));
    }

    /// <summary>The serde for a type that has one obvious serde: string, byte[], long, Guid; null for others.</summary>
    /// <typeparam name="T">The type.</typeparam>
    public static ISerde<T>? ForPrimitive<T>() =>
        (typeof(T) == typeof(string) ? (object)String
        : typeof(T) == typeof(byte[]) ? Bytes
        : typeof(T) == typeof(long) ? Int64
        : typeof(T) == typeof(Guid) ? Guid
        : null) as ISerde<T>;

    private sealed class StringSerde : ISerde<string>
    {
        private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

        public void Serialize(string value, IBufferWriter<byte> output, SerdeContext context) => Encoding.UTF8.GetBytes(value, output);

        public string Deserialize(ReadOnlySpan<byte> data, SerdeContext context)
        {
            try
            {
                return Strict.GetString(data);
            }
            catch (DecoderFallbackException e)
            {
                throw new SerdeException($"The {Part(context)} of {context.Topic} is not UTF-8 (at byte {e.Index}).", e);
            }
        }
    }

    private sealed class BytesSerde : ISerde<byte[]>
    {
        public void Serialize(byte[] value, IBufferWriter<byte> output, SerdeContext context) => output.Write(value);

        public byte[] Deserialize(ReadOnlySpan<byte> data, SerdeContext context) => data.ToArray();
    }

    private sealed class Int64Serde : ISerde<long>
    {
        public void Serialize(long value, IBufferWriter<byte> output, SerdeContext context)
        {
            BinaryPrimitives.WriteInt64BigEndian(output.GetSpan(sizeof(long)), value);
            output.Advance(sizeof(long));
        }

        public long Deserialize(ReadOnlySpan<byte> data, SerdeContext context) => data.Length == sizeof(long)
            ? BinaryPrimitives.ReadInt64BigEndian(data)
            : throw new SerdeException($"The {Part(context)} of {context.Topic} has {data.Length} bytes; a long has 8.");
    }

    private sealed class GuidSerde : ISerde<Guid>
    {
        public void Serialize(Guid value, IBufferWriter<byte> output, SerdeContext context)
        {
            value.TryFormat(output.GetSpan(36), out var written);
            output.Advance(written);
        }

        public Guid Deserialize(ReadOnlySpan<byte> data, SerdeContext context) => System.Guid.TryParse(data, out var value)
            ? value
            : throw new SerdeException($"The {Part(context)} of {context.Topic} is not a UUID in text form.");
    }

    private sealed class JsonSerde<T>(JsonTypeInfo<T> type) : ISerde<T>
    {
        public void Serialize(T value, IBufferWriter<byte> output, SerdeContext context)
        {
            using var writer = new Utf8JsonWriter(output);
            JsonSerializer.Serialize(writer, value, type);
        }

        public T Deserialize(ReadOnlySpan<byte> data, SerdeContext context)
        {
            try
            {
                return JsonSerializer.Deserialize(data, type)
                    ?? throw new SerdeException($"The {Part(context)} of {context.Topic} is the JSON text null, where {typeof(T).Name} is expected.");
            }
            catch (JsonException e)
            {
                throw new SerdeException($"The {Part(context)} of {context.Topic} is not a {typeof(T).Name} in JSON: {e.Message}", e);
            }
        }
    }

    internal static string Part(SerdeContext context) => context.IsKey ? "key" : "value";
}
