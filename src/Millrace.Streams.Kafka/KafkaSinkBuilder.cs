using System.Text;
using System.Text.Json;

namespace Millrace.Streams.Kafka;

/// <summary>Describes a <see cref="KafkaSink{T}"/>.</summary>
/// <typeparam name="T">The type of the results.</typeparam>
public sealed class KafkaSinkBuilder<T>
{
    private readonly ClientSettings _client = new(
        "Kafka sink",
        ("transactional.id", "Use SetTransactionalId."),
        ("transaction.timeout.ms", "Use SetTransactionTimeout."),
        ("enable.idempotence", "The sink's producer is always idempotent."),
        ("acks", "The sink always waits for all in-sync replicas."));

    private string? _topic;
    private DeliveryGuarantee _guarantee = DeliveryGuarantee.AtLeastOnce;
    private string? _transactionalId;
    private TimeSpan _transactionTimeout = TimeSpan.FromMinutes(15);
    private RecordTimestamps _timestamps;
    private Func<T, KafkaOutputRecord>? _serialize;
    private Func<T, byte[]?>? _key;
    private Func<T, byte[]?>? _value;

    internal KafkaSinkBuilder()
    {
    }

    /// <summary>The brokers to ask first: <c>host:port</c>, separated by commas.</summary>
    public KafkaSinkBuilder<T> SetBootstrapServers(string servers)
    {
        _client.BootstrapServers = servers;
        return this;
    }

    /// <summary>The topic of all records that do not name one themselves.</summary>
    public KafkaSinkBuilder<T> SetTopic(string topic)
    {
        _topic = topic;
        return this;
    }

    /// <summary>What the sink promises.</summary>
    /// <value><see cref="DeliveryGuarantee.AtLeastOnce"/> by default.</value>
    public KafkaSinkBuilder<T> SetDeliveryGuarantee(DeliveryGuarantee guarantee)
    {
        _guarantee = guarantee;
        return this;
    }

    /// <summary>The transactional id, unique in the cluster. A second job with the same id fences the first.</summary>
    /// <value><c>millrace-</c> and the job's name by default.</value>
    public KafkaSinkBuilder<T> SetTransactionalId(string id)
    {
        _transactionalId = id;
        return this;
    }

    /// <summary>How long the broker keeps an open transaction: longer than the checkpoint interval plus the longest outage; at most the broker's
    /// <c>transaction.max.timeout.ms</c>.</summary>
    /// <value>15 minutes by default, the broker's default limit.</value>
    public KafkaSinkBuilder<T> SetTransactionTimeout(TimeSpan timeout)
    {
        _transactionTimeout = timeout;
        return this;
    }

    /// <summary>
    /// Which time the records carry. With event time, the default, a topic with <c>retention.ms</c> may delete the results of a replay of old events at once, because Kafka
    /// counts a record's age from its timestamp: choose <see cref="RecordTimestamps.ProcessingTime"/>, or give the topic a retention longer than the age of what is replayed.
    /// </summary>
    /// <value><see cref="RecordTimestamps.EventTime"/> by default. A <see cref="KafkaOutputRecord.Timestamp"/> wins over both.</value>
    public KafkaSinkBuilder<T> SetRecordTimestamps(RecordTimestamps timestamps)
    {
        _timestamps = timestamps;
        return this;
    }

    /// <summary>Makes the whole record: key, value, headers, topic, partition.</summary>
    public KafkaSinkBuilder<T> SetRecordSerializer(Func<T, KafkaOutputRecord> serialize)
    {
        _serialize = serialize;
        return this;
    }

    /// <summary>Makes the key as text.</summary>
    public KafkaSinkBuilder<T> SetKey(Func<T, string> key)
    {
        _key = value => Encoding.UTF8.GetBytes(key(value));
        return this;
    }

    /// <summary>Makes the value.</summary>
    public KafkaSinkBuilder<T> SetValueSerializer(Func<T, byte[]?> serialize)
    {
        _value = serialize;
        return this;
    }

    /// <summary>Makes the value as JSON.</summary>
    public KafkaSinkBuilder<T> SetJsonValue(JsonSerializerOptions? options = null) =>
        SetValueSerializer(value => JsonSerializer.SerializeToUtf8Bytes(value, options ?? JsonSerializerOptions.Web));

    /// <summary>Another setting of the client, by its librdkafka name (security, compression).</summary>
    public KafkaSinkBuilder<T> SetProperty(string key, string value)
    {
        _client.Properties[key] = value;
        return this;
    }

    /// <summary>The sink.</summary>
    /// <exception cref="InvalidOperationException">Something is missing or contradictory; the message names it.</exception>
    public KafkaSink<T> Build()
    {
        _client.Check();
        _client.Require(_serialize is not null || _value is not null, "a value must be made (SetJsonValue, SetValueSerializer or SetRecordSerializer)");
        _client.Require(_serialize is null || (_value is null && _key is null), "SetRecordSerializer makes the whole record; it excludes SetKey and the value serialisers");
        _client.Require(_serialize is not null || !string.IsNullOrWhiteSpace(_topic), "a topic must be set (SetTopic)");

        return new KafkaSink<T>(
            new KafkaSinkSettings(_client.BootstrapServers!, _topic, _guarantee, _transactionalId, _transactionTimeout, _client.Properties) { Timestamps = _timestamps },
            _serialize ?? Combine(_key, _value!));
    }

    private static Func<T, KafkaOutputRecord> Combine(Func<T, byte[]?>? key, Func<T, byte[]?> value) =>
        key is null ? element => new KafkaOutputRecord(null, value(element)) : element => new KafkaOutputRecord(key(element), value(element));
}
