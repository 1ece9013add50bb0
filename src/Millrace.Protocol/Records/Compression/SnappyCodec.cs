using System.Buffers.Binary;
using Snappier;

namespace Millrace.Protocol.Records.Compression;

/// <summary>
/// Snappy blocks in xerial's framing (snappy-java's SnappyOutputStream): magic, two versions, then blocks with a big-endian length each.
/// librdkafka and others write one unframed block, which is recognised by the missing magic.
/// </summary>
internal static class SnappyCodec
{
    // The block size of snappy-java, which readers expect to fit their buffers.
    private const int BlockSize = 32 * 1024;
    private const int FrameHeader = 16;

    private static ReadOnlySpan<byte> Magic => [0x82, (byte)'S', (byte)'N', (byte)'A', (byte)'P', (byte)'P', (byte)'Y', 0];

    public static ReadOnlyMemory<byte> Compress(ReadOnlySpan<byte> data)
    {
        var blocks = (data.Length + BlockSize - 1) / BlockSize;
        var target = new byte[FrameHeader + (blocks * (4 + Snappy.GetMaxCompressedLength(BlockSize)))];
        Magic.CopyTo(target);
        BinaryPrimitives.WriteInt32BigEndian(target.AsSpan(8), 1); // Version of the format.
        BinaryPrimitives.WriteInt32BigEndian(target.AsSpan(12), 1); // Oldest version that can read it.
        var at = FrameHeader;
        while (!data.IsEmpty)
        {
            var block = data[..Math.Min(BlockSize, data.Length)];
            var size = Snappy.Compress(block, target.AsSpan(at + 4));
            BinaryPrimitives.WriteInt32BigEndian(target.AsSpan(at), size);
            at += 4 + size;
            data = data[block.Length..];
        }

        return target.AsMemory(0, at);
    }

    public static void Decompress(ReadOnlySpan<byte> data, ref BoundedBuffer target)
    {
        if (!data.StartsWith(Magic))
        {
            DecompressBlock(data, ref target);
            return;
        }

        if (data.Length < FrameHeader)
            throw new CorruptRecordException("The snappy frame's header is cut.");
        data = data[FrameHeader..];
        while (!data.IsEmpty)
        {
            var size = data.Length >= 4 ? BinaryPrimitives.ReadInt32BigEndian(data) : -1;
            if (size < 0 || size > data.Length - 4)
                throw new CorruptRecordException($"A snappy block of {size} bytes does not fit the {data.Length} bytes that are left.");
            DecompressBlock(data.Slice(4, size), ref target);
            data = data[(4 + size)..];
        }
    }

    private static void DecompressBlock(ReadOnlySpan<byte> block, ref BoundedBuffer target)
    {
        var size = Snappy.GetUncompressedLength(block);
        if (size < 0)
            throw new CorruptRecordException("A snappy block is larger than 2 GiB.");
        var written = Snappy.Decompress(block, target.GetSpan(size));
        if (written != size)
            throw new CorruptRecordException($"A snappy block unpacked to {written} bytes instead of {size}.");
        target.Advance(size);
    }
}
