using System.IO.Compression;
using System.Runtime.InteropServices;

namespace Millrace.Protocol.Records.Compression;

internal static class GzipCodec
{
    public static byte[] Compress(ReadOnlySpan<byte> data, int? level)
    {
        using var target = new MemoryStream((data.Length / 4) + 64);
        using (var gzip = new GZipStream(target, ToLevel(level), leaveOpen: true))
            gzip.Write(data);
        return target.ToArray();
    }

    public static void Decompress(ReadOnlyMemory<byte> data, ref BoundedBuffer target)
    {
        using var source = MemoryMarshal.TryGetArray(data, out var segment)
            ? new MemoryStream(segment.Array!, segment.Offset, segment.Count, writable: false)
            : new MemoryStream(data.ToArray(), writable: false);
        using var gzip = new GZipStream(source, CompressionMode.Decompress);
        while (true)
        {
            if (target.IsFull)
            {
                // Exactly at the limit: only the end may follow.
                if (gzip.ReadByte() < 0)
                    break;
            }

            var read = gzip.Read(target.GetFree());
            if (read == 0)
                break;
            target.Advance(read);
        }

        // GZipStream takes an input that ends early for complete.
        if (data.Length < 18 || target.WrittenSpan.Length % 0x1_0000_0000 != MemoryMarshal.Read<uint>(data.Span[^4..]))
            throw new CorruptRecordException("The gzip data are cut, or their length field is wrong.");
    }

    private static CompressionLevel ToLevel(int? level) => level switch
    {
        null or -1 or (>= 2 and <= 8) => CompressionLevel.Optimal,
        0 or 1 => CompressionLevel.Fastest,
        _ => CompressionLevel.SmallestSize,
    };
}
