using Millrace.Broker.Log.Producers;
using Millrace.Broker.Log.Segments;

namespace Millrace.Broker.Log;

/// <summary>Rolling, flushing, retention, deletion. All of it runs as the owner, except flushing of files that no longer change.</summary>
internal sealed partial class PartitionLog
{
    private readonly List<(DateTimeOffset Due, LogSegment Segment)> _waitingForDeletion = [];
    private int _waitingCount;

    /// <summary>Time of the last write-through, for <c>flush.ms</c>.</summary>
    internal DateTimeOffset LastFlush { get; private set; }

    /// <summary>Moves the log start offset on (DeleteRecords; −1 means the high watermark) and returns the new one.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The offset is beyond the high watermark: OFFSET_OUT_OF_RANGE.</exception>
    public async ValueTask<long> DeleteRecordsBeforeAsync(long offset, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await RunOwnedAsync(() =>
        {
            var view = _view;
            var start = offset == -1 ? view.HighWatermark : offset;
            if (start < 0 || start > view.HighWatermark)
                throw new ArgumentOutOfRangeException(nameof(offset), offset, $"{TopicPartition}: the high watermark is {view.HighWatermark}.");
            if (start > view.LogStartOffset)
                MoveStart(view.Segments, start);
        });
        LogStartMoved(this);
        return LogStartOffset;
    }

