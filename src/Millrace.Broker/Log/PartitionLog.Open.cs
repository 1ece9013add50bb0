using Millrace.Broker.Log.Producers;
using Millrace.Broker.Log.Segments;
using Millrace.Broker.Storage;
using Millrace.Protocol.Records;

namespace Millrace.Broker.Log;

/// <summary>
/// Opening a partition's directory. After a clean stop the indexes are believed; after a crash every batch from the recovery point on is
/// checked, the torn tail is cut off, and indexes and producer states are made again.
/// </summary>
internal sealed partial class PartitionLog
{
    /// <summary>Opens or creates the log in <see cref="PartitionLogSettings.Directory"/>.</summary>
    /// <exception cref="InvalidDataException">The directory holds something that is no log.</exception>
    public static PartitionLog Open(in PartitionLogSettings settings)
    {
        System.IO.Directory.CreateDirectory(settings.Directory);
        SegmentLeftovers.CleanUp(settings.Files, settings.Directory);
        var segments = OpenSegments(settings);
        var log = new PartitionLog(settings, LoadEpochs(settings), segments);
        try
        {
            log.Recover(settings, segments);
        }
        catch
        {
            foreach (var segment in segments)
                segment.Dispose();
            throw;
        }

        return log;
    }

    /// <summary>Creates the log in a directory that was just made: there is nothing to look for, and nothing to check.</summary>
    public static PartitionLog Create(in PartitionLogSettings settings)
        => new(settings, LeaderEpochs.None(settings.Files, settings.Directory), [LogSegment.Create(settings.Files, settings.Directory, 0)])
        {
            LastFlush = settings.Time.GetUtcNow(),
        };

    private static LogSegment[] OpenSegments(in PartitionLogSettings settings)
    {
        var bases = new List<long>();
        foreach (var path in System.IO.Directory.EnumerateFiles(settings.Directory, "*" + SegmentFiles.Log))
        {
            if (SegmentFiles.TryParse(path, SegmentFiles.Log, out var offset))
                bases.Add(offset);
        }

        bases.Sort();
        if (bases.Count == 0)
            return [LogSegment.Create(settings.Files, settings.Directory, Math.Max(settings.LogStartOffset, 0))];
        var (files, directory) = (settings.Files, settings.Directory);
        return [.. bases.Select(offset => LogSegment.Open(files, directory, offset))];
    }

    private static LeaderEpochs LoadEpochs(in PartitionLogSettings settings)
    {
        try
        {
            return LeaderEpochs.Load(settings.Files, settings.Directory);
        }
        catch (InvalidDataException e)
        {
            LogMessages.EpochsIgnored(settings.Logger, settings.Partition, e.Message);
            settings.Files.DeleteFile(Path.Combine(settings.Directory, LeaderEpochs.FileName));
            return LeaderEpochs.Load(settings.Files, settings.Directory);
        }
    }

    private void Recover(in PartitionLogSettings settings, LogSegment[] segments)
    {
        var first = FirstToRecover(settings, segments);
        if (first < segments.Length)
        {
            RebuildProducers(segments[first].BaseOffset, segments);
            for (var i = first; i < segments.Length; i++)
                RecoverSegment(segments[i], i + 1 < segments.Length ? segments[i + 1].BaseOffset : null);
            LogMessages.Recovered(_logger, TopicPartition, segments[first].BaseOffset, segments[^1].NextOffset);
            _recoveryPoint = Math.Min(_recoveryPoint, segments[first].BaseOffset);
        }
        else
        {
            RebuildProducers(segments[^1].NextOffset, segments);
        }

        var end = segments[^1].NextOffset;
        foreach (var offset in ProducerSnapshot.Find(_directory).Where(o => o > end))
            _files.DeleteFile(SegmentFiles.PathOf(_directory, offset, SegmentFiles.Snapshot));
        _epochs.TruncateTo(end);
        _epochs.Save();
        LeaderEpoch = Math.Max(_epochs.Latest ?? 0, 0);
        LastFlush = _time.GetUtcNow();
        // A start beyond the end can only be left over from a log that lost its tail with the machine.
        var start = Math.Min(Math.Max(settings.LogStartOffset, segments[0].BaseOffset), end);
        Publish(segments, start);
    }

