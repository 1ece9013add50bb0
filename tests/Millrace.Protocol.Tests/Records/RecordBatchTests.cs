using System.Text;
using CsCheck;
using Millrace.Protocol.Records;
using Millrace.Protocol.Records.Compression;

namespace Millrace.Protocol.Tests.Records;

public sealed class RecordBatchTests
{
    private static readonly Gen<byte[]?> GenBytes = Gen.OneOf(Gen.Const((byte[]?)null), Gen.Byte.Array[0, 40].Select(static b => (byte[]?)b));

    private static readonly Gen<(long Time, byte[]? Key, byte[]? Value, (string Key, byte[]? Value)[] Headers)[]> GenRecords =
        Gen.Select(Gen.Long[0, 1L << 45], GenBytes, GenBytes, Gen.Select(Gen.String[0, 5], GenBytes).Array[0, 3]).Array[1, 30];

    [Fact]
    public void What_is_written_is_read_with_every_codec() => Gen.Select(GenRecords, Gen.Enum<CompressionType>(), Gen.Long[0, 1L << 50]).Sample((records, codec, offset) =>
    {
        var builder = new RecordBatchBuilder(new RecordBatchOptions
        {
            BaseOffset = offset,
            Compression = codec,
            ProducerId = 5,
            ProducerEpoch = 2,
            BaseSequence = int.MaxValue - 2,
            IsTransactional = true,
        });
        foreach (var (time, key, value, headers) in records)
        {
            builder.Append(
                time,
                Memory(key),
                Memory(value),
                headers.Select(static h => new RecordHeader(Clean(h.Key), Memory(h.Value))));
        }

        var bytes = builder.Build();
        Assert.True(RecordBatch.TryRead(bytes, out var batch, out _));
        Assert.True(batch.HasValidCrc());
        Assert.Equal((offset, offset + records.Length - 1, codec), (batch.BaseOffset, batch.LastOffset, batch.Header.Compression));
        Assert.Equal(records.Max(static r => r.Time), batch.Header.MaxTimestamp);
        Assert.True(batch.Header is { IsTransactional: true, IsControl: false, ProducerId: 5, ProducerEpoch: 2, HasDeleteHorizon: false });
        Assert.Equal((int)((int.MaxValue - 2L + records.Length - 1) % (1L << 31)), batch.Header.LastSequence);
        var read = batch.Records().ToList();
        Assert.Equal(records.Length, read.Count);
        foreach (var (expected, actual, index) in records.Zip(read, Enumerable.Range(0, records.Length)))
        {
            Assert.Equal((offset + index, expected.Time), (actual.Offset, actual.Timestamp));
            Assert.Equal(expected.Key, actual.Key?.ToArray());
            Assert.Equal(expected.Value, actual.Copy().Value?.ToArray());
            Assert.Equal(expected.Headers.Select(static h => Clean(h.Key)), actual.Headers.Select(static h => h.Key));
            Assert.Equal(expected.Headers.Select(static h => h.Value), actual.Headers.Select(static h => h.Value?.ToArray()));
        }
    });

