using System.Buffers;
using System.Buffers.Binary;
using Millrace.Broker.Storage;
using Millrace.Protocol.Records;

namespace Millrace.Broker.Log.Segments;

/// <summary>Looks for the next valid batch behind damaged bytes: it tells a torn tail, which may be cut, from damage in the middle.</summary>
internal static class BatchSearch
{
    /// <summary>Position and base offset of the first valid batch at or after <paramref name="from"/>, or null.</summary>
    public static (int Position, long BaseOffset)? Next(LogFile file, int from, int end, long minOffset, long maxOffset)
    {
        if (end - from < RecordBatchHeader.Size)
            return null;
        var buffer = ArrayPool<byte>.Shared.Rent(end - from);
        try
        {
            var data = buffer.AsSpan(0, file.Read(buffer.AsSpan(0, end - from), from));
            for (var at = 0; at + RecordBatchHeader.Size <= data.Length; at++)
            {
                // Three cheap tests come before the checksum: magic, length, offset.
                if (data[at + 16] != RecordBatchHeader.CurrentMagic)
                    continue;
                var length = BinaryPrimitives.ReadInt32BigEndian(data[(at + 8)..]);
                if (length < RecordBatchHeader.Size - RecordBatchHeader.LogOverhead || length > data.Length - at - RecordBatchHeader.LogOverhead)
                    continue;
                var offset = BinaryPrimitives.ReadInt64BigEndian(data[at..]);
                if (offset >= minOffset && offset < maxOffset && IsValid(data[at..]))
                    return (from + at, offset);
            }

            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static bool IsValid(ReadOnlySpan<byte> data)
        => RecordBatchHeader.TryRead(data, out var header) && header.Validate() is null && header.TotalSize <= data.Length
            && Crc32C.Compute(data[RecordBatchHeader.AttributesOffset..header.TotalSize]) == header.Crc;
}
