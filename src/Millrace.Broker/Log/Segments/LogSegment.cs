using System.Runtime.InteropServices;
using Millrace.Broker.Storage;
using Millrace.Protocol.Records;

namespace Millrace.Broker.Log.Segments;

/// <summary>A run of bytes of a segment that is no valid batch, found by recovery between valid ones.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct DamagedRange(int Start, int End, long FirstOffset, long NextOffset);

/// <summary>One segment: a file of batches and its indexes. One owner appends; anyone reads up to a position that the owner has published.</summary>
internal sealed class LogSegment : IDisposable
{
    // One read covers what lies between two index entries by default.
    private const int SearchChunk = 4096 + 512;
    private readonly LogFileSystem _files;
    private int _bytesSinceIndexEntry;

    private LogSegment(LogFileSystem files, string directory, long baseOffset, LogFile file)
    {
        _files = files;
        Directory = directory;
        BaseOffset = baseOffset;
        File = file;
        Index = new OffsetIndex(files, PathOf(SegmentFiles.Index), baseOffset);
        TimeIndex = new TimeIndex(files, PathOf(SegmentFiles.TimeIndex), baseOffset);
        Transactions = new TransactionIndex(files, PathOf(SegmentFiles.TransactionIndex));
    }

    public string Directory { get; private set; }

    public long BaseOffset { get; }

    public LogFile File { get; }

    public OffsetIndex Index { get; }

    public TimeIndex TimeIndex { get; }

    public TransactionIndex Transactions { get; }

    /// <summary>Bytes of whole batches.</summary>
    public int Size { get; private set; }

    /// <summary>Offset after the last batch. Known for the active segment and for recovered ones.</summary>
    public long NextOffset { get; private set; }

    public long MaxTimestamp { get; private set; } = -1;

    public long OffsetOfMaxTimestamp { get; private set; } = -1;

    /// <summary>Timestamp of the first batch, from which <c>segment.ms</c> counts; −1 while unknown.</summary>
    public long FirstTimestamp { get; private set; } = -1;

    /// <summary>Position from which this process wrote the bytes itself: those need no check when they are read.</summary>
    public int WrittenFrom { get; private set; }

    public IReadOnlyList<DamagedRange> Damaged { get; private set; } = [];

    public static LogSegment Create(LogFileSystem files, string directory, long baseOffset)
    {
        var segment = Open(files, directory, baseOffset);
        if (segment.Size > 0)
            segment.Truncate(0, baseOffset);
        segment.ResetIndexes();
        return segment;
    }

    /// <summary>Starts a segment that compaction writes; its files end in <c>.cleaned</c>.</summary>
    public static LogSegment CreateCleaned(LogFileSystem files, string directory, long baseOffset)
    {
        files.DeleteFile(SegmentFiles.PathOf(directory, baseOffset, SegmentFiles.Log) + SegmentFiles.Cleaned);
        var segment = Open(files, directory, baseOffset, SegmentFiles.Cleaned);
        segment.SetPaths(SegmentFiles.Cleaned);
        segment.ResetIndexes();
        return segment;
    }

    public static LogSegment Open(LogFileSystem files, string directory, long baseOffset, string suffix = "")
    {
        var file = files.Open(SegmentFiles.PathOf(directory, baseOffset, SegmentFiles.Log) + suffix);
        var length = file.Length;
        if (length > int.MaxValue)
            throw new InvalidDataException($"{file.Path}: {length} bytes are more than a segment can have.");
        return new LogSegment(files, directory, baseOffset, file) { Size = (int)length, WrittenFrom = (int)length, NextOffset = baseOffset };
    }

    public string PathOf(string extension) => SegmentFiles.PathOf(Directory, BaseOffset, extension);

    public void ResetIndexes()
    {
        Index.Reset();
        TimeIndex.Reset();
        Transactions.Reset();
        _bytesSinceIndexEntry = 0;
    }

    /// <summary>Writes batches at the end. Nothing is noted: <see cref="Note"/> follows for each batch.</summary>
    public void Write(IReadOnlyList<ReadOnlyMemory<byte>> buffers)
    {
        if (buffers.Count == 1)
            File.Write(buffers[0].Span, Size);
        else
            File.Write(buffers, Size);
    }

    /// <summary>Takes a batch that was written at the end into size, timestamps and indexes.</summary>
    public void Note(in RecordBatchHeader batch, int indexInterval)
    {
        if (_bytesSinceIndexEntry > indexInterval)
            AddIndexEntry(batch.LastOffset);
        if (FirstTimestamp < 0)
            FirstTimestamp = batch.MaxTimestamp;
        if (batch.MaxTimestamp > MaxTimestamp)
            (MaxTimestamp, OffsetOfMaxTimestamp) = (batch.MaxTimestamp, batch.LastOffset);
        _bytesSinceIndexEntry += batch.TotalSize;
        Size += batch.TotalSize;
        NextOffset = batch.NextOffset;
    }

    /// <summary>Notes that there is a gap before the next batch, which must be found without walking through it.</summary>
    public void NoteDamage(DamagedRange range)
    {
        Damaged = [.. Damaged, range];
        (Size, NextOffset) = (range.End, range.NextOffset);
    }

    /// <summary>Starts counting from nothing, before batches are noted again.</summary>
    public void BeginRecovery()
    {
        ResetIndexes();
        (Size, NextOffset, MaxTimestamp, OffsetOfMaxTimestamp, FirstTimestamp) = (0, BaseOffset, -1, -1, -1);
        Damaged = [];
    }

