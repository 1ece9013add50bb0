using System.Buffers.Binary;
using System.IO.Hashing;
using K4os.Compression.LZ4;

namespace Millrace.Protocol.Records.Compression;

/// <summary>
/// The LZ4 frame format (version 1.6): magic, descriptor with its checksum byte, blocks with little-endian sizes, end mark. The frame is read
/// here, and not by a stream, so that a block is unpacked straight into the bounded target.
/// </summary>
internal static class Lz4FrameCodec
{
    private const uint Magic = 0x184D2204;
    private const int BlockSize = 64 * 1024;
    private const uint UncompressedBit = 0x8000_0000;

    // Version 01, blocks independent, no checksums: as Kafka's Java client writes it.
    private const byte Flags = 0x60;

    // Blocks of at most 64 KiB.
    private const byte BlockDescriptor = 0x40;

    public static ReadOnlyMemory<byte> Compress(ReadOnlySpan<byte> data, int? level)
    {
        var blocks = (data.Length + BlockSize - 1) / BlockSize;
        var target = new byte[7 + (blocks * (4 + LZ4Codec.MaximumOutputSize(BlockSize))) + 4];
        BinaryPrimitives.WriteUInt32LittleEndian(target, Magic);
        target[4] = Flags;
        target[5] = BlockDescriptor;
        target[6] = HeaderChecksum(target.AsSpan(4, 2));
        var at = 7;
        while (!data.IsEmpty)
        {
            var block = data[..Math.Min(BlockSize, data.Length)];
            var size = LZ4Codec.Encode(block, target.AsSpan(at + 4), ToLevel(level));
            var stored = (uint)size;
            if (size <= 0 || size >= block.Length)
            {
                block.CopyTo(target.AsSpan(at + 4));
                size = block.Length;
                stored = (uint)size | UncompressedBit;
            }

            BinaryPrimitives.WriteUInt32LittleEndian(target.AsSpan(at), stored);
            at += 4 + size;
            data = data[block.Length..];
        }

        // The end mark, written and not assumed: the encoder may have left bytes there when it tried a block that does not compress.
        BinaryPrimitives.WriteUInt32LittleEndian(target.AsSpan(at), 0);
        return target.AsMemory(0, at + 4);
    }

    public static void Decompress(ReadOnlySpan<byte> data, ref BoundedBuffer target)
    {
        if (data.Length < 7 || BinaryPrimitives.ReadUInt32LittleEndian(data) != Magic)
            throw new CorruptRecordException("The data do not start with an LZ4 frame's magic.");
        var flags = data[4];
        var (contentSize, dictionary) = ((flags & 0x08) != 0, (flags & 0x01) != 0);
        var descriptor = 2 + (contentSize ? 8 : 0) + (dictionary ? 4 : 0);
        if (flags >> 6 != 1 || dictionary)
            throw new CorruptRecordException("The LZ4 frame has another version, or needs a dictionary.");
        if (data.Length < 5 + descriptor || data[4 + descriptor] != HeaderChecksum(data.Slice(4, descriptor)))
            throw new CorruptRecordException("The LZ4 frame's header is cut, or its checksum does not match.");
        var (independent, blockChecksum, contentChecksum) = ((flags & 0x20) != 0, (flags & 0x10) != 0, (flags & 0x04) != 0);
        var maxBlock = MaxBlockSize(data[5]);
        data = data[(5 + descriptor)..];
        while (true)
        {
            var stored = data.Length >= 4 ? BinaryPrimitives.ReadUInt32LittleEndian(data) : throw Cut();
            data = data[4..];
            if (stored == 0)
                break;
            var size = (int)(stored & ~UncompressedBit);
            if (size > data.Length || size > maxBlock)
                throw Cut();
            Block(data[..size], (stored & UncompressedBit) != 0, independent, maxBlock, ref target);
            if (blockChecksum && (data.Length < size + 4 || XxHash32.HashToUInt32(data[..size]) != BinaryPrimitives.ReadUInt32LittleEndian(data[size..])))
                throw new CorruptRecordException("An LZ4 block's checksum does not match.");
            data = data[(size + (blockChecksum ? 4 : 0))..];
        }

        if (contentChecksum && (data.Length < 4 || XxHash32.HashToUInt32(target.WrittenSpan) != BinaryPrimitives.ReadUInt32LittleEndian(data)))
            throw new CorruptRecordException("The LZ4 frame's content checksum does not match.");
    }

    private static void Block(ReadOnlySpan<byte> block, bool uncompressed, bool independent, int maxBlock, ref BoundedBuffer target)
    {
        if (uncompressed)
        {
            block.CopyTo(target.GetSpan(block.Length));
            target.Advance(block.Length);
            return;
        }

        // The exact size is unknown: offer the largest block if the limit allows it, otherwise what is left.
        var free = target.GetFree();
        if (free.Length < maxBlock)
            free = target.GetAtMost(maxBlock);
        var history = target.WrittenSpan;
        var written = independent
            ? LZ4Codec.Decode(block, free)
            : LZ4Codec.Decode(block, free, history[Math.Max(0, history.Length - BlockSize)..]);
        if (written < 0)
            throw new CorruptRecordException("An LZ4 block cannot be unpacked, or unpacks to more than the limit.");
        target.Advance(written);
    }

    private static CorruptRecordException Cut() => new("The LZ4 frame is cut, or a block is larger than its descriptor says.");

    private static byte HeaderChecksum(ReadOnlySpan<byte> descriptor) => (byte)(XxHash32.HashToUInt32(descriptor) >> 8);

    private static int MaxBlockSize(byte descriptor) => ((descriptor >> 4) & 7) switch
    {
        4 => 64 * 1024,
        5 => 256 * 1024,
        6 => 1024 * 1024,
        7 => 4 * 1024 * 1024,
        var id => throw new CorruptRecordException($"The LZ4 frame's block size id {id} is unknown."),
    };

    private static LZ4Level ToLevel(int? level) => level is null or < 3 ? LZ4Level.L00_FAST : (LZ4Level)Math.Min(level.Value, 12);
}
