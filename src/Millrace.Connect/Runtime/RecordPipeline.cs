using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Millrace.Connect.Configuration;
using Millrace.Connect.Converters;
using Millrace.Connect.Transforms;
using Millrace.Kafka.Consuming;

namespace Millrace.Connect;

/// <summary>A task's transforms and converters.</summary>
internal sealed class RecordPipeline
{
    private readonly IReadOnlyList<ITransform> _transforms;
    private readonly IConverter _key;
    private readonly IConverter _value;
    private readonly JsonConverter _headers = new();

    internal RecordPipeline(IReadOnlyDictionary<string, string> config, ConnectWorkerOptions options, ConnectPlugins plugins)
    {
        _transforms = ConnectorKeys.CreateTransforms(config, plugins);
        _key = Converter("key", options.KeyConverter);
        _value = Converter("value", options.ValueConverter);
        _headers.Configure(new Dictionary<string, string>(StringComparer.Ordinal) { ["schemas.enable"] = "false" }, isKey: false);

        // A connector that names a converter gives its settings too; the worker's settings belong to the worker's converter.
        IConverter Converter(string kind, string workerClass)
        {
            var own = config.TryGetValue(kind + ".converter", out var className);
            var converter = plugins.CreateConverter(own ? className! : workerClass);
            converter.Configure((own ? config : options.ConverterSettings).WithPrefix(kind + ".converter."), kind == "key");
            return converter;
        }
    }

    internal ConnectRecord? Transform(ConnectRecord record)
    {
        foreach (var transform in _transforms)
        {
            if (transform.Apply(record) is not { } changed) return null;
            record = changed;
        }

        return record;
    }

    internal Message<byte[], byte[]> ToMessage(ConnectRecord record)
    {
        var message = new Message<byte[], byte[]>
        {
            Key = _key.FromConnectData(record.Topic, record.KeySchema, record.Key)!,
            Value = _value.FromConnectData(record.Topic, record.ValueSchema, record.Value)!,
        };
        if (record.Timestamp is { } timestamp) message.Timestamp = new Timestamp(timestamp, TimestampType.CreateTime);
        if (record.Headers.Count > 0)
        {
            message.Headers = [];
            foreach (var header in record.Headers) message.Headers.Add(header.Key, HeaderBytes(record.Topic, header));
        }

        return message;
    }

    /// <summary>Reads a consumed record; nothing of it stays in native memory.</summary>
    internal SinkRecord FromKafka(in KafkaRecord record)
    {
        var key = _key.ToConnectData(record.Topic, record.Key, record.IsKeyNull);
        var value = _value.ToConnectData(record.Topic, record.Value, record.IsValueNull);
        return new SinkRecord
        {
            Topic = record.Topic,
            OriginalTopic = record.Topic,
            Partition = record.Partition,
            OriginalPartition = record.Partition,
            Offset = record.Offset,
            Timestamp = record.Timestamp < 0 ? null : record.Timestamp,
            TimestampType = record.TimestampType,
            KeySchema = key.Schema,
            Key = key.Value,
            ValueSchema = value.Schema,
            Value = value.Value,
            Headers = ReadHeaders(record.Headers),
        };
    }

    private static IReadOnlyList<ConnectHeader> ReadHeaders(RecordHeaders headers)
    {
        if (headers.Count == 0) return [];
        var result = new ConnectHeader[headers.Count];
        for (var i = 0; i < result.Length; i++)
            result[i] = ReadHeader(Encoding.UTF8.GetString(headers[i].Name), headers[i].IsValueNull ? null : headers[i].Value.ToArray());
        return result;
    }

    // SimpleHeaderConverter: text as it is, everything else as JSON.
    private byte[]? HeaderBytes(string topic, ConnectHeader header) => header.Value switch
    {
        null => null,
        string text => Encoding.UTF8.GetBytes(text),
        byte[] bytes => bytes,
        long number => Encoding.UTF8.GetBytes(number.ToString(CultureInfo.InvariantCulture)),
        _ => _headers.FromConnectData(topic, header.Schema, header.Value),
    };

    private static ConnectHeader ReadHeader(string key, byte[]? bytes)
    {
        if (bytes is null) return new(key, null, null);
        try
        {
            return new(key, Data.ConnectSchema.String, new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes));
        }
        catch (DecoderFallbackException)
        {
            return new(key, Data.ConnectSchema.Bytes, bytes);
        }
    }
}
