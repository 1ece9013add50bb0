using Millrace.Broker.Log.Segments;
using Millrace.Protocol;
using Millrace.Protocol.Records;

namespace Millrace.Broker.Log;

/// <summary>Reading. Everything here works on one view, without a lock.</summary>
internal sealed partial class PartitionLog
{
    /// <summary>Finds the bytes from the batch that holds <paramref name="offset"/> on. Takes no lock and reads no records yet. With
    /// <paramref name="minOneMessage"/> the first batch is given even if it is larger than <paramref name="maxBytes"/>.</summary>
    public LogReadResult Read(long offset, int maxBytes, IsolationLevel isolation = IsolationLevel.ReadUncommitted, bool minOneMessage = true)
    {
        var view = View;
        if (_deleted)
            return Result(view, ErrorCode.UnknownTopicOrPartition);
        if (offset < view.LogStartOffset || offset > view.LogEndOffset)
            return Result(view, ErrorCode.OffsetOutOfRange);
        var committed = isolation == IsolationLevel.ReadCommitted;
        if (offset >= (committed ? view.LastStableOffset : view.HighWatermark))
            return Result(view, ErrorCode.None) with { AbortedTransactions = committed ? [] : null };
        try
        {
            return Find(view, offset, maxBytes, isolation, minOneMessage);
        }
        catch (CorruptRecordException e)
        {
            LogMessages.CorruptRead(_logger, e, TopicPartition, offset);
            return Result(view, ErrorCode.CorruptMessage);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidDataException)
        {
            LogMessages.ReadFailed(_logger, e, TopicPartition, offset);
            return Result(view, ErrorCode.KafkaStorageError);
        }
    }

    /// <summary>Walks over whole batches, for coordinators that load their state. A batch is valid until the next one is taken.</summary>
    /// <exception cref="CorruptRecordException">A batch is damaged.</exception>
    public IEnumerable<RecordBatch> ReadBatches(long fromOffset, IsolationLevel isolation = IsolationLevel.ReadUncommitted)
    {
        var view = View;
        var until = isolation == IsolationLevel.ReadCommitted ? view.LastStableOffset : view.HighWatermark;
        for (var i = Math.Max(view.SegmentOf(fromOffset), 0); i < view.Segments.Length; i++)
        {
            var segment = view.Segments[i];
            var end = view.EndOf(i, isolation);
            if (segment.Find(fromOffset, end) is not { } first)
                continue;
            using var reader = new BatchReader(segment.File, first.Position, end);
            while (reader.MoveNext())
            {
                if (reader.Current.BaseOffset >= until)
                    yield break;
                if (reader.Position < segment.WrittenFrom && !reader.Current.HasValidCrc())
                    throw new CorruptRecordException($"{segment.File.Path}: the batch at offset {reader.Current.BaseOffset} is damaged: its checksum does not match.");
                if (reader.Current.LastOffset >= fromOffset)
                    yield return reader.Current;
            }

            if (reader.Error is { } error)
                throw new CorruptRecordException($"{segment.File.Path}: no valid batch at position {reader.NextPosition}: {error}.");
        }
    }

    /// <summary>Completes when there is something to read at <paramref name="offset"/>.</summary>
    public async ValueTask WaitForDataAsync(long offset, IsolationLevel isolation, CancellationToken cancellationToken)
    {
        using var waiter = new DataWaiter();
        waiter.Add(this);
        while ((isolation == IsolationLevel.ReadCommitted ? LastStableOffset : HighWatermark) <= offset)
            await waiter.WaitAsync(Timeout.InfiniteTimeSpan, _time, cancellationToken);
    }

    /// <summary>First record whose timestamp is not before <paramref name="timestamp"/>, or null.</summary>
    /// <exception cref="CorruptRecordException">A batch is damaged.</exception>
    public TimestampedOffset? OffsetForTimestamp(long timestamp)
    {
        var view = View;
        for (var i = 0; i < view.Segments.Length; i++)
        {
            var segment = view.Segments[i];
            if (segment.MaxTimestamp < timestamp)
                continue;
            var end = view.EndOf(i, IsolationLevel.ReadUncommitted);
            var from = Math.Max(segment.TimeIndex.Lookup(timestamp), view.LogStartOffset);
            if (segment.Find(from, end) is { } start && FirstNotBefore(segment, start.Position, end, timestamp, view.LogStartOffset) is { } found)
                return found;
        }

        return null;
    }