    /// <summary>Index of the first segment that must be checked batch by batch; the others are loaded.</summary>
    private int FirstToRecover(in PartitionLogSettings settings, LogSegment[] segments)
    {
        for (var i = 0; i < segments.Length; i++)
        {
            var last = i == segments.Length - 1;
            var next = last ? long.MaxValue : segments[i + 1].BaseOffset;
            if (!settings.CleanShutdown && next > settings.RecoveryPoint)
                return i;
            try
            {
                if (last)
                    LoadActive(segments[i]);
                else
                    LoadSealed(segments[i], next);
            }
            catch (InvalidDataException e)
            {
                if (segments[i].Size > 0)
                    LogMessages.IndexRebuilt(_logger, TopicPartition, e.Message);
                return i;
            }
        }

        return segments.Length;
    }

    private static void LoadSealed(LogSegment segment, long nextOffset)
    {
        segment.Index.Check();
        segment.TimeIndex.Check();
        segment.Transactions.Load();
        var newest = segment.TimeIndex.Last();
        if (newest is null && segment.Size > 0)
        {
            using var reader = new BatchReader(segment.File, 0, segment.Size);
            while (reader.MoveNext())
            {
                var header = reader.Current.Header;
                if (header.MaxTimestamp > (newest?.Timestamp ?? -1))
                    newest = (header.MaxTimestamp, header.LastOffset);
            }
        }

        segment.Adopt(nextOffset, newest?.Timestamp ?? -1, newest?.Offset ?? -1, FirstTimestampOf(segment));
    }

    private static void LoadActive(LogSegment segment)
    {
        segment.Index.LoadActive();
        segment.TimeIndex.LoadActive();
        segment.Transactions.Load();
        var newest = segment.TimeIndex.Last() ?? (-1, -1);
        var (indexedOffset, indexedPosition) = segment.Index.Last() ?? (-1, 0);
        var next = segment.BaseOffset;
        using var reader = new BatchReader(segment.File, indexedPosition, segment.Size);
        while (reader.MoveNext())
        {
            var header = reader.Current.Header;
            var follows = reader.Position == indexedPosition && indexedOffset >= 0 ? header.LastOffset == indexedOffset : header.BaseOffset == next;
            if (!follows)
                throw new InvalidDataException($"{segment.File.Path}, position {reader.Position}: the base offset {header.BaseOffset} does not follow.");
            next = header.NextOffset;
            if (header.MaxTimestamp > newest.Timestamp)
                newest = (header.MaxTimestamp, header.LastOffset);
        }

        if (reader.Error is { } error)
            throw new InvalidDataException($"{segment.File.Path}, position {reader.NextPosition}: {error}.");
        segment.Adopt(next, newest.Timestamp, newest.Offset, FirstTimestampOf(segment));
    }

    private static long FirstTimestampOf(LogSegment segment)
    {
        Span<byte> bytes = stackalloc byte[RecordBatchHeader.Size];
        return segment.File.Read(bytes, 0) == bytes.Length && RecordBatchHeader.TryRead(bytes, out var header) ? header.MaxTimestamp : -1;
    }

