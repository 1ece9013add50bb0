namespace Millrace.Broker.Transactions;

/// <summary>Where the next free block of producer ids is remembered.</summary>
internal interface IProducerIdStore
{
    /// <summary>Reserves a block and remembers it before answering, so that no id is given twice, not even across a kill.</summary>
    /// <returns>The first id of the block.</returns>
    long ReserveBlock(int size);
}

/// <summary>Gives out producer ids from reserved blocks; what is left of a block when the process ends is skipped.</summary>
internal sealed class ProducerIdAllocator(IProducerIdStore store)
{
    // As Apache Kafka's blocks: a write per thousand producers, and 2^63 ids last for any number of restarts.
    private const int BlockSize = 1000;

    private readonly Lock _lock = new();
    private long _next;
    private long _end;

    public long Next()
    {
        lock (_lock)
        {
            if (_next == _end)
            {
                _next = store.ReserveBlock(BlockSize);
                _end = _next + BlockSize;
            }

            return _next++;
        }
    }
}
