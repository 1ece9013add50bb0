using Millrace.Broker.Log.Segments;
using Millrace.Protocol.Records;

namespace Millrace.Broker.Log.Cleaning;

/// <summary>
/// Compaction of one log: finds the last offset of each key in the part that no earlier run has seen, then rewrites all sealed segments up to
/// there, several small ones into one. Readers and appends go on meanwhile; only the exchange of a group of segments is the owner's work.
/// </summary>
internal static class LogCleaner
{
    // Of 32 bytes and some: what Kafka's default log.cleaner.dedupe.buffer.size of 128 MiB holds, about.
    private const int MaxKeys = 4_000_000;

    /// <summary>Compacts the log if enough of it is dirty (<c>min.cleanable.dirty.ratio</c>), or too old (<c>max.compaction.lag.ms</c>).</summary>
    /// <exception cref="CorruptRecordException">A batch is damaged: the log is left as it is.</exception>
    public static async Task CleanIfDueAsync(PartitionLog log, LogCheckpoints checkpoints, long now, CancellationToken cancellationToken)
    {
        var view = log.View;
        var config = log.Config;
        var firstDirty = checkpoints.CleanerOffset(log.TopicPartition);
        if (firstDirty < view.LogStartOffset || firstDirty > view.LogEndOffset)
            firstDirty = view.LogStartOffset;
        var cleanable = Cleanable(view, config, now);
        var dirty = cleanable.Where(s => s.NextOffset > firstDirty).ToList();
        var dirtyBytes = dirty.Sum(static s => (long)s.Size);
        if (dirtyBytes == 0 || cleanable.Exists(static s => s.Damaged.Count > 0))
            return;
        var ratio = (double)dirtyBytes / cleanable.Sum(static s => (long)s.Size);
        var overdue = config.MaxCompactionLagMs < long.MaxValue && now - dirty[0].FirstTimestamp > config.MaxCompactionLagMs;
        if (ratio <= config.MinCleanableDirtyRatio && !overdue)
            return;
        var next = await CleanAsync(log, view, cleanable, firstDirty, now, cancellationToken);
        checkpoints.SetCleanerOffset(log.TopicPartition, next);
    }

    private static List<LogSegment> Cleanable(LogView view, LogConfig config, long now)
    {
        var list = new List<LogSegment>();
        for (var i = 0; i < view.Segments.Length - 1; i++)
        {
            var segment = view.Segments[i];
            // Nothing of an open transaction: whether its records count is not known yet.
            if (segment.NextOffset > view.LastStableOffset)
                break;
            if (config.MinCompactionLagMs > 0 && segment.MaxTimestamp > now - config.MinCompactionLagMs)
                break;
            list.Add(segment);
        }

        return list;
    }

    private static async Task<long> CleanAsync(
        PartitionLog log, LogView view, List<LogSegment> segments, long firstDirty, long now, CancellationToken cancellationToken)
    {
        var keys = new KeyMap(MaxKeys);
        var aborted = view.Segments.SelectMany(static s => s.Transactions.Entries).ToList();
        MapKeys(segments, firstDirty, keys, new CleanedTransactions(aborted), cancellationToken);
        var config = log.Config;
        var cleaner = new BatchCleaner(keys, new CleanedTransactions(aborted), log.Producers.LastBatches(), now, config.DeleteRetentionMs);
        var (before, after) = (0L, 0L);
        foreach (var group in Group(segments.Where(s => s.BaseOffset <= keys.LatestOffset), config))
        {
            var cleaned = CleanGroup(log, group, cleaner, config, cancellationToken);
            before += group.Sum(static s => (long)s.Size);
            after += cleaned.Size;
            if (!await log.ReplaceAsync(group, cleaned))
            {
                cleaned.DeleteFiles();
                break;
            }
        }

        log.LogCompacted(keys.LatestOffset + 1, before, after);
        return keys.LatestOffset + 1;
    }

    private static void MapKeys(
        List<LogSegment> segments, long firstDirty, KeyMap keys, CleanedTransactions transactions, CancellationToken cancellationToken)
    {
        foreach (var segment in segments)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var reader = new BatchReader(segment.File, 0, segment.Size);
            while (Next(reader, segment))
            {
                var batch = reader.Current;
                var skip = batch.Header.IsControl ? EndsTransaction(batch, transactions) : transactions.IsAborted(batch.Header);
                if (batch.LastOffset < firstDirty)
                    continue;
                foreach (var record in batch.Records())
                {
                    if (!skip && record.Key is { } key)
                        keys.Put(key.Span, record.Offset);
                }

                keys.LatestOffset = batch.LastOffset;
                if (keys.IsFull)
                    return;
            }

            // Compaction may have taken the last batches of a segment: it is seen to its end nevertheless.
            keys.LatestOffset = Math.Max(keys.LatestOffset, segment.NextOffset - 1);
        }
    }

    private static bool EndsTransaction(in RecordBatch batch, CleanedTransactions transactions)
    {
        foreach (var record in batch.Records())
        {
            if (EndTransactionMarker.TryRead(record, out var marker))
                transactions.IsMarkerObsolete(batch.Header, marker, out _);
        }

        return true;
    }

    /// <summary>Neighbours that fit into one segment together.</summary>
    private static IEnumerable<List<LogSegment>> Group(IEnumerable<LogSegment> segments, LogConfig config)
    {
        var group = new List<LogSegment>();
        var size = 0L;
        foreach (var segment in segments)
        {
            if (group.Count > 0 && (size + segment.Size > config.SegmentBytes || segment.NextOffset - group[0].BaseOffset > int.MaxValue))
            {
                yield return group;
                (group, size) = ([], 0);
            }

            group.Add(segment);
            size += segment.Size;
        }

        if (group.Count > 0)
            yield return group;
    }

    private static LogSegment CleanGroup(
        PartitionLog log, List<LogSegment> group, BatchCleaner cleaner, LogConfig config, CancellationToken cancellationToken)
    {
        var cleaned = log.CreateCleaned(group[0].BaseOffset);
        try
        {
            foreach (var segment in group)
            {
                cancellationToken.ThrowIfCancellationRequested();
                using var reader = new BatchReader(segment.File, 0, segment.Size);
                while (Next(reader, segment))
                    Copy(reader.Current, cleaned, cleaner, config.IndexIntervalBytes);
            }

            cleaned.Adopt(group[^1].NextOffset, cleaned.MaxTimestamp, cleaned.OffsetOfMaxTimestamp, cleaned.FirstTimestamp);
            cleaned.Seal();
            cleaned.File.Flush();
            return cleaned;
        }
        catch
        {
            cleaned.DeleteFiles();
            throw;
        }
    }

    private static void Copy(in RecordBatch batch, LogSegment cleaned, BatchCleaner cleaner, int indexInterval)
    {
        var kept = cleaner.Clean(batch, out var aborted);
        if (aborted is { } transaction)
            cleaned.Transactions.Append(transaction);
        if (kept is not { } bytes || !RecordBatchHeader.TryRead(bytes.Span, out var header))
            return;
        cleaned.Write([bytes]);
        cleaned.Note(header, indexInterval);
    }

    private static bool Next(BatchReader reader, LogSegment segment)
    {
        if (reader.MoveNext())
        {
            return reader.Current.HasValidCrc()
                ? true
                : throw new CorruptRecordException($"{segment.File.Path}: the batch at offset {reader.Current.BaseOffset} is damaged; the log is not compacted.");
        }

        return reader.Error is { } error
            ? throw new CorruptRecordException($"{segment.File.Path}: no valid batch at position {reader.NextPosition}: {error}; the log is not compacted.")
            : false;
    }
}