    /// <summary>Reads all batches of a segment, checks them, and makes its indexes again.</summary>
    private void RecoverSegment(LogSegment segment, long? nextBase)
    {
        var length = segment.Size;
        var interval = Config.IndexIntervalBytes;
        segment.BeginRecovery();
        var position = 0;
        while (true)
        {
            position = NoteValidBatches(segment, position, length, interval, nextBase, out var error);
            if (position == length)
                break;
            var found = BatchSearch.Next(segment.File, position + 1, length, segment.NextOffset, nextBase ?? long.MaxValue);
            if (found is null && nextBase is null)
            {
                LogMessages.TornTail(_logger, TopicPartition, length - position, segment.NextOffset, segment.File.Path, error);
                segment.Truncate(position, segment.NextOffset);
                break;
            }

            var (end, next) = found ?? (length, nextBase!.Value);
            LogMessages.Damaged(_logger, TopicPartition, position, end, segment.File.Path, error, segment.NextOffset, next - 1);
            segment.NoteDamage(new DamagedRange(position, end, segment.NextOffset, next));
            position = end;
        }

        if (nextBase is { } sealedEnd)
        {
            segment.Adopt(sealedEnd, segment.MaxTimestamp, segment.OffsetOfMaxTimestamp, segment.FirstTimestamp);
            segment.Seal();
        }
    }

    private int NoteValidBatches(LogSegment segment, int position, int length, int interval, long? nextBase, out string error)
    {
        using var reader = new BatchReader(segment.File, position, length);
        while (reader.MoveNext())
        {
            var batch = reader.Current;
            error = Judge(batch, segment.NextOffset, nextBase) ?? "";
            if (error.Length > 0)
                return reader.Position;
            segment.Note(batch.Header, interval);
            _epochs.Note(batch.Header.PartitionLeaderEpoch, batch.BaseOffset);
            if (batch.Header.HasProducerId && _producers.Note(batch.Header, MarkerOf(batch)) is { } aborted)
                segment.Transactions.Append(aborted);
        }

        error = reader.Error ?? "";
        return reader.NextPosition;
    }

    /// <summary>
    /// No checksum covers the base offset, so it is judged by its neighbours: compaction leaves gaps, but it never touches the active segment.
    /// </summary>
    private static string? Judge(in RecordBatch batch, long expected, long? nextBase)
    {
        if (batch.BaseOffset < expected || (nextBase is null && batch.BaseOffset != expected) || batch.Header.NextOffset > nextBase)
            return $"the batch's base offset {batch.BaseOffset} does not follow the expected {expected}";
        return batch.HasValidCrc() ? null : $"the checksum of the batch at offset {batch.BaseOffset} does not match";
    }

    private static EndTransactionMarker? MarkerOf(in RecordBatch batch)
    {
        if (!batch.Header.IsControl)
            return null;
        foreach (var record in batch.Records())
        {
            if (EndTransactionMarker.TryRead(record, out var marker))
                return marker;
        }

        return null;
    }

    /// <summary>Makes the producers' states as of an offset: from the newest snapshot before it, and the batches since.</summary>
    private void RebuildProducers(long until, LogSegment[] segments)
    {
        _producers.Clear();
        var from = LoadSnapshot(until);
        for (var i = 0; i < segments.Length; i++)
        {
            var segment = segments[i];
            if (segment.BaseOffset >= until || (i + 1 < segments.Length && segments[i + 1].BaseOffset <= from))
                continue;
            using var reader = new BatchReader(segment.File, segment.Index.IsActive || i + 1 < segments.Length ? segment.Index.Lookup(from) : 0, segment.Size);
            while (reader.MoveNext() && reader.Current.BaseOffset < until)
            {
                var batch = reader.Current;
                if (batch.BaseOffset >= from && batch.Header.HasProducerId && batch.HasValidCrc())
                    _producers.Note(batch.Header, MarkerOf(batch));
            }
        }
    }

    private long LoadSnapshot(long until)
    {
        foreach (var offset in ProducerSnapshot.Find(_directory).Where(o => o <= until).OrderDescending())
        {
            var path = SegmentFiles.PathOf(_directory, offset, SegmentFiles.Snapshot);
            try
            {
                _producers.Load(ProducerSnapshot.Read(path));
                return offset;
            }
            catch (InvalidDataException e)
            {
                LogMessages.SnapshotIgnored(_logger, TopicPartition, e.Message);
                _files.DeleteFile(path);
            }
        }

        return 0;
    }
}