    /// <summary>Takes the known end over for a segment that was opened and not recovered.</summary>
    public void Adopt(long nextOffset, long maxTimestamp, long offsetOfMaxTimestamp, long firstTimestamp)
        => (NextOffset, MaxTimestamp, OffsetOfMaxTimestamp, FirstTimestamp) = (nextOffset, maxTimestamp, offsetOfMaxTimestamp, firstTimestamp);

    public void Truncate(int size, long nextOffset)
    {
        File.SetLength(size);
        (Size, NextOffset) = (size, nextOffset);
        WrittenFrom = Math.Min(WrittenFrom, size);
    }

    /// <summary>Completes the indexes and writes them; the segment gets no more batches.</summary>
    public void Seal()
    {
        // All or nothing: if a file cannot be written, the segment stays active.
        SaveIndexes();
        Index.Seal();
        TimeIndex.Seal();
    }

    /// <summary>Writes the indexes of an active segment, which stays active.</summary>
    public void SaveIndexes()
    {
        if (!Index.IsActive)
            return;
        CompleteTimeIndex();
        Index.Save();
        TimeIndex.Save();
        Transactions.Save();
    }

    /// <summary>Finds the first batch that ends at or after <paramref name="offset"/>, below position <paramref name="end"/>.</summary>
    /// <returns>Its position and header, or null where there is none.</returns>
    /// <exception cref="CorruptRecordException">There is no batch where one should be.</exception>
    public (int Position, RecordBatchHeader Header)? Find(long offset, int end)
    {
        var position = StartFor(offset);
        Span<byte> chunk = stackalloc byte[SearchChunk];
        while (position < end)
        {
            var read = File.Read(chunk[..Math.Min(chunk.Length, end - position)], position);
            var at = 0;
            while (RecordBatchHeader.TryRead(chunk[at..read], out var header))
            {
                CheckHeader(header, position, end);
                if (header.LastOffset >= offset)
                    return (position, header);
                position += header.TotalSize;
                at += header.TotalSize;
                if (TryLeaveDamage(offset, ref position))
                    at = read;
                if (at >= read)
                    break;
            }

            if (at == 0 && read < RecordBatchHeader.Size)
                throw new CorruptRecordException($"{File.Path}: no record batch at position {position}, only {read} bytes are left.");
        }

        return null;
    }

    /// <summary>Where the damage begins that lies at or after <paramref name="position"/>, or <paramref name="end"/>.</summary>
    public int EndBeforeDamage(int position, int end)
    {
        foreach (var range in Damaged)
        {
            if (range.Start >= position)
                return Math.Min(end, range.Start);
        }

        return end;
    }

    /// <summary>Gives the files another suffix, such as <c>.deleted</c>, while readers go on.</summary>
    public void ChangeSuffix(string suffix)
    {
        File.Rename(PathOf(SegmentFiles.Log) + suffix);
        foreach (var (index, extension) in new (string, string)[]
                 {
                     (Index.Path, SegmentFiles.Index), (TimeIndex.Path, SegmentFiles.TimeIndex), (Transactions.Path, SegmentFiles.TransactionIndex),
                 })
        {
            if (System.IO.File.Exists(index))
                System.IO.File.Move(index, PathOf(extension) + suffix, overwrite: true);
        }

        SetPaths(suffix);
    }

    /// <summary>Notes that the directory was renamed.</summary>
    public void MovedTo(string directory)
    {
        Directory = directory;
        File.Moved(PathOf(SegmentFiles.Log));
        SetPaths("");
    }

    public void DeleteFiles()
    {
        Dispose();
        foreach (var path in new[] { File.Path, Index.Path, TimeIndex.Path, Transactions.Path })
            _files.DeleteFile(path);
    }

    public void Dispose() => File.Dispose();

    private void SetPaths(string suffix)
    {
        Index.Path = PathOf(SegmentFiles.Index) + suffix;
        TimeIndex.Path = PathOf(SegmentFiles.TimeIndex) + suffix;
        Transactions.Path = PathOf(SegmentFiles.TransactionIndex) + suffix;
    }

    private void AddIndexEntry(long lastOffset)
    {
        Index.Append(lastOffset, Size);
        TimeIndex.MaybeAppend(MaxTimestamp, OffsetOfMaxTimestamp);
        _bytesSinceIndexEntry = 0;
    }

    private void CompleteTimeIndex()
    {
        if (TimeIndex.IsActive && MaxTimestamp >= 0)
            TimeIndex.MaybeAppend(MaxTimestamp, OffsetOfMaxTimestamp);
    }

    private int StartFor(long offset)
    {
        var position = Index.Lookup(offset);
        foreach (var range in Damaged)
        {
            if (offset >= range.NextOffset && position < range.End)
                position = range.End;
        }

        TryLeaveDamage(offset, ref position);
        return position;
    }

    private bool TryLeaveDamage(long offset, ref int position)
    {
        foreach (var range in Damaged)
        {
            if (position != range.Start)
                continue;
            if (offset < range.NextOffset)
            {
                throw new CorruptRecordException(
                    $"{File.Path}: the bytes {range.Start} to {range.End} are damaged; offsets {range.FirstOffset} to {range.NextOffset - 1} cannot be read.");
            }

            position = range.End;
            return true;
        }

        return false;
    }

    private void CheckHeader(in RecordBatchHeader header, int position, int end)
    {
        var error = header.Validate();
        if (error is null && header.TotalSize > end - position)
            error = $"its {header.TotalSize} bytes reach beyond the end at {end}";
        if (error is null && (header.BaseOffset < BaseOffset || header.LastOffset - BaseOffset > int.MaxValue))
            error = $"its base offset {header.BaseOffset} does not belong to the segment";
        if (error is not null)
            throw new CorruptRecordException($"{File.Path}: no valid record batch at position {position}: {error}.");
    }
}
