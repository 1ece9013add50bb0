using Millrace.Broker.Log.Appending;
using Millrace.Broker.Log.Segments;
using Millrace.Protocol;
using Millrace.Protocol.Records;

namespace Millrace.Broker.Log;

/// <summary>Appending: check, plan (producer rules and offsets), commit (one write for the group), publish, complete.</summary>
internal sealed partial class PartitionLog
{
    // Below this size a copy into one buffer is cheaper than pinning many; above it, a gathering write copies nothing.
    private const int StagingSize = 32 * 1024;
    private const int GroupSize = 4 * 1024 * 1024;

    private readonly List<PendingAppend> _group = [];
    private readonly List<PreparedBatch> _planned = [];
    private readonly List<AbortedTransaction> _aborted = [];
    private readonly List<ReadOnlyMemory<byte>> _buffers = [];
    private byte[] _staging = [];
    private int _plannedSize;
    private long _plannedNext = -1;
    private long _unflushed;
    private bool _broken;
    private bool _refusing;
    private long? _refusalTold;

    /// <summary>Appends one or more whole batches. The bytes are not changed, and must not change until the task completes.</summary>
    public ValueTask<AppendResult> AppendAsync(
        ReadOnlyMemory<byte> batches, AppendOrigin origin = AppendOrigin.Client, AppendOptions? options = null, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<AppendResult>(cancellationToken);
        var prepared = BatchPreparation.Prepare(batches, origin, Config, TopicPartition, _time.GetUtcNow().ToUnixTimeMilliseconds());
        if (prepared.Error != ErrorCode.None)
            return new(AppendResult.Failed(prepared.Error, prepared.Message!, LogStartOffset, prepared.RecordErrors));
        var append = new PendingAppend(prepared, origin, options ?? AppendOptions.Default);
        Submit(append);
        return append.Task;
    }

    /// <summary>Gives an append its place, or answers it at once.</summary>
    private void Plan(PendingAppend append)
    {
        if (_deleted)
        {
            append.Complete(AppendResult.Failed(ErrorCode.UnknownTopicOrPartition, $"{TopicPartition} was deleted.", LogStartOffset));
            return;
        }

        try
        {
            if (_broken)
                Repair();
            var prepared = append.Prepared;
            if (_plannedSize > 0 && _plannedSize + prepared.TotalSize > GroupSize)
                Commit();
            if (MustRoll(prepared))
            {
                Commit();
                Roll();
            }

            if (_broken)
                throw new IOException("The log could not be repaired after a failed write.");
            // Only now: a commit that failed has taken back what the rules would build on.
            if (!AnsweredByProducerRules(append))
                Place(append);
        }
        catch (Exception e)
        {
            TellFailure(e);
            append.Complete(StorageError($"{TopicPartition}: {e.Message}"));
        }
    }

    private bool AnsweredByProducerRules(PendingAppend append)
    {
        foreach (ref readonly var batch in System.Runtime.InteropServices.CollectionsMarshal.AsSpan(append.Prepared.Batches))
        {
            if (!batch.Header.HasProducerId)
                continue;
            var verdict = _producers.Check(batch.Header, append.Origin, batch.Marker, append.Options.RequireOpenTransaction);
            if (verdict.Error != ErrorCode.None)
            {
                append.Complete(AppendResult.Failed(verdict.Error, $"{TopicPartition}: {verdict.Message}", LogStartOffset));
                return true;
            }

            if (verdict.Duplicate is { } original)
            {
                // The original may still wait in this group: it is answered only once both are safe.
                append.Planned = new AppendResult
                {
                    BaseOffset = original.FirstOffset,
                    LastOffset = original.LastOffset,
                    LogAppendTime = Config.LogAppendTime ? original.Timestamp : -1,
                    IsDuplicate = true,
                    RecordErrors = [],
                };
                _group.Add(append);
                return true;
            }
        }

        return false;
    }

    private void Place(PendingAppend append)
    {
        var next = _plannedNext >= 0 ? _plannedNext : LogEndOffset;
        var first = next;
        foreach (ref var batch in System.Runtime.InteropServices.CollectionsMarshal.AsSpan(append.Prepared.Batches))
        {
            batch.Header = batch.Header with { BaseOffset = next, PartitionLeaderEpoch = LeaderEpoch };
            next = batch.Header.NextOffset;
            if (batch.Header.HasProducerId && _producers.Note(batch.Header, batch.Marker) is { } aborted)
                _aborted.Add(aborted);
            _planned.Add(batch);
            _plannedSize += batch.Header.TotalSize;
        }

        _plannedNext = next;
        append.Planned = new AppendResult
        {
            BaseOffset = first,
            LastOffset = next - 1,
            LogAppendTime = append.Prepared.LogAppendTime,
            RecordErrors = [],
        };
        _group.Add(append);
    }

