using System.Buffers;
using System.Diagnostics;
using System.Text;
using Confluent.Kafka;
using Millrace.Kafka.Consuming;
using Millrace.Kafka.Telemetry;
using Millrace.Schemas.Serialization;

namespace Millrace.Kafka.Producing;

/// <summary>How a transaction sends through its own native producer.</summary>
internal interface ITransactionalSender<in TKey, in TValue>
{
    Task<PartitionOffset> SendThroughAsync(IProducer<byte[], byte[]> producer, TKey? key, TValue? value, SendOptions? options, CancellationToken cancellationToken);
}

/// <summary>The typed producer over the shared native one.</summary>
internal sealed class KafkaProducer<TKey, TValue>(string topic, ISerde<TKey> keySerde, ISerde<TValue> valueSerde, ProducerPool pool, TimeProvider time)
    : IKafkaProducer<TKey, TValue>, ITransactionalSender<TKey, TValue>
{
    public string Topic => topic;

    public Task<PartitionOffset> SendAsync(TKey? key, TValue? value, SendOptions? options = null, CancellationToken cancellationToken = default) =>
        SendThroughAsync(pool.Plain, key, value, options, cancellationToken);

    public async Task<PartitionOffset> SendThroughAsync(
        IProducer<byte[], byte[]> producer, TKey? key, TValue? value, SendOptions? options, CancellationToken cancellationToken)
    {
        options ??= new SendOptions();
        using var activity = KafkaTelemetry.StartSend(topic, producer.Name);
        var message = CreateMessage(key, value, options, activity);
        var started = Stopwatch.GetTimestamp();
        try
        {
            var target = new TopicPartition(topic, options.Partition is { } p ? new Partition(p) : Partition.Any);
            var result = await producer.ProduceAsync(target, message, cancellationToken);
            KafkaTelemetry.SendDone(activity, topic, started, result, error: null);
            return new PartitionOffset(topic, result.Partition.Value, result.Offset.Value);
        }
        catch (Exception e)
        {
            KafkaTelemetry.SendDone(activity, topic, started, result: null, e);
            throw;
        }
    }

    public async Task<KafkaTransaction> BeginTransactionAsync(CancellationToken cancellationToken = default)
    {
        var producer = await pool.TransactionalAsync().WaitAsync(cancellationToken);
        await pool.TransactionTurn.WaitAsync(cancellationToken);
        try
        {
            producer.BeginTransaction();
            return new KafkaTransaction(producer, pool);
        }
        catch
        {
            pool.TransactionTurn.Release();
            throw;
        }
    }

    private Message<byte[], byte[]> CreateMessage(TKey? key, TValue? value, SendOptions options, Activity? activity)
    {
        var headers = new Headers();
        foreach (var (name, content) in options.Headers)
            headers.Add(name, content);
        headers.Add(EventIdHeader.Name, Encoding.UTF8.GetBytes(options.EventId ?? Guid.CreateVersion7(time.GetUtcNow()).ToString()));
        KafkaTelemetry.Inject(activity, headers);
        var message = new Message<byte[], byte[]>
        {
            Key = Serialize(keySerde, key, isKey: true)!,
            Value = Serialize(valueSerde, value, isKey: false)!,
            Headers = headers,
        };
        if (options.Timestamp is { } timestamp)
            message.Timestamp = new Timestamp(timestamp);
        return message;
    }

    private byte[]? Serialize<T>(ISerde<T> serde, T? value, bool isKey)
    {
        if (value is null)
            return null;
        var buffer = new ArrayBufferWriter<byte>();
        serde.Serialize(value, buffer, new SerdeContext(topic, isKey));
        return buffer.WrittenSpan.ToArray();
    }
}
