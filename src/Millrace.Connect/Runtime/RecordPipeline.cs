using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Millrace.Connect.Configuration;
using Millrace.Connect.Converters;
using Millrace.Connect.Transforms;

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
        ConnectRecord? current = record;
        foreach (var transform in _transforms)
        {
            if ((current = transform.Apply(current)) is null) return null;
        }

        return current;
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

    internal SinkRecord FromMessage(ConsumeResult<byte[], byte[]> consumed)
    {
        var topic = consumed.Topic;
        var key = _key.ToConnectData(topic, consumed.Message.Key, consumed.Message.Key is null);
        var value = _value.ToConnectData(topic, consumed.Message.Value, consumed.Message.Value is null);
        return new SinkRecord
        {
            Topic = topic,
            OriginalTopic = topic,
            Partition = consumed.Partition.Value,
            OriginalPartition = consumed.Partition.Value,
            Offset = consumed.Offset.Value,
            Timestamp = consumed.Message.Timestamp.Type == TimestampType.NotAvailable ? null : consumed.Message.Timestamp.UnixTimestampMs,
            TimestampType = consumed.Message.Timestamp.Type,
            KeySchema = key.Schema,
            Key = key.Value,
            ValueSchema = value.Schema,
            Value = value.Value,
            Headers = consumed.Message.Headers is { Count: > 0 } headers ? [.. headers.Select(h => ReadHeader(h.Key, h.GetValueBytes()))] : [],
        };
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
