using Millrace.Protocol.Records;

namespace Millrace.Broker.Log.Cleaning;

/// <summary>
/// Follows transactions through a log that is compacted, batch by batch: data of aborted transactions go; a marker may go once none of its
/// transaction's data are left.
/// </summary>
internal sealed class CleanedTransactions
{
    private readonly Queue<AbortedTransaction> _coming;
    private readonly Dictionary<long, Aborted> _aborted = [];
    private readonly HashSet<long> _committed = [];

    public CleanedTransactions(IEnumerable<AbortedTransaction> aborted)
        => _coming = new Queue<AbortedTransaction>(aborted.OrderBy(static a => a.FirstOffset));

    /// <summary>Whether a batch of data belongs to an aborted transaction.</summary>
    public bool IsAborted(in RecordBatchHeader batch)
    {
        Begin(batch.LastOffset);
        if (!batch.IsTransactional)
            return false;
        if (_aborted.TryGetValue(batch.ProducerId, out var transaction))
        {
            transaction.HasData = true;
            return true;
        }

        _committed.Add(batch.ProducerId);
        return false;
    }

    /// <summary>Whether a marker's transaction has left no data.</summary>
    /// <param name="batch">The control batch.</param>
    /// <param name="marker">The marker in it.</param>
    /// <param name="kept">The aborted transaction that must stay in the index with its marker.</param>
    public bool IsMarkerObsolete(in RecordBatchHeader batch, EndTransactionMarker marker, out AbortedTransaction? kept)
    {
        Begin(batch.LastOffset);
        kept = null;
        if (marker.Result == TransactionResult.Commit)
            return !_committed.Remove(batch.ProducerId);
        if (!_aborted.Remove(batch.ProducerId, out var transaction) || !transaction.HasData)
            return true;
        kept = transaction.Transaction;
        return false;
    }

    private void Begin(long offset)
    {
        while (_coming.TryPeek(out var next) && next.FirstOffset <= offset)
            _aborted[next.ProducerId] = new Aborted(_coming.Dequeue());
    }

    private sealed class Aborted(AbortedTransaction transaction)
    {
        public AbortedTransaction Transaction { get; } = transaction;

        public bool HasData { get; set; }
    }
}