    /// <summary>The record with the largest timestamp, or null for an empty log.</summary>
    /// <exception cref="CorruptRecordException">A batch is damaged.</exception>
    public TimestampedOffset? OffsetOfMaxTimestamp()
    {
        var view = View;
        var newest = view.Segments.MaxBy(static s => s.MaxTimestamp)!;
        return newest.MaxTimestamp < 0 ? null : OffsetForTimestamp(newest.MaxTimestamp);
    }

    private static LogReadResult Result(LogView view, ErrorCode error) => new()
    {
        Error = error,
        LogStartOffset = view.LogStartOffset,
        HighWatermark = view.HighWatermark,
        LastStableOffset = view.LastStableOffset,
        LogEndOffset = view.LogEndOffset,
    };

    private static LogReadResult Find(LogView view, long offset, int maxBytes, IsolationLevel isolation, bool minOneMessage)
    {
        var committed = isolation == IsolationLevel.ReadCommitted;
        for (var i = Math.Max(view.SegmentOf(offset), 0); i < view.Segments.Length; i++)
        {
            var segment = view.Segments[i];
            var end = view.EndOf(i, isolation);
            if (segment.Find(offset, end) is not { } first)
                continue; // Compaction may have left nothing here at or after the offset.
            end = segment.EndBeforeDamage(first.Position, end);
            var length = Math.Min(maxBytes, end - first.Position);
            if (length < first.Header.TotalSize)
                length = minOneMessage ? first.Header.TotalSize : 0;
            var result = Result(view, ErrorCode.None) with { Records = new LogSlice(segment, first.Position, length) };
            return committed ? result with { AbortedTransactions = AbortedIn(view, i, offset, first.Position + length) } : result;
        }

        return Result(view, ErrorCode.None) with { AbortedTransactions = committed ? [] : null };
    }

    /// <summary>Aborted transactions that overlap the offsets of a slice. A marker may lie in a later segment than its records.</summary>
    private static List<AbortedTransaction> AbortedIn(LogView view, int segment, long from, int endPosition)
    {
        var nextBase = segment + 1 < view.Segments.Length ? view.Segments[segment + 1].BaseOffset : view.LogEndOffset;
        var upper = Math.Min(view.Segments[segment].Index.OffsetAfter(endPosition) ?? nextBase, view.LastStableOffset);
        var found = new List<AbortedTransaction>();
        for (var i = segment; i < view.Segments.Length; i++)
        {
            foreach (var aborted in view.Segments[i].Transactions.Entries)
            {
                if (aborted.LastOffset >= from && aborted.FirstOffset < upper)
                    found.Add(aborted);
                if (aborted.LastStableOffset >= upper)
                    return Sorted(found);
            }
        }

        return Sorted(found);
    }

    private static List<AbortedTransaction> Sorted(List<AbortedTransaction> transactions)
    {
        transactions.Sort(static (a, b) => a.FirstOffset.CompareTo(b.FirstOffset));
        return transactions;
    }

    private static TimestampedOffset? FirstNotBefore(LogSegment segment, int position, int end, long timestamp, long logStartOffset)
    {
        using var reader = new BatchReader(segment.File, position, end);
        while (reader.MoveNext())
        {
            var batch = reader.Current;
            if (batch.Header.MaxTimestamp < timestamp || batch.LastOffset < logStartOffset)
                continue;
            foreach (var record in batch.Records())
            {
                if (record.Timestamp >= timestamp && record.Offset >= logStartOffset)
                    return new TimestampedOffset(record.Timestamp, record.Offset, batch.Header.PartitionLeaderEpoch);
            }
        }

        return null;
    }
}
