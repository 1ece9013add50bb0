using Confluent.Kafka;
using Millrace.Kafka.Consuming;

namespace Millrace.Kafka.Producing;

/// <summary>What a send may say beside key and value.</summary>
public sealed record SendOptions
{
    /// <summary>The event's id. Give a deterministic one (source position, business key) where the same event may be sent again after a crash.</summary>
    /// <value>Default: a new UUID of version 7.</value>
    public string? EventId { get; init; }

    /// <summary>The record's timestamp.</summary>
    /// <value>Default: now.</value>
    public DateTimeOffset? Timestamp { get; init; }

    /// <summary>The partition.</summary>
    /// <value>Default: by the key, as Java's producer does.</value>
    public int? Partition { get; init; }

    /// <summary>Further headers.</summary>
    /// <value>Default: none.</value>
    public IReadOnlyList<KeyValuePair<string, byte[]?>> Headers { get; init; } = [];
}

/// <summary>Sends records of one kind to one topic. Idempotent, acknowledged by all in-sync replicas. Thread-safe.</summary>
/// <typeparam name="TKey">The key's type.</typeparam>
/// <typeparam name="TValue">The value's type.</typeparam>
public interface IKafkaProducer<in TKey, in TValue>
{
    /// <summary>The topic.</summary>
    string Topic { get; }

    /// <summary>Sends a record and waits until all in-sync replicas have it.</summary>
    /// <param name="key">The key; null for none.</param>
    /// <param name="value">The value; null for a tombstone.</param>
    /// <param name="options">What else to say.</param>
    /// <param name="cancellationToken">Stops waiting; the record may still be written.</param>
    /// <returns>Where it is.</returns>
    /// <exception cref="ProduceException{TKey,TValue}">It is not acknowledged within <c>delivery.timeout.ms</c>, or refused.</exception>
    Task<PartitionOffset> SendAsync(TKey? key, TValue? value, SendOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Begins a transaction: records sent by <see cref="KafkaTransaction.SendAsync"/>, to this and other topics, become visible together or never.
    /// One at a time in a process; others wait. Needs <c>transactional.id</c>.
    /// </summary>
    /// <param name="cancellationToken">Stops waiting for the turn.</param>
    /// <exception cref="InvalidOperationException">No <c>transactional.id</c> is configured.</exception>
    Task<KafkaTransaction> BeginTransactionAsync(CancellationToken cancellationToken = default);
}