    /// <summary>Writes what is planned and answers its appends.</summary>
    private void Commit()
    {
        if (_group.Count == 0)
            return;
        string? error = null;
        if (_planned.Count > 0)
        {
            try
            {
                Write();
            }
            catch (Exception e)
            {
                TellFailure(e);
                error = $"{TopicPartition}: {e.Message}";
                _broken = true;
                _buffers.Clear();
                TryRepair();
            }
        }

        var start = LogStartOffset;
        foreach (var append in _group)
            append.Complete(error is null ? append.Planned with { LogStartOffset = start } : StorageError(error));
        _group.Clear();
        _planned.Clear();
        _aborted.Clear();
        (_plannedSize, _plannedNext) = (0, -1);
    }

    private void Write()
    {
        var view = _view;
        var active = view.Active;
        Gather();
        active.Write(_buffers);
        _buffers.Clear();
        // What can fail comes before anything is noted.
        FlushIfDue(active);
        var interval = Config.IndexIntervalBytes;
        foreach (ref readonly var batch in System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_planned))
        {
            active.Note(batch.Header, interval);
            _epochs.Note(batch.Header.PartitionLeaderEpoch, batch.Header.BaseOffset);
        }

        foreach (var aborted in _aborted)
            active.Transactions.Append(aborted);
        SaveEpochs();
        Publish(view.Segments, view.LogStartOffset);
        if (!_refusing) return;
        _refusing = false;
        LogMessages.WritesGoOn(_logger, TopicPartition, LogEndOffset);
    }

    private void FlushIfDue(LogSegment active)
    {
        var limit = Config.FlushMessages;
        if (limit == long.MaxValue)
            return;
        foreach (var batch in _planned)
            _unflushed += batch.Header.Count;
        if (_unflushed < limit)
            return;
        active.File.Flush();
        _unflushed = 0;
    }

    /// <summary>The batches themselves hold their epochs: a file that cannot be written now is written with the next append.</summary>
    private void SaveEpochs()
    {
        try
        {
            _epochs.Save();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogMessages.EpochsNotSaved(_logger, e, TopicPartition);
        }
    }

    /// <summary>Collects the bytes of the planned batches with their final headers.</summary>
    private void Gather()
    {
        var copyAll = _plannedSize <= StagingSize;
        var needed = copyAll ? _plannedSize : _planned.Count * RecordBatchHeader.Size;
        if (_staging.Length < needed)
            _staging = GC.AllocateUninitializedArray<byte>(Math.Max(needed, 4096));
        var at = 0;
        foreach (ref readonly var batch in System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_planned))
        {
            batch.Header.Write(_staging.AsSpan(at));
            if (copyAll)
            {
                batch.Body.CopyTo(_staging.AsMemory(at + RecordBatchHeader.Size));
                at += batch.Header.TotalSize;
                continue;
            }

            _buffers.Add(_staging.AsMemory(at, RecordBatchHeader.Size));
            _buffers.Add(batch.Body);
            at += RecordBatchHeader.Size;
        }

        if (copyAll)
            _buffers.Add(_staging.AsMemory(0, at));
    }

    private bool MustRoll(PreparedAppend prepared)
    {
        var config = Config;
        var active = _view.Active;
        var size = (long)active.Size + _plannedSize;
        if (size == 0)
            return false;
        var last = prepared.Batches[^1].Header;
        var nextOffset = _plannedNext >= 0 ? _plannedNext : LogEndOffset;
        var first = active.FirstTimestamp;
        return size + prepared.TotalSize > config.SegmentBytes
            || (first >= 0 && last.MaxTimestamp - first > config.SegmentMs - config.SegmentJitterMs)
            || (active.Index.Count + 1L) * OffsetIndex.Size > config.SegmentIndexBytes
            || (active.TimeIndex.Count + 1L) * TimeIndex.Size > config.SegmentIndexBytes
            || nextOffset + prepared.Batches.Sum(static b => b.Header.LastOffsetDelta + 1L) - active.BaseOffset > int.MaxValue;
    }

    /// <summary>A full disk refuses ten writes a second for hours: that is one line a minute, and one when writing goes on.</summary>
    private void TellFailure(Exception e)
    {
        if (!IsOfTheDisk(e))
        {
            LogMessages.AppendFailed(_logger, e, TopicPartition, LogEndOffset);
            return;
        }

        if (_refusalTold is { } told && _time.GetElapsedTime(told) < TimeSpan.FromMinutes(1)) return;
        _refusalTold = _time.GetTimestamp();
        _refusing = true;
        LogMessages.WritesFail(_logger, TopicPartition, LogEndOffset, e.Message.TrimEnd('.'), Directory);
    }

    private static bool IsOfTheDisk(Exception e) => e is IOException or UnauthorizedAccessException;

    private void TryRepair()
    {
        try
        {
            Repair();
        }
        catch (Exception e)
        {
            if (!IsOfTheDisk(e)) LogMessages.RepairFailed(_logger, e, TopicPartition);
        }
    }

    /// <summary>After a failed write: takes a partial write off the file, and forgets what the failed batches had changed.</summary>
    private void Repair()
    {
        var view = _view;
        view.Active.Truncate(view.ActiveSize, view.LogEndOffset);
        RebuildProducers(view.LogEndOffset, view.Segments);
        _broken = false;
        LogMessages.Repaired(_logger, TopicPartition, view.LogEndOffset);
    }
}
