using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using global::Avro;
using global::Avro.Generic;
using global::Avro.IO;
using global::Avro.Specific;
using Millrace.Schemas.Serialization;

namespace Millrace.Schemas.Avro;

/// <summary>Avro in Confluent's wire format: a zero byte, the schema's id (four bytes, big-endian), then Avro binary.</summary>
public static class AvroSerde
{
    /// <summary>For generic records: each is written with its own schema and read with the writer's.</summary>
    /// <param name="ids">Where ids come from.</param>
    /// <param name="readerSchema">Reads with this schema, resolving differences by Avro's rules; null: with the writer's.</param>
    public static ISerde<GenericRecord> Generic(ISchemaIds ids, Schema? readerSchema = null) => new Serde<GenericRecord>(
        ids,
        static record => record.Schema,
        static (schema, record, encoder) => new GenericDatumWriter<GenericRecord>(schema).Write(record, encoder),
        writer =>
        {
            var reader = new GenericDatumReader<GenericRecord>(writer, readerSchema ?? writer);
            return decoder => reader.Read(null!, decoder);
        });

    /// <summary>For classes made by avrogen: read with the class's schema, resolving differences from the writer's by Avro's rules.</summary>
    /// <typeparam name="T">The class.</typeparam>
    /// <param name="ids">Where ids come from.</param>
    public static ISerde<T> Specific<T>(ISchemaIds ids)
        where T : class, ISpecificRecord, new()
    {
        var readerSchema = new T().Schema;
        return new Serde<T>(
            ids,
            static record => record.Schema,
            static (schema, record, encoder) => new SpecificDatumWriter<T>(schema).Write(record, encoder),
            writer =>
            {
                var reader = new SpecificDatumReader<T>(writer, readerSchema);
                return decoder => reader.Read(null!, decoder);
            });
    }

    private sealed class Serde<T>(
        ISchemaIds ids,
        Func<T, Schema> schemaOf,
        Action<Schema, T, Encoder> write,
        Func<Schema, Func<Decoder, T>> createReader) : ISerde<T>
        where T : class
    {
        private readonly ConcurrentDictionary<int, Func<Decoder, T>> _readers = new();

        public void Serialize(T value, IBufferWriter<byte> output, SerdeContext context)
        {
            var schema = schemaOf(value);
            WireFormat.WriteHeader(output, ids.GetId(context.Subject, schema));
            using var stream = new MemoryStream();
            try
            {
                var encoder = new BinaryEncoder(stream);
                write(schema, value, encoder);
                encoder.Flush();
            }
            catch (AvroException e)
            {
                throw new SerdeException($"The {Serdes.Part(context)} for {context.Topic} does not fit its schema {schema.Fullname}: {e.Message}", e);
            }

            output.Write(stream.GetBuffer().AsSpan(0, (int)stream.Length));
        }

        public T Deserialize(ReadOnlySpan<byte> data, SerdeContext context)
        {
            var id = WireFormat.ReadHeader(data, context);
            if (!_readers.TryGetValue(id, out var reader))
            {
                if (!ids.TryGetSchema(id, out var schema))
                    throw new SerdeException($"The {Serdes.Part(context)} of {context.Topic} names schema id {id}, which is not known.");
                reader = _readers.GetOrAdd(id, createReader(schema));
            }

            try
            {
                var decoder = new BoundedDecoder(data[WireFormat.HeaderSize..].ToArray());
                var value = reader(decoder);
                return decoder.Remaining == 0
                    ? value
                    : throw new SerdeException($"The {Serdes.Part(context)} of {context.Topic} has {decoder.Remaining} bytes after its value (schema id {id}).");
            }
            catch (Exception e) when (e is not SerdeException)
            {
                // Apache.Avro lets many kinds of exceptions out for malformed bytes.
                throw new SerdeException($"The {Serdes.Part(context)} of {context.Topic} is not Avro of schema id {id}: {e.Message}", e);
            }
        }
    }
}

/// <summary>The five bytes before the payload in Confluent's wire format.</summary>
public static class WireFormat
{
    /// <summary>A zero byte and the id.</summary>
    public const int HeaderSize = 5;

    /// <summary>Writes the header.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="id">The schema's id.</param>
    public static void WriteHeader(IBufferWriter<byte> output, int id)
    {
        ArgumentNullException.ThrowIfNull(output);
        var span = output.GetSpan(HeaderSize);
        span[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(span[1..], id);
        output.Advance(HeaderSize);
    }

    /// <summary>Reads the id.</summary>
    /// <param name="data">The bytes.</param>
    /// <param name="context">For the message.</param>
    /// <exception cref="SerdeException">The bytes do not begin so.</exception>
    public static int ReadHeader(ReadOnlySpan<byte> data, SerdeContext context) => TryReadHeader(data, out var id)
        ? id
        : throw new SerdeException(
            $"The {Serdes.Part(context)} of {context.Topic} does not begin with a zero byte and a schema id: it was not written by a schema registry's serializer.");

    /// <summary>Reads the id if there is one.</summary>
    /// <param name="data">The bytes.</param>
    /// <param name="id">The id.</param>
    public static bool TryReadHeader(ReadOnlySpan<byte> data, out int id)
    {
        id = 0;
        if (data.Length < HeaderSize || data[0] != 0)
            return false;
        id = BinaryPrimitives.ReadInt32BigEndian(data[1..]);
        return id >= 0;
    }
}
