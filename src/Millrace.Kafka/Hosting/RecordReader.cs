using System.Text;
using Millrace.Kafka.Consuming;
using Millrace.Kafka.Telemetry;
using Millrace.Schemas.Serialization;

namespace Millrace.Kafka.Hosting;

/// <summary>Makes a typed record of a native one.</summary>
internal sealed class RecordReader<TKey, TValue>(ISerde<TKey> keySerde, ISerde<TValue> valueSerde)
{
    internal ConsumedRecord<TKey, TValue> Read(RecordBatch batch, int index)
    {
        var record = batch[index];
        var headers = record.Headers;
        var copies = headers.Count == 0 ? [] : new KeyValuePair<string, byte[]?>[headers.Count];
        for (var i = 0; i < copies.Length; i++)
        {
            var header = headers[i];
            copies[i] = new(Encoding.UTF8.GetString(header.Name), header.IsValueNull ? null : header.Value.ToArray());
        }

        return new ConsumedRecord<TKey, TValue>(
            record.Topic,
            record.Partition,
            record.Offset,
            DateTimeOffset.FromUnixTimeMilliseconds(Math.Max(0, record.Timestamp)),
            record.IsKeyNull ? default : Read(keySerde, record.Key, record.Topic, isKey: true),
            record.IsValueNull ? default : Read(valueSerde, record.Value, record.Topic, isKey: false),
            copies,
            KafkaTelemetry.Extract(headers))
        { IsTombstone = record.IsValueNull };
    }

    private static T Read<T>(ISerde<T> serde, ReadOnlySpan<byte> data, string topic, bool isKey)
    {
        try
        {
            return serde.Deserialize(data, new SerdeContext(topic, isKey));
        }
        catch (Exception e) when (e is not SerdeException)
        {
            // Whatever a serde throws for these bytes, it will throw again: a poison pill.
            throw new SerdeException($"The {(isKey ? "key" : "value")} of {topic} cannot be read as {typeof(T).Name}: {e.Message}", e);
        }
    }
}
