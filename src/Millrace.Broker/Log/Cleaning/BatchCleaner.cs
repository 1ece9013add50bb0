using Millrace.Protocol.Records;

namespace Millrace.Broker.Log.Cleaning;

/// <summary>
/// Decides what stays of a batch (KIP-534 for tombstones and markers): the last record of each key; a tombstone until its delete horizon, which the
/// first pass over it sets; the last batch of each producer, if empty.
/// </summary>
internal sealed class BatchCleaner(
    KeyMap keys, CleanedTransactions transactions, IReadOnlyDictionary<long, (short Epoch, long LastOffset)> producers, long now, long deleteRetentionMs)
{
    /// <summary>What replaces the batch, or null where it goes. <paramref name="aborted"/> stays in the transaction index with its marker.</summary>
    public ReadOnlyMemory<byte>? Clean(in RecordBatch batch, out AbortedTransaction? aborted)
    {
        aborted = null;
        var header = batch.Header;
        return header.IsControl ? CleanMarker(batch, out aborted) : CleanData(batch, transactions.IsAborted(header));
    }

    private ReadOnlyMemory<byte>? CleanMarker(in RecordBatch batch, out AbortedTransaction? aborted)
    {
        var header = batch.Header;
        aborted = null;
        var obsolete = false;
        var records = batch.Records().ToList();
        foreach (var record in records)
        {
            if (EndTransactionMarker.TryRead(record, out var marker))
                obsolete = transactions.IsMarkerObsolete(header, marker, out aborted);
        }

        if (!obsolete || records.Count == 0)
            return batch.Bytes.ToArray();
        if (header.HasDeleteHorizon)
            return header.BaseTimestamp > now ? batch.Bytes.ToArray() : IsLastOfProducer(header) ? Empty(header) : null;
        return Rebuild(batch, records, now + deleteRetentionMs);
    }

    private ReadOnlyMemory<byte>? CleanData(in RecordBatch batch, bool isAborted)
    {
        var header = batch.Header;
        var kept = new List<Record>();
        var tombstones = false;
        if (!isAborted)
        {
            foreach (var record in batch.Records())
            {
                if (!IsKept(header, record))
                    continue;
                tombstones |= record.Value is null;
                kept.Add(record.Copy());
            }
        }

        if (kept.Count == 0)
            return IsLastOfProducer(header) ? Empty(header) : null;
        var horizon = header.HasDeleteHorizon ? header.BaseTimestamp : tombstones ? now + deleteRetentionMs : (long?)null;
        var sameHorizon = header.HasDeleteHorizon || horizon is null;
        return kept.Count == header.Count && sameHorizon ? batch.Bytes.ToArray() : Rebuild(batch, kept, horizon);
    }

    private bool IsKept(in RecordBatchHeader header, in Record record)
    {
        if (record.Offset > keys.LatestOffset)
            return true;
        if (record.Key is not { } key || record.Offset < keys.Get(key.Span))
            return false;
        return record.Value is not null || !header.HasDeleteHorizon || header.BaseTimestamp > now;
    }

    private bool IsLastOfProducer(in RecordBatchHeader header)
        => header.HasProducerId && producers.TryGetValue(header.ProducerId, out var last)
            && (last.LastOffset >= 0 ? last.LastOffset == header.LastOffset : header.IsControl && last.Epoch == header.ProducerEpoch);

    private static byte[] Rebuild(in RecordBatch batch, List<Record> records, long? horizon)
    {
        var header = batch.Header;
        var builder = new RecordBatchBuilder(new RecordBatchOptions
        {
            BaseOffset = header.BaseOffset,
            PartitionLeaderEpoch = header.PartitionLeaderEpoch,
            Compression = header.Compression,
            ProducerId = header.ProducerId,
            ProducerEpoch = header.ProducerEpoch,
            BaseSequence = header.BaseSequence,
            IsTransactional = header.IsTransactional,
            IsControl = header.IsControl,
            LogAppendTime = header.IsLogAppendTime ? header.MaxTimestamp : null,
            DeleteHorizon = horizon,
        });
        foreach (var record in records)
            builder.AppendAt(record.OffsetDelta, record.Timestamp, record.Key, record.Value, record.HeaderCount == 0 ? null : record.Headers);
        return builder.Build(header.LastOffsetDelta);
    }

    private static byte[] Empty(RecordBatchHeader header)
    {
        var bytes = new byte[RecordBatchHeader.Size];
        header = header with
        {
            Count = 0,
            Length = RecordBatchHeader.Size - RecordBatchHeader.LogOverhead,
            Attributes = (short)(header.Attributes & ~RecordBatchAttributes.CompressionMask),
        };
        header = header with { Crc = header.ComputeCrc([]) };
        header.Write(bytes);
        return bytes;
    }
}
