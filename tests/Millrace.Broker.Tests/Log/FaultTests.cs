using Millrace.Broker.Log;
using Millrace.Broker.Storage;
using Millrace.Protocol;
using Millrace.Protocol.Records;

namespace Millrace.Broker.Tests.Log;

/// <summary>Torn writes, flipped bits, full disks.</summary>
public sealed class FaultTests
{
    private static readonly RecordBatchOptions Idempotent = new() { ProducerId = 7, ProducerEpoch = 0, BaseSequence = 0 };

    [Fact]
    public async Task A_write_torn_at_any_byte_of_the_last_batch_loses_only_that_batch()
    {
        await using var fixture = new LogFixture();
        var log = await fixture.OpenAsync();
        await log.AppendAsync(fixture.Batch("a", "b"));
        await log.AppendAsync(fixture.Batch(Idempotent, "c"));
        var whole = log.Size;
        await log.AppendAsync(fixture.Batch(Idempotent with { BaseSequence = 1 }, "torn"));
        var full = log.Size;
        for (var length = whole; length < full; length++)
        {
            await using var crashed = fixture.Crashed();
            await Truncate(crashed, length);
            var recovered = await crashed.OpenAsync();
            Assert.Equal([(0, "a"), (1, "b"), (2, "c")], LogFixture.ReadAll(recovered));
            Assert.Equal(whole, new FileInfo(LogFile(crashed)).Length);
            var again = await recovered.AppendAsync(crashed.Batch(Idempotent with { BaseSequence = 1 }, "torn"));
            Assert.Equal((ErrorCode.None, 3L, false), (again.Error, again.BaseOffset, again.IsDuplicate));
        }
    }

    // The file is not flushed, so the death of the machine may leave its name without its bytes.
    [Theory]
    [InlineData("")]
    [InlineData("\0\0\0\0\0\0\0\0")]
    public async Task A_partition_is_served_whose_metadata_never_reached_the_disk(string left)
    {
        await using var fixture = new LogFixture();
        var log = await fixture.OpenAsync();
        await log.AppendAsync(fixture.Batch("a", "b"));
        await using var crashed = fixture.Crashed();
        await File.WriteAllTextAsync(Path.Combine(crashed.PartitionDirectory, PartitionMetadataFile.Name), left, TestContext.Current.CancellationToken);
        var recovered = await crashed.OpenAsync();
        Assert.Equal([(0, "a"), (1, "b")], LogFixture.ReadAll(recovered));
    }

    [Fact]
    public async Task A_flipped_bit_in_the_middle_is_named_and_what_follows_stays_readable()
    {
        await using var fixture = new LogFixture();
        var config = LogConfig.Default with { IndexIntervalBytes = 200 };
        var log = await fixture.OpenAsync(config);
        var positions = new List<long>();
        for (var i = 0; i < 20; i++)
        {
            positions.Add(log.Size);
            await log.AppendAsync(fixture.Batch($"value-{i}", $"more-{i}"));
        }

        var random = new Random(1);
        for (var round = 0; round < 60; round++)
        {
            var victim = random.Next(1, 19);
            // Not the leader epoch (bytes 12 to 15): no checksum covers it.
            var at = positions[victim] + random.Next(16, (int)(positions[victim + 1] - positions[victim]));
            await using var crashed = fixture.Crashed();
            await FlipAsync(LogFile(crashed), at, random.Next(8));
            var recovered = await crashed.OpenAsync(config);
            Assert.Equal(40, recovered.LogEndOffset);
            Assert.Equal(ErrorCode.CorruptMessage, recovered.Read(victim * 2, 1000).Error);
            var before = recovered.Read((victim - 1) * 2, 1 << 20);
            Assert.Equal(ErrorCode.None, before.Error);
            Assert.Single(RecordBatch.ReadAll(before.Records.ToArray()));
            var after = RecordBatch.ReadAll(recovered.Read((victim + 1) * 2, 1 << 20).Records.ToArray()).ToList();
            Assert.Equal(((victim + 1) * 2, 19 - victim), (after[0].BaseOffset, after.Count));
        }
    }

