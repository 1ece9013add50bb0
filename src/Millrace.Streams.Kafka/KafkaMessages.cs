using Confluent.Kafka;

namespace Millrace.Streams.Kafka;

/// <summary>A result on its way to Kafka.</summary>
internal readonly record struct PendingRecord(string Topic, Partition Partition, Message<byte[]?, byte[]?> Message);

internal static class KafkaMessages
{
    public static PendingRecord ToPending<T>(KafkaSink<T> sink, T value, long timestamp)
    {
        var record = sink.Serialize(value);
        var topic = record.Topic ?? sink.Settings.Topic
            ?? throw new InvalidOperationException("Kafka sink: the record names no topic and the sink has none. Call SetTopic, or set KafkaOutputRecord.Topic.");
        var at = record.Timestamp ?? (sink.Settings.Timestamps == RecordTimestamps.EventTime ? timestamp : -1);
        var message = new Message<byte[]?, byte[]?>
        {
            Key = record.Key,
            Value = record.Value,

            // Event time before 1970, none at all, or not wanted: the time of writing.
            Timestamp = at >= 0 ? new Timestamp(at, TimestampType.CreateTime) : Timestamp.Default,
        };
        if (record.Headers is { Count: > 0 } headers)
        {
            message.Headers = [];
            foreach (var (name, bytes) in headers)
            {
                message.Headers.Add(name, bytes);
            }
        }

        return new PendingRecord(topic, record.Partition is { } partition ? new Partition(partition) : Partition.Any, message);
    }

    /// <summary>Hands a record to the client; <see langword="false"/> when its queue is full.</summary>
    public static bool TryProduce(IProducer<byte[]?, byte[]?> producer, in PendingRecord record, Action<DeliveryReport<byte[]?, byte[]?>>? handler)
    {
        try
        {
            producer.Produce(new TopicPartition(record.Topic, record.Partition), record.Message, handler);
            return true;
        }
        catch (ProduceException<byte[]?, byte[]?> exception) when (exception.Error.Code == ErrorCode.Local_QueueFull)
        {
            return false;
        }
        catch (ProduceException<byte[]?, byte[]?> exception) when (exception.Error.Code == ErrorCode.MsgSizeTooLarge)
        {
            throw new IOException(
                $"Kafka sink: a result of {(record.Message.Key?.Length ?? 0) + (record.Message.Value?.Length ?? 0)} bytes for topic '{record.Topic}' is larger than the client sends. "
                + "Make it smaller, or raise SetProperty(\"message.max.bytes\", …) and the topic's max.message.bytes.", exception);
        }
    }

    public static ProducerConfig ProducerConfig(KafkaSinkSettings settings) => new(settings.Properties.ToDictionary(StringComparer.Ordinal))
    {
        BootstrapServers = settings.BootstrapServers,
        EnableIdempotence = true,
        Acks = Acks.All,
    };

    public static IProducer<byte[]?, byte[]?> Build(ProducerConfig config, Action<Error> onFatal) => new ProducerBuilder<byte[]?, byte[]?>(config)
        .SetLogHandler(static (_, _) => { })
        .SetErrorHandler((_, error) =>
        {
            if (error.IsFatal)
            {
                onFatal(error);
            }
        }).Build();
}
