using System.IO.Hashing;
using Millrace.Streams.Serialization;

namespace Millrace.Streams.Runtime;

/// <summary>What a writer needs to know: its channels to the subtasks of the next vertex, and its own place.</summary>
internal sealed record WriterContext(InputChannel[] Channels, bool IsPointwise, int SubtaskIndex, int MaxParallelism, SubtaskMetrics Metrics)
{
    public int TargetParallelism => Channels.Length;
}

/// <summary>The untyped side of a writer, for the subtask's loop.</summary>
internal abstract class RecordWriter
{
    public abstract bool IsFull { get; }

    public abstract object AsOutput { get; }

    /// <summary>Hands on batches that are not full yet.</summary>
    public abstract void Flush();

    public abstract void EmitBarrier(long checkpointId);
}

/// <summary>Collects elements into batches per channel. Control elements go behind what was collected, to all channels.</summary>
internal abstract class RecordWriter<T> : Output<T>
{
    private readonly InputChannel[] _channels;
    private readonly Batch<T>?[] _batches;
    private readonly SubtaskMetrics _metrics;

    protected RecordWriter(WriterContext context)
    {
        _channels = context.Channels;
        _batches = new Batch<T>[_channels.Length];
        _metrics = context.Metrics;
        Untyped = new Face(this);
    }

    public RecordWriter Untyped { get; }

    public override ValueTask EmitWatermarkAsync(long watermark)
    {
        Broadcast(ChannelItem.Watermark(watermark));
        return ValueTask.CompletedTask;
    }

    public override void EmitStatus(bool idle) => Broadcast(ChannelItem.Status(idle));

    protected void Add(int channel, T value, long timestamp)
    {
        var batch = _batches[channel] ??= Batch<T>.Rent();
        var index = batch.Count;
        batch.Values[index] = value;
        batch.Timestamps[index] = timestamp;
        batch.Count = index + 1;
        if (index + 1 == Batch<T>.Capacity)
        {
            Flush(channel, batch);
        }
    }

    private void Flush()
    {
        for (var channel = 0; channel < _batches.Length; channel++)
        {
            if (_batches[channel] is { } batch)
            {
                Flush(channel, batch);
            }
        }
    }

    private void Flush(int channel, Batch<T> batch)
    {
        _batches[channel] = null;
        _metrics.RecordsOut += batch.Count;
        _channels[channel].Enqueue(new ChannelItem(ItemKind.Batch, 0, batch));
    }

    private void Broadcast(ChannelItem item)
    {
        Flush();
        foreach (var channel in _channels)
        {
            channel.Enqueue(item);
        }
    }

    private sealed class Face(RecordWriter<T> writer) : RecordWriter
    {
        public override bool IsFull
        {
            get
            {
                foreach (var channel in writer._channels)
                {
                    if (channel.IsFull)
                    {
                        return true;
                    }
                }

                return false;
            }
        }

        public override object AsOutput => writer;

        public override void Flush() => writer.Flush();

        public override void EmitBarrier(long checkpointId) => writer.Broadcast(ChannelItem.Barrier(checkpointId));
    }
}

internal sealed class SingleWriter<T>(WriterContext context) : RecordWriter<T>(context)
{
    public override void Emit(T value, long timestamp) => Add(0, value, timestamp);
}

internal sealed class RebalanceWriter<T>(WriterContext context) : RecordWriter<T>(context)
{
    private readonly int _channels = context.Channels.Length;

    // Writers of different subtasks start at different channels, or the first one would get more.
    private int _next = context.SubtaskIndex % context.Channels.Length;

    public override void Emit(T value, long timestamp)
    {
        Add(_next, value, timestamp);
        if (++_next == _channels)
        {
            _next = 0;
        }
    }
}

internal sealed class BroadcastWriter<T>(WriterContext context) : RecordWriter<T>(context)
{
    private readonly int _channels = context.Channels.Length;

    public override void Emit(T value, long timestamp)
    {
        for (var channel = 0; channel < _channels; channel++)
        {
            Add(channel, value, timestamp);
        }
    }
}

internal sealed class HashWriter<T, TKey>(WriterContext context, Func<T, TKey> keySelector, ITypeSerializer<TKey> serializer) : RecordWriter<T>(context)
    where TKey : notnull
{
    private readonly KeyGroupHasher<TKey> _hasher = new(serializer, context.MaxParallelism);
    private readonly int _parallelism = context.Channels.Length;
    private readonly int _maxParallelism = context.MaxParallelism;

    public override void Emit(T value, long timestamp) =>
        Add(KeyGroups.OperatorIndex(_hasher.GroupOf(keySelector(value)), _parallelism, _maxParallelism), value, timestamp);
}

/// <summary>Key → key group, by xxHash3 over the serialised key: the same in every process and for ever, unlike GetHashCode.</summary>
internal sealed class KeyGroupHasher<TKey>(ITypeSerializer<TKey> serializer, int maxParallelism)
{
    private readonly StateWriter _scratch = new();

    public int GroupOf(TKey key)
    {
        _scratch.Clear();
        serializer.Write(_scratch, key);
        return KeyGroups.OfHash(XxHash3.HashToUInt64(_scratch.Written), maxParallelism);
    }
}
