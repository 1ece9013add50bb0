using Confluent.Kafka;
using Millrace.Kafka.Consuming;

namespace Millrace.Kafka.Producing;

/// <summary>A transaction's scope: <see cref="CommitAsync"/> makes it visible, disposal without it aborts.</summary>
public sealed class KafkaTransaction : IAsyncDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);
    private readonly IProducer<byte[], byte[]> _producer;
    private readonly ProducerPool _pool;
    private Task _call = Task.CompletedTask;
    private bool _open = true;

    internal KafkaTransaction(IProducer<byte[], byte[]> producer, ProducerPool pool)
    {
        _producer = producer;
        _pool = pool;
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
    /// <exception cref="TimeoutException">The client's call has not returned.</exception>
    public Task AddOffsetsAsync(IReadOnlyCollection<PartitionOffset> offsets, GroupMetadata group, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _call = _pool.TransactionCalls.RunAsync("add offsets to the transaction", Timeout, timeout => _producer.SendOffsets(offsets, group, timeout));
        return _call.WaitAsync(cancellationToken);
    }

    /// <summary>Makes all records and offsets of the transaction visible.</summary>
    /// <param name="cancellationToken">Stops waiting; whether it is committed is then not known before the next transaction.</param>
    /// <exception cref="KafkaTxnRequiresAbortException">It cannot be committed; dispose it and begin again.</exception>
    /// <exception cref="KafkaRetriableException">The broker has not answered for as long as it keeps a transaction (<c>transaction.timeout.ms</c>).</exception>
    /// <exception cref="TimeoutException">The client's call has not returned.</exception>
    public async Task CommitAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(!_open, this);
        cancellationToken.ThrowIfCancellationRequested();
        var commit = CommitAndRepeatAsync();
        _call = commit;
        await commit.WaitAsync(cancellationToken);
        _open = false;
    }

    /// <summary>Aborts unless committed, and lets the next transaction begin.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            // One call at a time: whoever stopped waiting for one has not stopped it.
            await _call.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_open)
                await _pool.TransactionCalls.RunAsync("abort the transaction", Timeout, _producer.AbortTransaction);
        }
        finally
        {
            _open = false;
            _pool.TransactionTurn.Release();
        }
    }

    private async Task CommitAndRepeatAsync()
    {
        var started = _pool.TimeProvider.GetTimestamp();
        while (true)
        {
            try
            {
                await _pool.TransactionCalls.RunAsync("commit the transaction", Timeout, _producer.CommitTransaction);
                return;
            }
            catch (KafkaRetriableException) when (_pool.TimeProvider.GetElapsedTime(started) < _pool.TransactionTimeout)
            {
                // Safe to repeat, by librdkafka's contract, for as long as the broker keeps the transaction.
            }
        }
    }
}
