using System.Buffers;
using Millrace.Broker.Storage;
using Millrace.Protocol.Records;

namespace Millrace.Broker.Log.Segments;

/// <summary>Reads whole batches of a segment one after another through one pooled buffer.</summary>
internal sealed class BatchReader(LogFile file, int position, int end) : IDisposable
{
    private const int ChunkSize = 256 * 1024;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(ChunkSize);
    private int _start;
    private int _filled;

    /// <summary>Position of the current batch.</summary>
    public int Position { get; private set; }

    /// <summary>Position after the current batch, and of what could not be read.</summary>
    public int NextPosition { get; private set; } = position;

    /// <summary>What is wrong at <see cref="NextPosition"/>, or null.</summary>
    public string? Error { get; private set; }

    /// <summary>The current batch, valid until the next call.</summary>
    public RecordBatch Current { get; private set; }

    /// <summary>Moves to the next whole batch; false at the end, or where there is no batch (<see cref="Error"/>).</summary>
    public bool MoveNext()
    {
        while (true)
        {
            var data = new ReadOnlyMemory<byte>(_buffer, _start, _filled - _start);
            if (RecordBatch.TryRead(data, out var batch, out var error))
            {
                (Position, Current) = (NextPosition, batch);
                NextPosition += batch.Bytes.Length;
                _start += batch.Bytes.Length;
                return true;
            }

            Error = error;
            var left = end - NextPosition;
            if (error is not null || left == 0)
                return false;
            var needed = RecordBatchHeader.TryRead(data.Span, out var header) ? header.TotalSize : RecordBatchHeader.Size;
            if (needed > left || needed < 0)
            {
                Error = $"a batch needs {needed} bytes, but the segment ends after {left}";
                return false;
            }

            if (!Fill(needed))
            {
                Error = "the file is shorter than expected";
                return false;
            }
        }
    }

    public void Dispose()
    {
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private bool Fill(int needed)
    {
        var kept = _filled - _start;
        if (needed > _buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(needed);
            _buffer.AsSpan(_start, kept).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
        else
        {
            _buffer.AsSpan(_start, kept).CopyTo(_buffer);
        }

        (_start, _filled) = (0, kept);
        var wanted = Math.Min(_buffer.Length - kept, end - NextPosition - kept);
        _filled += file.Read(_buffer.AsSpan(kept, wanted), NextPosition + kept);
        return _filled >= needed;
    }
}