    [Fact]
    public void The_bytes_of_a_batch_stay_as_they_are()
    {
        var bytes = new RecordBatchBuilder(new RecordBatchOptions { BaseOffset = 3, PartitionLeaderEpoch = 1, ProducerId = 9, ProducerEpoch = 1, BaseSequence = 4 })
            .Append(1_700_000_000_000, Encoding.UTF8.GetBytes("k"), null, [new RecordHeader("h", new byte[] { 1 })])
            .Append(1_700_000_000_005, null, Encoding.UTF8.GetBytes("value"))
            .Build();
        Assert.Equal(
            "0000000000000003" + "00000049" + "00000001" + "02" + Convert.ToHexString(bytes.AsSpan(17, 4)) // Offset, length, epoch, magic, CRC.
            + "0000" + "00000001" + "0000018BCFE56800" + "0000018BCFE56805" // Attributes, last offset delta, first and largest timestamp.
            + "0000000000000009" + "0001" + "00000004" + "00000002" // Producer id, epoch, sequence, count.
            + "16000000026B010202680201"
            + "16000A02010A76616C756500",
            Convert.ToHexString(bytes));
        Assert.Equal(Crc32C.Compute(bytes.AsSpan(21)), System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(17)));
    }

    [Fact]
    public void An_end_of_transaction_is_read_back()
    {
        var bytes = new EndTransactionMarker(TransactionResult.Commit, 17).ToBatch(4, 1, 99);
        Assert.True(RecordBatch.TryRead(bytes, out var batch, out _));
        Assert.True(batch.Header is { IsControl: true, IsTransactional: true, BaseSequence: -1, Count: 1 });
        Assert.True(EndTransactionMarker.TryRead(batch.Records().ToList()[0], out var marker));
        Assert.Equal(new EndTransactionMarker(TransactionResult.Commit, 17), marker);
    }

    [Fact]
    public void The_checksum_is_Castagnoli()
    {
        Assert.Equal(0xE3069283u, Crc32C.Compute("123456789"u8)); // The check value of the CRC catalogue.
        Assert.Equal(0x8A9136AAu, Crc32C.Compute(new byte[32])); // RFC 3720, B.4.
        Gen.Select(Gen.Byte.Array[0, 10_000], Gen.Int[0, 10_000]).Sample((data, split) =>
        {
            split = Math.Min(split, data.Length);
            var slow = ~data.Aggregate(uint.MaxValue, static (crc, b) => System.Numerics.BitOperations.Crc32C(crc, b));
            Assert.Equal(slow, Crc32C.Compute(data));
            Assert.Equal(slow, Crc32C.Append(Crc32C.Compute(data.AsSpan(0, split)), data.AsSpan(split)));
        });
    }

    [Fact]
    public void A_bomb_is_refused_at_the_limit()
    {
        foreach (var codec in new[] { CompressionType.Gzip, CompressionType.Snappy, CompressionType.Lz4, CompressionType.Zstd })
        {
            var bomb = RecordCompression.Compress(codec, new byte[20_000_000]);
            var error = Assert.Throws<CorruptRecordException>(() => RecordCompression.Decompress(codec, bomb, 1_000_000));
            Assert.Contains("limit", error.Message, StringComparison.Ordinal);
            var exact = RecordCompression.Decompress(codec, RecordCompression.Compress(codec, new byte[1_000_000]), 1_000_000);
            Assert.Equal(1_000_000, exact.Count);
        }
    }

    [Fact]
    public void Large_data_survive_every_codec()
    {
        var data = new byte[3_000_000];
        var random = new Random(5);
        for (var i = 0; i < data.Length; i++)
            data[i] = (byte)(i % 3 == 0 ? random.Next(256) : i / 1000);
        foreach (var codec in Enum.GetValues<CompressionType>())
        {
            var unpacked = RecordCompression.Decompress(codec, RecordCompression.Compress(codec, data), 3_000_000);
            Assert.True(data.AsSpan().SequenceEqual(unpacked));
        }
    }

    [Fact]
    public void Unframed_snappy_of_librdkafka_is_read()
    {
        var data = Encoding.UTF8.GetBytes(new string('x', 500) + "end");
        var unpacked = RecordCompression.Decompress(CompressionType.Snappy, Snappier.Snappy.CompressToArray(data), 1000);
        Assert.True(data.AsSpan().SequenceEqual(unpacked));
    }

    [Fact]
    public void Lz4_frames_with_linked_blocks_and_checksums_are_read()
    {
        var data = new byte[500_000];
        for (var i = 0; i < data.Length; i++)
            data[i] = (byte)((i * i) >> 9);
        foreach (var settings in new K4os.Compression.LZ4.Streams.LZ4EncoderSettings[]
                 {
                     new() { ChainBlocks = true, ContentChecksum = true, BlockSize = 65536 },
                     new() { ChainBlocks = false, BlockChecksum = true, BlockSize = 262144 },
                 })
        {
            using var target = new MemoryStream();
            using (var stream = K4os.Compression.LZ4.Streams.LZ4Stream.Encode(target, settings, leaveOpen: true))
                stream.Write(data);
            var unpacked = RecordCompression.Decompress(CompressionType.Lz4, target.ToArray(), data.Length);
            Assert.True(data.AsSpan().SequenceEqual(unpacked));
        }
    }

    [Fact]
    public void Damaged_batches_are_refused_and_never_more_than_that()
    {
        var random = new Random(20261123);
        foreach (var codec in Enum.GetValues<CompressionType>())
        {
            var builder = new RecordBatchBuilder(new RecordBatchOptions { Compression = codec });
            for (var i = 0; i < 40; i++)
                builder.Append(i, "key" + i, "some value that repeats itself " + i);
            var good = builder.Build();
            for (var round = 0; round < 4000; round++)
            {
                var bytes = good.AsSpan(0, round % 4 == 0 ? random.Next(good.Length) : good.Length).ToArray();
                for (var flips = random.Next(1, 4); flips > 0 && bytes.Length > 0; flips--)
                    bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                if (!RecordBatch.TryRead(bytes, out var batch, out _))
                    continue;
                try
                {
                    foreach (var record in batch.Records(1 << 20))
                        _ = record.Headers.Count();
                }
                catch (CorruptRecordException)
                {
                    // The only way to say so.
                }
            }
        }
    }

    [Fact]
    public void Every_single_flipped_bit_breaks_the_checksum()
    {
        var good = new RecordBatchBuilder().Append(1, "a", "b").Append(2, "c", "d").Build();
        for (var bit = 17 * 8; bit < good.Length * 8; bit++)
        {
            var bytes = good.ToArray();
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(RecordBatch.TryRead(bytes, out var batch, out _) && batch.HasValidCrc());
        }
    }

    private static ReadOnlyMemory<byte>? Memory(byte[]? bytes) => bytes is null ? default(ReadOnlyMemory<byte>?) : bytes;

    // Unpaired surrogates have no UTF-8.
    private static string Clean(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
}
