using System.Runtime.InteropServices;
using Millrace.Protocol.Records;

namespace Millrace.Broker.Log.Producers;

/// <summary>A batch that a producer wrote: enough to recognise its repetition.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ProducerBatch(int LastSequence, long LastOffset, int OffsetDelta, long Timestamp)
{
    public int FirstSequence => LastSequence >= OffsetDelta ? LastSequence - OffsetDelta : (int)(LastSequence + 2147483648L - OffsetDelta);

    public long FirstOffset => LastOffset - OffsetDelta;
}

/// <summary>What a log remembers of one producer: its epoch, its last five batches (KIP-98), its open transaction.</summary>
internal sealed class ProducerState(long producerId)
{
    // A producer has at most five requests in flight (max.in.flight.requests.per.connection), so no older batch can come again.
    private const int Remembered = 5;
    private readonly Queue<ProducerBatch> _batches = new(Remembered);

    public long ProducerId { get; } = producerId;

    public short Epoch { get; set; } = RecordBatchHeader.NoProducerEpoch;

    public int CoordinatorEpoch { get; set; } = -1;

    public long LastTimestamp { get; set; } = -1;

    /// <summary>First offset of the open transaction, or −1.</summary>
    public long TransactionStart { get; set; } = -1;

    public bool HasBatches => _batches.Count > 0;

    public ProducerBatch Last { get; private set; } = new(RecordBatchHeader.NoSequence, -1, 0, -1);

    public int LastSequence => HasBatches ? Last.LastSequence : RecordBatchHeader.NoSequence;

    public void Add(ProducerBatch batch)
    {
        if (_batches.Count == Remembered)
            _batches.Dequeue();
        _batches.Enqueue(batch);
        Last = batch;
        LastTimestamp = batch.Timestamp;
    }

    /// <summary>Begins a new epoch: sequences start again, so the batches are of no use.</summary>
    public void MoveToEpoch(short epoch)
    {
        if (epoch == Epoch)
            return;
        Epoch = epoch;
        _batches.Clear();
    }

    public ProducerBatch? FindDuplicate(in RecordBatchHeader batch)
    {
        if (batch.ProducerEpoch != Epoch)
            return null;
        foreach (var known in _batches)
        {
            if (known.FirstSequence == batch.BaseSequence && known.LastSequence == batch.LastSequence)
                return known;
        }

        return null;
    }
}