    [Fact]
    public async Task Damage_after_a_clean_stop_is_found_when_it_is_read()
    {
        await using var fixture = new LogFixture();
        var log = await fixture.OpenAsync();
        for (var i = 0; i < 5; i++)
            await log.AppendAsync(fixture.Batch($"value-{i}"));
        var size = log.Size;
        await fixture.Manager!.DisposeAsync();
        await FlipAsync(LogFile(fixture), size / 2, 3);
        log = await fixture.OpenAsync();
        var read = log.Read(0, 1 << 20);
        var error = Xunit.Record.Exception(() => read.Records.ToArray());
        Assert.True(read.Error == ErrorCode.CorruptMessage || error is CorruptRecordException, "the damage was served");
        if (error is not null)
            Assert.Contains(LogFile(fixture), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Damaged_indexes_and_snapshots_are_made_again()
    {
        await using var fixture = new LogFixture();
        var config = LogConfig.Default with { SegmentBytes = 2000, IndexIntervalBytes = 100 };
        var log = await fixture.OpenAsync(config);
        for (var i = 0; i < 60; i++)
            await log.AppendAsync(fixture.Batch(Idempotent with { BaseSequence = i }, $"value-{i}"));
        var expected = LogFixture.ReadAll(log);
        await fixture.Manager!.DisposeAsync();
        var random = new Random(2);
        for (var round = 0; round < 30; round++)
        {
            var files = Directory.GetFiles(fixture.PartitionDirectory).Where(static f => f.EndsWith("index", StringComparison.Ordinal) || f.EndsWith(".snapshot", StringComparison.Ordinal)).ToList();
            foreach (var path in files.Where(f => new FileInfo(f).Length > 0))
            {
                if (random.Next(2) == 0)
                    await FlipAsync(path, random.NextInt64(new FileInfo(path).Length), random.Next(8));
                else
                    await File.WriteAllBytesAsync(path, (await File.ReadAllBytesAsync(path))[..random.Next((int)new FileInfo(path).Length)]);
            }

            log = await fixture.OpenAsync(config);
            foreach (var (offset, value) in expected)
            {
                var result = log.Read(offset, 1);
                // An index that still looks sorted can point beside a batch: that may be refused, but nothing wrong may be served.
                if (result.Error == ErrorCode.None)
                    Assert.Contains(RecordBatch.ReadAll(result.Records.ToArray()).First().Records().ToList(), r => r.Offset == offset && r.Value!.Value.Span.SequenceEqual(System.Text.Encoding.UTF8.GetBytes(value)));
                else
                    Assert.Equal(ErrorCode.CorruptMessage, result.Error);
            }

            Assert.True((await log.AppendAsync(fixture.Batch(Idempotent with { BaseSequence = 59 }, "value-59"))).IsDuplicate);
            await fixture.Manager!.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_full_disk_fails_the_append_and_the_log_goes_on_when_there_is_room()
    {
        var disk = new QuotaFileSystem { Free = long.MaxValue };
        await using var fixture = new LogFixture { Files = disk };
        var log = await fixture.OpenAsync(LogConfig.Default with { SegmentBytes = 1500 });
        var written = new List<(long, string)>();
        var sequence = 0;
        var random = new Random(3);
        for (var i = 0; i < 300; i++)
        {
            disk.Free = i % 3 == 0 ? random.Next(700) : long.MaxValue;
            var value = $"value-{i}";
            var result = await log.AppendAsync(fixture.Batch(Idempotent with { BaseSequence = sequence }, value));
            if (result.Error == ErrorCode.None)
            {
                Assert.False(result.IsDuplicate);
                written.Add((result.BaseOffset, value));
                sequence++;
            }
            else
            {
                Assert.Equal(ErrorCode.KafkaStorageError, result.Error);
                Assert.Contains("No space left", result.ErrorMessage, StringComparison.Ordinal);
            }
        }

        Assert.InRange(written.Count, 200, 299);
        Assert.Equal(written, LogFixture.ReadAll(log));
        disk.Free = long.MaxValue;
        await using var crashed = fixture.Crashed();
        Assert.Equal(written, LogFixture.ReadAll(await crashed.OpenAsync()));
    }

    [Fact]
    public async Task A_second_process_is_kept_out_of_the_directory()
    {
        await using var fixture = new LogFixture();
        await fixture.OpenAsync();
        await using var second = new LogFixture();
        var error = await Assert.ThrowsAsync<IOException>(() => LogManager.OpenAsync(
            new LogManagerOptions { DataDirectory = fixture.Directory }, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance, fixture.Time));
        Assert.Contains("in use by another process", error.Message, StringComparison.Ordinal);
    }

    private static string LogFile(LogFixture fixture) => Path.Combine(fixture.PartitionDirectory, "00000000000000000000.log");

    private static Task Truncate(LogFixture fixture, long length)
    {
        using var file = File.OpenHandle(LogFile(fixture), FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.SetLength(file, length);
        return Task.CompletedTask;
    }

    private static async Task FlipAsync(string path, long position, int bit)
    {
        var bytes = await File.ReadAllBytesAsync(path);
        bytes[position] ^= (byte)(1 << bit);
        await File.WriteAllBytesAsync(path, bytes);
    }

    /// <summary>A disk with little room: a write that does not fit is done in part, as a real one.</summary>
    private sealed class QuotaFileSystem : LogFileSystem
    {
        public long Free { get; set; }

        public override LogFile Open(string path) => new QuotaFile(path, this);

        public override void Write(string path, ReadOnlySpan<byte> contents)
        {
            Take(contents.Length);
            base.Write(path, contents);
        }

        public override void Replace(string path, ReadOnlySpan<byte> contents)
        {
            Take(contents.Length);
            base.Replace(path, contents);
        }

        private void Take(int size)
        {
            if (size > Free)
                throw new IOException("No space left on device");
            Free -= size;
        }

        private sealed class QuotaFile(string path, QuotaFileSystem disk) : LogFile(path)
        {
            public override void Write(ReadOnlySpan<byte> bytes, long position)
            {
                var fits = (int)Math.Min(bytes.Length, disk.Free);
                base.Write(bytes[..fits], position);
                disk.Free -= fits;
                if (fits < bytes.Length)
                    throw new IOException("No space left on device");
            }

            public override void Write(IReadOnlyList<ReadOnlyMemory<byte>> buffers, long position)
            {
                foreach (var buffer in buffers)
                {
                    Write(buffer.Span, position);
                    position += buffer.Length;
                }
            }
        }
    }
}
