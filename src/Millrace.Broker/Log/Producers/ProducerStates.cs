using System.Runtime.InteropServices;
using Millrace.Protocol;
using Millrace.Protocol.Records;

namespace Millrace.Broker.Log.Producers;

/// <summary>What the rules for producers say to a batch.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ProducerVerdict(ErrorCode Error, string? Message, ProducerBatch? Duplicate)
{
    public static ProducerVerdict Accepted => default;

    public static ProducerVerdict Rejected(ErrorCode error, string message) => new(error, message, null);
}

/// <summary>
/// The producers of one log: epochs, sequences, open transactions (KIP-98). The log's owner changes them; others ask through the lock, which
/// the fetch path never takes.
/// </summary>
internal sealed class ProducerStates
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, ProducerState> _producers = [];
    private readonly SortedDictionary<long, long> _openTransactions = [];

    /// <summary>First offset of the earliest open transaction, or null.</summary>
    public long? FirstOpenOffset
    {
        get
        {
            lock (_lock)
            {
                foreach (var (first, _) in _openTransactions)
                    return first;
                return null;
            }
        }
    }

    public int Count
    {
        get
        {
            lock (_lock)
                return _producers.Count;
        }
    }

    public void Clear()
    {
        lock (_lock)
        {
            _producers.Clear();
            _openTransactions.Clear();
        }
    }

    public void Load(IEnumerable<ProducerState> producers)
    {
        lock (_lock)
        {
            foreach (var producer in producers)
            {
                _producers[producer.ProducerId] = producer;
                if (producer.TransactionStart >= 0)
                    _openTransactions[producer.TransactionStart] = producer.ProducerId;
            }
        }
    }

    public void WriteSnapshot(Storage.LogFileSystem files, string path)
    {
        lock (_lock)
            ProducerSnapshot.Write(files, path, _producers.Values);
    }

    public List<ActiveProducer> List()
    {
        lock (_lock)
        {
            return [.. _producers.Values.Select(static p => new ActiveProducer(
                p.ProducerId, p.Epoch, p.LastSequence, p.LastTimestamp, p.CoordinatorEpoch, p.TransactionStart))];
        }
    }

    public bool HasOpenTransaction(long producerId, short epoch)
    {
        lock (_lock)
            return _producers.TryGetValue(producerId, out var producer) && producer.Epoch == epoch && producer.TransactionStart >= 0;
    }

    /// <summary>Epoch and last data offset (or −1) of each producer: compaction keeps those batches, if empty, so that sequences stay known.</summary>
    public Dictionary<long, (short Epoch, long LastOffset)> LastBatches()
    {
        lock (_lock)
            return _producers.Values.ToDictionary(static p => p.ProducerId, static p => (p.Epoch, p.HasBatches ? p.Last.LastOffset : -1L));
    }

    /// <summary>Forgets producers that were silent for too long and have no open transaction (<c>producer.id.expiration.ms</c>).</summary>
    public void Expire(long before)
    {
        lock (_lock)
        {
            foreach (var producer in _producers.Values.Where(p => p.TransactionStart < 0 && p.LastTimestamp < before).ToList())
                _producers.Remove(producer.ProducerId);
        }
    }

    /// <summary>Judges a batch of a producer before it is written.</summary>
    public ProducerVerdict Check(in RecordBatchHeader batch, AppendOrigin origin, EndTransactionMarker? marker, bool requireOpenTransaction)
    {
        lock (_lock)
        {
            _producers.TryGetValue(batch.ProducerId, out var producer);
            if (marker is { } end)
                return CheckMarker(batch, producer, end);
            if (origin != AppendOrigin.Client)
                return ProducerVerdict.Accepted;
            if (producer?.FindDuplicate(batch) is { } duplicate)
                return new ProducerVerdict(ErrorCode.None, null, duplicate);
            if (requireOpenTransaction && batch.IsTransactional && producer is not { TransactionStart: >= 0 })
                return ProducerVerdict.Rejected(ErrorCode.InvalidTxnState, $"Producer {batch.ProducerId} has no open transaction in this partition.");
            return producer is null ? ProducerVerdict.Accepted : CheckSequence(batch, producer);
        }
    }

    /// <summary>Takes a batch into account that is in the log.</summary>
    /// <returns>The transaction that the batch aborted, if any.</returns>
    public AbortedTransaction? Note(in RecordBatchHeader batch, EndTransactionMarker? marker)
    {
        lock (_lock)
        {
            if (!_producers.TryGetValue(batch.ProducerId, out var producer))
                _producers[batch.ProducerId] = producer = new ProducerState(batch.ProducerId);
            return marker is { } end ? NoteMarker(batch, producer, end) : NoteData(batch, producer);
        }
    }

    private static ProducerVerdict CheckMarker(in RecordBatchHeader batch, ProducerState? producer, EndTransactionMarker end)
    {
        if (producer is null)
            return ProducerVerdict.Accepted;
        if (batch.ProducerEpoch < producer.Epoch)
        {
            return ProducerVerdict.Rejected(
                ErrorCode.InvalidProducerEpoch, $"The marker has epoch {batch.ProducerEpoch}, producer {batch.ProducerId} is at {producer.Epoch}.");
        }

        return end.CoordinatorEpoch < producer.CoordinatorEpoch
            ? ProducerVerdict.Rejected(
                ErrorCode.TransactionCoordinatorFenced,
                $"The marker has coordinator epoch {end.CoordinatorEpoch}, producer {batch.ProducerId} has seen {producer.CoordinatorEpoch}.")
            : ProducerVerdict.Accepted;
    }

    private static ProducerVerdict CheckSequence(in RecordBatchHeader batch, ProducerState producer)
    {
        if (batch.ProducerEpoch < producer.Epoch)
        {
            return ProducerVerdict.Rejected(
                ErrorCode.InvalidProducerEpoch, $"Epoch {batch.ProducerEpoch} of producer {batch.ProducerId} is older than {producer.Epoch}.");
        }

        if (batch.ProducerEpoch > producer.Epoch)
        {
            return batch.BaseSequence == 0 || producer.Epoch == RecordBatchHeader.NoProducerEpoch
                ? ProducerVerdict.Accepted
                : ProducerVerdict.Rejected(
                    ErrorCode.OutOfOrderSequenceNumber,
                    $"The new epoch {batch.ProducerEpoch} of producer {batch.ProducerId} begins with sequence {batch.BaseSequence} instead of 0.");
        }

        var expected = producer.LastSequence == int.MaxValue ? 0 : producer.LastSequence + 1;
        if (batch.BaseSequence == expected)
            return ProducerVerdict.Accepted;
        return ProducerVerdict.Rejected(
            ErrorCode.OutOfOrderSequenceNumber,
            $"Producer {batch.ProducerId}, epoch {batch.ProducerEpoch}: sequence {batch.BaseSequence} came instead of {expected}.");
    }

    private AbortedTransaction? NoteMarker(in RecordBatchHeader batch, ProducerState producer, EndTransactionMarker end)
    {
        producer.MoveToEpoch(batch.ProducerEpoch);
        producer.CoordinatorEpoch = end.CoordinatorEpoch;
        producer.LastTimestamp = batch.MaxTimestamp;
        if (producer.TransactionStart < 0)
            return null;
        var first = producer.TransactionStart;
        producer.TransactionStart = -1;
        _openTransactions.Remove(first);
        if (end.Result == TransactionResult.Commit)
            return null;
        var stable = batch.LastOffset + 1;
        foreach (var (other, _) in _openTransactions)
        {
            stable = other;
            break;
        }

        return new AbortedTransaction(batch.ProducerId, first, batch.LastOffset, stable);
    }

    private AbortedTransaction? NoteData(in RecordBatchHeader batch, ProducerState producer)
    {
        producer.MoveToEpoch(batch.ProducerEpoch);
        if (batch.BaseSequence != RecordBatchHeader.NoSequence)
            producer.Add(new ProducerBatch(batch.LastSequence, batch.LastOffset, batch.LastOffsetDelta, batch.MaxTimestamp));
        producer.LastTimestamp = batch.MaxTimestamp;
        if (batch.IsTransactional && producer.TransactionStart < 0)
        {
            producer.TransactionStart = batch.BaseOffset;
            _openTransactions[batch.BaseOffset] = batch.ProducerId;
        }

        return null;
    }
}