    /// <summary>Writes everything through to the disk, and moves the recovery point to the end.</summary>
    public ValueTask FlushAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var view = View;
        return FlushAsync(view.Segments, view.LogEndOffset);
    }

    /// <summary>Writes through what no append touches any more.</summary>
    internal ValueTask FlushSealedAsync()
    {
        var view = View;
        return FlushAsync(view.Segments[..^1], view.Active.BaseOffset);
    }

    private async ValueTask FlushAsync(LogSegment[] segments, long offset)
    {
        var from = RecoveryPoint;
        foreach (var segment in segments.Where(s => s.NextOffset > from))
        {
            try
            {
                segment.File.Flush();
            }
            catch (ObjectDisposedException)
            {
                // Retention or compaction took it meanwhile; what replaced it was flushed before.
            }
        }

        await RunOwnedAsync(() =>
        {
            _recoveryPoint = Math.Max(_recoveryPoint, Math.Min(offset, _view.LogEndOffset));
            _unflushed = 0;
            LastFlush = _time.GetUtcNow();
        });
    }

    /// <summary>
    /// Forgets everything from an offset on, which must be the start of a batch or the end: what a replica does that follows a leader with less (KIP-101), and what a
    /// leader has lost that was elected without being in sync.
    /// </summary>
    public Task TruncateToAsync(long offset) => RunOwnedAsync(() =>
    {
        var view = _view;
        if (offset >= view.LogEndOffset)
            return;
        var last = Math.Max(view.SegmentOf(offset), 0);
        var kept = view.Segments[..(last + 1)];
        foreach (var segment in view.Segments[(last + 1)..])
            segment.DeleteFiles();
        foreach (var snapshot in ProducerSnapshot.Find(_directory).Where(o => o > offset))
            _files.DeleteFile(SegmentFiles.PathOf(_directory, snapshot, SegmentFiles.Snapshot));
        var active = kept[^1];
        var position = offset <= active.BaseOffset ? 0 : active.Find(offset, active.Size)?.Position ?? active.Size;
        active.Truncate(position, Math.Max(offset, active.BaseOffset));
        _epochs.TruncateTo(offset);
        RebuildProducers(active.BaseOffset, kept);
        RecoverSegment(active, nextBase: null);
        SaveEpochs();
        _recoveryPoint = Math.Min(_recoveryPoint, offset);
        Publish(kept, Math.Min(view.LogStartOffset, offset));
    });

    /// <summary>Notes damage that was found when a slice was read: the exception names file, position and offset.</summary>
    internal void ReportDamage(Exception exception, long offset) => LogMessages.CorruptRead(_logger, exception, TopicPartition, offset);

    internal bool HasOldFiles => Volatile.Read(ref _waitingCount) > 0;

    /// <summary>Applies <c>retention.ms</c>, <c>retention.bytes</c> and the log start offset.</summary>
    /// <returns>How many segments went.</returns>
    internal Task<int> ApplyRetentionAsync() => RunOwnedAsync(ApplyRetention);

    /// <summary>Starts a new segment if the active one is old (<c>segment.ms</c>, or <c>max.compaction.lag.ms</c>) and nobody appends.</summary>
    internal Task RollIfOldAsync(long maxAgeMs) => RunOwnedAsync(() =>
    {
        var active = _view.Active;
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        if (active.Size > 0 && active.FirstTimestamp >= 0 && now - active.FirstTimestamp > maxAgeMs)
            Roll();
    });

    internal Task ExpireProducersAsync(TimeSpan after)
        => RunOwnedAsync(() => _producers.Expire((_time.GetUtcNow() - after).ToUnixTimeMilliseconds()));

    /// <summary>Removes the files whose time has come.</summary>
    internal Task DeleteOldFilesAsync() => RunOwnedAsync(() =>
    {
        var now = _time.GetUtcNow();
        foreach (var (due, segment) in _waitingForDeletion.ToList())
        {
            if (due > now)
                continue;
            segment.DeleteFiles();
            _waitingForDeletion.RemoveAll(w => w.Segment == segment);
        }

        Volatile.Write(ref _waitingCount, _waitingForDeletion.Count);
    });

    /// <summary>Flushes, writes indexes and the producers' snapshot, and closes the files.</summary>
    internal async ValueTask CloseAsync()
    {
        await FlushAsync();
        await RunOwnedAsync(() =>
        {
            var view = _view;
            view.Active.SaveIndexes();
            _epochs.Save();
            // Most partitions of an internal topic are empty: a snapshot, which is flushed, would say nothing and cost a stop its time.
            if (view.LogEndOffset > 0 || _producers.Count > 0)
                _producers.WriteSnapshot(_files, SegmentFiles.PathOf(_directory, view.LogEndOffset, SegmentFiles.Snapshot));
            _deleted = true;
            Dispose(view);
        });
    }

    /// <summary>Takes the log out of service and gives its directory another name.</summary>
    internal Task MarkDeletedAsync(string directory) => RunOwnedAsync(() =>
    {
        _deleted = true;
        System.IO.Directory.Move(_directory, directory);
        Volatile.Write(ref _directory, directory);
        foreach (var segment in _view.Segments)
            segment.MovedTo(directory);
        NotifyWatchers();
    });

    /// <summary>Closes the files of a deleted log.</summary>
    internal Task CloseDeletedAsync() => RunOwnedAsync(() => Dispose(_view));

    private void Dispose(LogView view)
    {
        foreach (var segment in view.Segments)
            segment.Dispose();
        foreach (var (_, segment) in _waitingForDeletion)
            segment.Dispose();
        _waitingForDeletion.Clear();
    }

    private void Roll()
    {
        var view = _view;
        var active = view.Active;
        var next = LogSegment.Create(_files, _directory, view.LogEndOffset);
        try
        {
            _producers.WriteSnapshot(_files, SegmentFiles.PathOf(_directory, next.BaseOffset, SegmentFiles.Snapshot));
            active.Seal();
        }
        catch
        {
            next.DeleteFiles();
            throw;
        }

        Publish([.. view.Segments, next], view.LogStartOffset);
        LogMessages.Rolled(_logger, TopicPartition, next.BaseOffset, active.Size);
    }

    private int ApplyRetention()
    {
        var config = Config;
        var view = _view;
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        var size = Size;
        var drop = 0;
        while (drop < view.Segments.Length)
        {
            var segment = view.Segments[drop];
            var last = drop == view.Segments.Length - 1;
            if (last && segment.Size == 0)
                break;
            var next = last ? view.LogEndOffset : view.Segments[drop + 1].BaseOffset;
            var beforeStart = next <= view.LogStartOffset;
            var tooOld = config is { Delete: true, RetentionMs: >= 0 } && AgeOf(segment, now) > config.RetentionMs;
            var tooMuch = config is { Delete: true, RetentionBytes: >= 0 } && size - config.RetentionBytes >= segment.Size;
            if (!beforeStart && !tooOld && !tooMuch)
                break;
            size -= segment.Size;
            drop++;
        }

        if (drop == 0)
            return 0;
        if (drop == view.Segments.Length)
            Roll();
        var segments = _view.Segments;
        MoveStart(segments, Math.Max(_view.LogStartOffset, segments[drop].BaseOffset));
        return drop;
    }

    /// <summary>Moves the start of the log, and lets go of segments that lie before it.</summary>
    private void MoveStart(LogSegment[] segments, long start)
    {
        var keep = 0;
        while (keep + 1 < segments.Length && segments[keep + 1].BaseOffset <= start)
            keep++;
        _epochs.StartAt(start);
        SaveEpochs();
        Publish(segments[keep..], start);
        foreach (var segment in segments[..keep])
            Retire(segment);
        if (keep > 0)
            LogMessages.SegmentsDeleted(_logger, TopicPartition, keep, start);
    }

    internal LogSegment CreateCleaned(long baseOffset) => LogSegment.CreateCleaned(_files, _directory, baseOffset);

    internal void LogCompacted(long offset, long before, long after) => LogMessages.Compacted(_logger, TopicPartition, offset, before, after);

    /// <summary>Puts compacted segments in place of the ones that they were made from; false if one of those has gone meanwhile.</summary>
    internal Task<bool> ReplaceAsync(IReadOnlyList<LogSegment> old, LogSegment cleaned) => RunOwnedAsync(() =>
    {
        var view = _view;
        var at = Array.IndexOf(view.Segments, old[0]);
        if (_deleted || at < 0 || !view.Segments.AsSpan(at, Math.Min(old.Count, view.Segments.Length - at)).SequenceEqual(old.ToArray()))
            return false;
        // From this name on a crash completes the replacement instead of undoing it.
        cleaned.ChangeSuffix(SegmentFiles.Swap);
        foreach (var segment in old)
        {
            segment.ChangeSuffix(SegmentFiles.Deleted);
            if (segment != old[0])
                _files.DeleteFile(SegmentFiles.PathOf(_directory, segment.BaseOffset, SegmentFiles.Snapshot));
            AddOldFile(segment);
        }

        cleaned.ChangeSuffix("");
        Publish([.. view.Segments[..at], cleaned, .. view.Segments[(at + old.Count)..]], view.LogStartOffset);
        return true;
    });

    /// <summary>Renames a segment's files and deletes them later: a reader may still have it.</summary>
    private void Retire(LogSegment segment)
    {
        segment.ChangeSuffix(SegmentFiles.Deleted);
        _files.DeleteFile(SegmentFiles.PathOf(_directory, segment.BaseOffset, SegmentFiles.Snapshot));
        AddOldFile(segment);
    }

    private void AddOldFile(LogSegment segment)
    {
        _waitingForDeletion.Add((_time.GetUtcNow() + TimeSpan.FromMilliseconds(Config.FileDeleteDelayMs), segment));
        Volatile.Write(ref _waitingCount, _waitingForDeletion.Count);
    }

    private static long AgeOf(LogSegment segment, long now)
    {
        var newest = segment.MaxTimestamp >= 0
            ? segment.MaxTimestamp
            : new DateTimeOffset(System.IO.File.GetLastWriteTimeUtc(segment.File.Path)).ToUnixTimeMilliseconds();
        return now - newest;
    }
}
