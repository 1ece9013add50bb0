using System.Buffers;
using Millrace.Kafka.Native;

namespace Millrace.Kafka.Consuming;

/// <summary>
/// Records and events of one <see cref="KafkaRecordReader.ReadBatch"/>. Records are views of librdkafka's memory: use them before
/// <see cref="Dispose"/>, and copy what must live longer. Per partition the offsets ascend; an event about a partition concerns its state after the batch's records.
/// </summary>
public sealed class RecordBatch : IDisposable
{
    private readonly ClientHandle _client;
    private readonly TopicNames _names;
    private nint[]? _messages;

    internal RecordBatch(ClientHandle client, TopicNames names, nint[] messages, int count, IReadOnlyList<ReaderEvent> events)
    {
        _client = client;
        _names = names;
        _messages = messages;
        Count = count;
        Events = events;
        var added = false;
        client.DangerousAddRef(ref added);
    }

    /// <summary>The number of records.</summary>
    public int Count { get; private set; }

    /// <summary>What happened beside records.</summary>
    public IReadOnlyList<ReaderEvent> Events { get; }

    /// <summary>The record at an index.</summary>
    /// <param name="index">From 0 to <see cref="Count"/> - 1.</param>
    /// <exception cref="ObjectDisposedException">The batch is disposed, and so is its memory.</exception>
    public KafkaRecord this[int index]
    {
        get
        {
            ObjectDisposedException.ThrowIf(_messages is null, this);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
            var message = new MessagePointer(_messages[index]);
            return new KafkaRecord(_names.Get(message.Topic), message);
        }
    }

    /// <summary>Enumerates the records without allocating.</summary>
    public Enumerator GetEnumerator() => new(this);

    /// <summary>Frees the records' memory.</summary>
    public void Dispose()
    {
        var messages = Interlocked.Exchange(ref _messages, null);
        if (messages is null)
            return;
        for (var i = 0; i < Count; i++)
            MessagePointer.Free(messages[i]);
        Count = 0;
        ArrayPool<nint>.Shared.Return(messages);
        _client.DangerousRelease();
    }

    /// <summary>Walks over a batch.</summary>
    public ref struct Enumerator
    {
        private readonly RecordBatch _batch;
        private int _index;

        internal Enumerator(RecordBatch batch)
        {
            _batch = batch;
            _index = -1;
        }

        /// <summary>The record.</summary>
        public readonly KafkaRecord Current => _batch[_index];

        /// <summary>Goes to the next record.</summary>
        public bool MoveNext() => ++_index < _batch.Count;
    }
}
