using System.Buffers;
using Millrace.Broker.Log;
using Millrace.Protocol;
using Millrace.Protocol.Records;

namespace Millrace.Broker.Sharing;

/// <summary>What one fetch has read of a share partition: the bytes, in a rented buffer, and which of them the member has got.</summary>
internal sealed class ShareRead : IDisposable
{
    private byte[] _buffer = [];
    private List<(LogRange Range, int Start, int End)> _batches = [];

    public static ShareRead Nothing => new();

    public ErrorCode Error { get; init; }

    public IReadOnlyList<LogRange> Ranges => [.. _batches.Select(static b => b.Range)];

    public IReadOnlyList<AcquiredRange> Acquired { get; private set; } = [];

    /// <summary>The batches from the first to the last that the member has got.</summary>
    public ReadOnlyMemory<byte> Records { get; private set; }

    public static ShareRead Of(byte[] rented, List<(LogRange Range, int Start, int End)> batches) => new() { _buffer = rented, _batches = batches };

    public ShareRead With(IReadOnlyList<AcquiredRange> acquired)
    {
        Acquired = acquired;
        if (acquired.Count == 0) return this;
        var first = _batches.FindIndex(b => b.Range.Last >= acquired[0].First);
        var last = _batches.FindLastIndex(b => b.Range.First <= acquired[^1].Last);
        Records = _buffer.AsMemory(_batches[first].Start.._batches[last].End);
        return this;
    }

    public void Dispose()
    {
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }
}

/// <summary>Reads batches of the log for a share partition. Markers of transactions and, where only committed records count, aborted ones are gaps.</summary>
internal static class ShareLogRead
{
    public static LogReadResult Find(PartitionLog log, long offset, int maxBytes, bool committed, bool minOne) =>
        log.Read(offset, maxBytes, committed ? IsolationLevel.ReadCommitted : IsolationLevel.ReadUncommitted, minOne);

    public static ShareRead Read(PartitionLog log, long offset, int maxBytes, bool committed, bool minOne)
    {
        var found = Find(log, offset, maxBytes, committed, minOne);
        if (found.Error != ErrorCode.None || found.Records.IsEmpty) return new ShareRead { Error = found.Error };
        var buffer = ArrayPool<byte>.Shared.Rent(found.Records.Length);
        try
        {
            var intact = found.Records.CopyIntactTo(buffer);
            return ShareRead.Of(buffer, Batches(buffer.AsSpan(0, intact), found.AbortedTransactions));
        }
        catch (Exception e) when (e is IOException or CorruptRecordException)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            log.ReportDamage(e, offset);
            return new ShareRead { Error = e is CorruptRecordException ? ErrorCode.CorruptMessage : ErrorCode.KafkaStorageError };
        }
    }

    private static List<(LogRange Range, int Start, int End)> Batches(ReadOnlySpan<byte> bytes, IReadOnlyList<AbortedTransaction>? aborted)
    {
        List<(LogRange Range, int Start, int End)> batches = [];
        for (var at = 0; RecordBatchHeader.TryRead(bytes[at..], out var header) && header.TotalSize <= bytes.Length - at; at += header.TotalSize)
        {
            var isAborted = header.IsTransactional && aborted is not null
                && aborted.Any(t => t.ProducerId == header.ProducerId && t.FirstOffset <= header.BaseOffset && t.LastOffset >= header.LastOffset);
            batches.Add((new LogRange(header.BaseOffset, header.LastOffset, header.IsControl || isAborted), at, at + header.TotalSize));
        }

        return batches;
    }
}
