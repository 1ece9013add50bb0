namespace Millrace.Kafka.Consuming;

/// <summary>Handles records one by one, per partition in order. Made by dependency injection, in a scope of its own for each record.</summary>
/// <typeparam name="TKey">The key's type.</typeparam>
/// <typeparam name="TValue">The value's type.</typeparam>
public interface IMessageHandler<TKey, TValue>
{
    /// <summary>
    /// Handles a record. When it returns the record is finished and its offset may be committed. When it throws, the record is tried again or goes to the dead letters. The same
    /// record may come again after a crash or a rebalance: use <see cref="ConsumedRecord{TKey,TValue}.EventId"/> to recognise it.
    /// </summary>
    /// <param name="record">The record.</param>
    /// <param name="cancellationToken">The application has been stopping for longer than <c>DrainTimeout</c>: an exception for it leaves the record unfinished.</param>
    Task HandleAsync(ConsumedRecord<TKey, TValue> record, CancellationToken cancellationToken);
}

/// <summary>Handles records in batches. When a batch fails for good, its records are handled one by one, so that only those that fail themselves become dead letters.</summary>
/// <typeparam name="TKey">The key's type.</typeparam>
/// <typeparam name="TValue">The value's type.</typeparam>
public interface IBatchHandler<TKey, TValue>
{
    /// <summary>Handles records of any assigned partitions, per partition in order.</summary>
    /// <param name="records">The records, at least one.</param>
    /// <param name="cancellationToken">The application has been stopping for longer than <c>DrainTimeout</c>: an exception for it leaves the records unfinished.</param>
    Task HandleAsync(IReadOnlyList<ConsumedRecord<TKey, TValue>> records, CancellationToken cancellationToken);
}
