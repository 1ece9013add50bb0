using System.Buffers;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Millrace.Protocol.Records.Compression;

/// <summary>Zstandard. Contexts are large, so each thread keeps one.</summary>
internal static class ZstdCodec
{
    private const int DefaultLevel = 3;

    // 128 MiB, the format's recommended upper bound for a decoder: a frame cannot make the decoder allocate more for its window.
    private const int MaxWindowLog = 27;

    [ThreadStatic]
    private static Compressor? _compressor;

    [ThreadStatic]
    private static Decompressor? _decompressor;

    public static ReadOnlyMemory<byte> Compress(ReadOnlySpan<byte> data, int? level)
    {
        var compressor = _compressor ??= new Compressor(DefaultLevel);
        compressor.Level = level ?? DefaultLevel;
        var target = new byte[Compressor.GetCompressBound(data.Length)];
        return target.AsMemory(0, compressor.Wrap(data, target));
    }

    public static void Decompress(ReadOnlySpan<byte> data, ref BoundedBuffer target)
    {
        var decompressor = _decompressor ??= Create();
        decompressor.ResetStream();
        var ended = false;
        while (!data.IsEmpty || !ended)
        {
            var status = decompressor.UnwrapStream(data, target.IsFull ? [] : target.GetFree(), out var consumed, out var written);
            if (status is not (OperationStatus.Done or OperationStatus.DestinationTooSmall or OperationStatus.NeedMoreData))
                throw new CorruptRecordException("The zstd data are malformed.");
            target.Advance(written);
            data = data[consumed..];
            ended = status == OperationStatus.Done;
            if (consumed == 0 && written == 0 && !ended)
                throw new CorruptRecordException(target.IsFull ? $"The records unpack to more than the limit of {target.Limit} bytes." : "The zstd frame is cut.");
        }
    }

    private static Decompressor Create()
    {
        var decompressor = new Decompressor();
        decompressor.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, MaxWindowLog);
        return decompressor;
    }
}
