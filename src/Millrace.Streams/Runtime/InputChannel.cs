namespace Millrace.Streams.Runtime;

internal enum ItemKind : byte
{
    Batch,
    Watermark,
    Idle,
    Active,
    Barrier,
}

/// <summary>What travels in a channel: a batch of elements, or a control element in its place among them.</summary>
internal readonly record struct ChannelItem(ItemKind Kind, long Value, object? Batch)
{
    public static ChannelItem Watermark(long watermark) => new(ItemKind.Watermark, watermark, null);

    public static ChannelItem Barrier(long checkpointId) => new(ItemKind.Barrier, checkpointId, null);

    public static ChannelItem Status(bool idle) => new(idle ? ItemKind.Idle : ItemKind.Active, 0, null);
}

/// <summary>
/// The queue from one subtask to another. It is bounded by agreement: a producer looks at <see cref="IsFull"/> between batches and waits, so that what one
/// batch produces always fits and no operator has to wait in the middle of an element.
/// </summary>
internal sealed class InputChannel(AsyncSignal consumer, AsyncSignal producer)
{
    private const int Capacity = 8;

    private readonly Lock _lock = new();
    private readonly Queue<ChannelItem> _queue = new();
    private int _count;

    public bool IsFull => Volatile.Read(ref _count) >= Capacity;

    public bool IsEmpty => Volatile.Read(ref _count) == 0;

    public void Enqueue(ChannelItem item)
    {
        int before;
        lock (_lock)
        {
            before = _count;
            _queue.Enqueue(item);
            Volatile.Write(ref _count, before + 1);
        }

        if (before == 0)
        {
            consumer.Set();
        }
    }

    public bool TryDequeue(out ChannelItem item)
    {
        if (IsEmpty)
        {
            item = default;
            return false;
        }

        int after;
        lock (_lock)
        {
            item = _queue.Dequeue();
            after = _count - 1;
            Volatile.Write(ref _count, after);
        }

        if (after == Capacity - 1)
        {
            producer.Set();
        }

        return true;
    }
}
