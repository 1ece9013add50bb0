using System.Buffers;

namespace Millrace.Protocol.Records.Compression;

/// <summary>The codecs of record batches.</summary>
public static class RecordCompression
{
    /// <summary>Compresses the body of a batch.</summary>
    /// <param name="type">Codec.</param>
    /// <param name="data">Records.</param>
    /// <param name="level">Level, or null for the codec's default.</param>
    public static ReadOnlyMemory<byte> Compress(CompressionType type, ReadOnlyMemory<byte> data, int? level = null) => type switch
    {
        CompressionType.None => data,
        CompressionType.Gzip => GzipCodec.Compress(data.Span, level),
        CompressionType.Snappy => SnappyCodec.Compress(data.Span),
        CompressionType.Lz4 => Lz4FrameCodec.Compress(data.Span, level),
        CompressionType.Zstd => ZstdCodec.Compress(data.Span, level),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Unknown compression type."),
    };

    /// <summary>Unpacks the body of a batch into an array of the shared pool, which the caller returns.</summary>
    /// <param name="type">Codec.</param>
    /// <param name="data">Compressed records.</param>
    /// <param name="limit">The largest size to which the data may unpack.</param>
    /// <exception cref="CorruptRecordException">The data are not what the codec writes, or unpack to more than the limit.</exception>
    public static ArraySegment<byte> Decompress(CompressionType type, ReadOnlyMemory<byte> data, int limit)
    {
        var target = new BoundedBuffer(EstimateSize(data.Length), limit);
        try
        {
            switch (type)
            {
                case CompressionType.None:
                    data.Span.CopyTo(target.GetSpan(data.Length));
                    target.Advance(data.Length);
                    break;
                case CompressionType.Gzip:
                    GzipCodec.Decompress(data, ref target);
                    break;
                case CompressionType.Snappy:
                    SnappyCodec.Decompress(data.Span, ref target);
                    break;
                case CompressionType.Lz4:
                    Lz4FrameCodec.Decompress(data.Span, ref target);
                    break;
                case CompressionType.Zstd:
                    ZstdCodec.Decompress(data.Span, ref target);
                    break;
                default:
                    throw new CorruptRecordException($"Unknown compression type {(int)type}.");
            }

            return target.Written;
        }
        catch (Exception e)
        {
            target.Release();
            if (e is CorruptRecordException)
                throw;
            throw new CorruptRecordException($"The {type.ToName()} data cannot be unpacked: {e.Message}", e);
        }
    }

    private static int EstimateSize(int compressed) => (int)Math.Min(Math.Max(4096L, compressed * 4L), 1024 * 1024);
}

/// <summary>A growing array of the shared pool with an upper bound: what stands between a batch and a decompression bomb.</summary>
internal struct BoundedBuffer
{
    private readonly int _limit;
    private byte[] _array;
    private int _length;

    public BoundedBuffer(int initial, int limit)
    {
        _limit = limit;
        _array = ArrayPool<byte>.Shared.Rent(Math.Min(initial, Math.Max(limit, 1)));
    }

    /// <summary>Whether the limit is reached.</summary>
    public readonly bool IsFull => _length == _limit;

    public readonly int Limit => _limit;

    public readonly ArraySegment<byte> Written => new(_array, 0, _length);

    public readonly ReadOnlySpan<byte> WrittenSpan => _array.AsSpan(0, _length);

    /// <summary>Space for exactly <paramref name="size"/> more bytes.</summary>
    public Span<byte> GetSpan(int size)
    {
        EnsureFree(size);
        return _array.AsSpan(_length, size);
    }

    /// <summary>All free space, at least one byte, never more than the limit allows.</summary>
    public Span<byte> GetFree()
    {
        if (Math.Min(_array.Length, _limit) == _length)
            EnsureFree(1);
        return _array.AsSpan(_length, Math.Min(_array.Length, _limit) - _length);
    }

    /// <summary>Up to <paramref name="size"/> free bytes: fewer only where the limit is near.</summary>
    public Span<byte> GetAtMost(int size)
    {
        var granted = Math.Min(size, _limit - _length);
        EnsureFree(Math.Max(granted, 1));
        return _array.AsSpan(_length, granted);
    }

    public void Advance(int size) => _length += size;

    public readonly void Release() => ArrayPool<byte>.Shared.Return(_array);

    private void EnsureFree(int size)
    {
        var needed = (long)_length + size;
        if (needed > _limit)
            throw new CorruptRecordException($"The records unpack to more than the limit of {_limit} bytes.");
        if (needed <= _array.Length)
            return;
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(_limit, Math.Max(needed, _array.Length * 2L)));
        _array.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_array);
        _array = larger;
    }
}
