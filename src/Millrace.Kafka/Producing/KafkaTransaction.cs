using Confluent.Kafka;
using Millrace.Kafka.Consuming;

namespace Millrace.Kafka.Producing;

/// <summary>A transaction's scope: <see cref="CommitAsync"/> makes it visible, disposal without it aborts.</summary>
public sealed class KafkaTransaction : IAsyncDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);
    private readonly IProducer<byte[], byte[]> _producer;
    private readonly SemaphoreSlim _turn;
    private bool _open = true;

    internal KafkaTransaction(IProducer<byte[], byte[]> producer, SemaphoreSlim turn)
    {
        _producer = producer;
        _turn = turn;
    }

    /// <summary>Sends a record as part of the transaction.</summary>
    /// <typeparam name="TKey">The key's type.</typeparam>
    /// <typeparam name="TValue">The value's type.</typeparam>
    /// <param name="producer">One of the SDK's producers.</param>
    /// <param name="key">The key; null for none.</param>
    /// <param name="value">The value; null for a tombstone.</param>
    /// <param name="options">What else to say.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<PartitionOffset> SendAsync<TKey, TValue>(
        IKafkaProducer<TKey, TValue> producer, TKey? key, TValue? value, SendOptions? options = null, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(!_open, this);
        return producer is ITransactionalSender<TKey, TValue> sender
            ? sender.SendThroughAsync(_producer, key, value, options, cancellationToken)
            : throw new ArgumentException("Only producers added by AddProducer can send in a transaction.", nameof(producer));
    }

    /// <summary>Adds consumed offsets: they are committed with the records, or not at all.</summary>
    /// <param name="offsets">The offsets of the next records to read.</param>
    /// <param name="group">The group that has read them.</param>
    /// <param name="cancellationToken">Stops waiting; the transaction must then be disposed.</param>
    public Task AddOffsetsAsync(IReadOnlyCollection<PartitionOffset> offsets, GroupMetadata group, CancellationToken cancellationToken = default) =>
        Task.Run(() => _producer.SendOffsets(offsets, group, Timeout), cancellationToken);

    /// <summary>Makes all records and offsets of the transaction visible.</summary>
    /// <param name="cancellationToken">Stops waiting; whether it is committed is then not known before the next transaction.</param>
    /// <exception cref="KafkaTxnRequiresAbortException">It cannot be committed; dispose it and begin again.</exception>
    public async Task CommitAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(!_open, this);
        await Task.Run(Commit, cancellationToken);
        _open = false;
    }

    /// <summary>Aborts unless committed, and lets the next transaction begin.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_open)
                await Task.Run(() => _producer.AbortTransaction(Timeout));
        }
        finally
        {
            _open = false;
            _turn.Release();
        }
    }

    private void Commit()
    {
        while (true)
        {
            try
            {
                _producer.CommitTransaction(Timeout);
                return;
            }
            catch (KafkaRetriableException)
            {
                // Safe to repeat, by librdkafka's contract; transaction.timeout.ms bounds it.
            }
        }
    }
}
