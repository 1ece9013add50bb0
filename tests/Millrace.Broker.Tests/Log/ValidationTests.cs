using System.Buffers.Binary;
using System.Text;
using Millrace.Broker.Log;
using Millrace.Protocol;
using Millrace.Protocol.Records;

namespace Millrace.Broker.Tests.Log;

/// <summary>What an append refuses, and how it changes what it takes.</summary>
public sealed class ValidationTests
{
    [Fact]
    public async Task Batches_that_break_the_rules_are_refused_with_Kafkas_codes()
    {
        await using var fixture = new LogFixture();
        var log = await fixture.OpenAsync(LogConfig.Default with { MaxMessageBytes = 1000, SegmentBytes = 800 });
        var good = fixture.Batch("a", "b");

        Assert.Equal(ErrorCode.CorruptMessage, await ErrorOf(log, Changed(good, 40, 1, fixCrc: false)));
        Assert.Equal(ErrorCode.CorruptMessage, await ErrorOf(log, good[..^1]));
        Assert.Equal(ErrorCode.UnsupportedForMessageFormat, await ErrorOf(log, Changed(good, 16, 1)));
        Assert.Equal(ErrorCode.MessageTooLarge, await ErrorOf(log, fixture.Batch(new string('x', 1000))));
        Assert.Equal(ErrorCode.RecordListTooLarge, await ErrorOf(log, fixture.Batch(new string('x', 400))));
        Assert.Equal(ErrorCode.InvalidRecord, await ErrorOf(log, fixture.Batch(new RecordBatchOptions { IsControl = true }, "a")));
        Assert.Equal(ErrorCode.InvalidRecord, await ErrorOf(log, fixture.Batch(new RecordBatchOptions { BaseOffset = 4 }, "a")));
        Assert.Equal(ErrorCode.InvalidRecord, await ErrorOf(log, fixture.Batch(new RecordBatchOptions { ProducerId = 4 }, "a")));
        Assert.Equal(ErrorCode.InvalidRecord, await ErrorOf(log, Changed(good, 60, 1)));
        Assert.Equal(ErrorCode.CorruptMessage, await ErrorOf(log, Changed(good, 60, 3)));
        Assert.Equal(ErrorCode.InvalidRecord, await ErrorOf(log, Changed(good, good.Length - 1, 7)));
        Assert.Equal(ErrorCode.CorruptMessage, await ErrorOf(log, Changed(fixture.Batch(new RecordBatchOptions { Compression = CompressionType.Zstd }, "abc"), 62, 99)));
        Assert.Equal(ErrorCode.InvalidRecord, await ErrorOf(log, []));
        Assert.Equal(0, log.LogEndOffset);
        Assert.Equal(0, log.Size);
    }

    [Fact]
    public async Task A_compacted_topic_names_the_records_without_a_key()
    {
        await using var fixture = new LogFixture();
        var log = await fixture.OpenAsync(LogConfig.Default with { Compact = true });
        var batch = new RecordBatchBuilder().Append(fixture.Now, "a", "1").Append(fixture.Now, null, "2").Append(fixture.Now, null, "3").Build();
        var result = await log.AppendAsync(batch);
        Assert.Equal(ErrorCode.InvalidRecord, result.Error);
        Assert.Equal([1, 2], result.RecordErrors.Select(static e => e.BatchIndex));
        Assert.Contains("Compacted topic cannot accept message without key", result.RecordErrors[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Timestamps_out_of_bounds_are_refused_record_by_record()
    {
        await using var fixture = new LogFixture();
        var log = await fixture.OpenAsync(LogConfig.Default with { TimestampBeforeMaxMs = 1000, TimestampAfterMaxMs = 500 });
        var batch = new RecordBatchBuilder().Append(fixture.Now, "a", "1").Append(fixture.Now - 1001, "b", "2").Append(fixture.Now + 501, "c", "3").Build();
        var result = await log.AppendAsync(batch);
        Assert.Equal((ErrorCode.InvalidTimestamp, "1,2"), (result.Error, string.Join(',', result.RecordErrors.Select(static e => e.BatchIndex))));
        Assert.Equal(ErrorCode.None, await ErrorOf(log, new RecordBatchBuilder().Append(-1, "none", "x").Append(fixture.Now + 500, "a", "b").Build()));
    }

    [Fact]
    public async Task LogAppendTime_replaces_the_producers_timestamps()
    {
        await using var fixture = new LogFixture();
        var log = await fixture.OpenAsync(LogConfig.Default with { LogAppendTime = true });
        var result = await log.AppendAsync(new RecordBatchBuilder().Append(5, "a", "1").Append(6, "b", "2").Build());
        Assert.Equal(fixture.Now, result.LogAppendTime);
        var batch = RecordBatch.ReadAll(log.Read(0, 1000).Records.ToArray()).Single();
        Assert.True(batch.HasValidCrc());
        Assert.All(batch.Records().ToList(), r => Assert.Equal(fixture.Now, r.Timestamp));
        Assert.Equal(0, log.OffsetForTimestamp(fixture.Now)!.Value.Offset);
        Assert.Null(log.OffsetForTimestamp(fixture.Now + 1));
    }

    [Theory]
    [InlineData(CompressionType.None)]
    [InlineData(CompressionType.Lz4)]
    [InlineData(CompressionType.Zstd)]
    public async Task The_topics_codec_replaces_the_producers(CompressionType codec)
    {
        await using var fixture = new LogFixture();
        var log = await fixture.OpenAsync(LogConfig.Default with { Compression = codec });
        foreach (var own in Enum.GetValues<CompressionType>())
            Assert.Equal("", (await log.AppendAsync(fixture.Batch(new RecordBatchOptions { Compression = own }, $"from {own}"))).ErrorMessage ?? "");
        Assert.All(RecordBatch.ReadAll(log.Read(0, 10_000).Records.ToArray()), b => Assert.Equal(codec, b.Header.Compression));
        Assert.Equal(Enum.GetValues<CompressionType>().Select(c => $"from {c}"), LogFixture.ReadAll(log).Select(static r => r.Value));
    }

    [Fact]
    public async Task Retention_by_size_and_age_moves_the_start_and_deletes_files_after_the_delay()
    {
        await using var fixture = new LogFixture();
        var config = LogConfig.Default with { SegmentBytes = 500, RetentionBytes = 1500, RetentionMs = 10_000, FileDeleteDelayMs = 60_000 };
        var log = await fixture.OpenAsync(config);
        for (var i = 0; i < 40; i++)
            await log.AppendAsync(fixture.Batch($"value-{i}"));
        var old = log.Read(0, 1 << 20);
        fixture.Time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(40, log.LogEndOffset);
        await log.AppendAsync(fixture.Batch("young"));
        await fixture.Manager!.TickAsync();
        Assert.Equal([(40, "young")], LogFixture.ReadAll(log));
        Assert.Equal(ErrorCode.OffsetOutOfRange, log.Read(0, 100).Error);
        Assert.Equal(40, log.LogStartOffset);
        Assert.NotEmpty(old.Records.ToArray()); // A reader that began before goes on.
        Assert.NotEmpty(Directory.GetFiles(fixture.PartitionDirectory, "*.deleted"));
        fixture.Time.Advance(TimeSpan.FromMinutes(1));
        await fixture.Manager.TickAsync();
        Assert.Empty(Directory.GetFiles(fixture.PartitionDirectory, "*.deleted"));
        fixture.Time.Advance(TimeSpan.FromMinutes(6));
        await fixture.Manager.TickAsync();
        Assert.Equal((41, 41, 0), (log.LogStartOffset, log.LogEndOffset, (int)log.Size));
        log = await fixture.ReopenAsync(config);
        Assert.Equal((41, 41), (log.LogStartOffset, log.LogEndOffset));
    }

    [Fact]
    public async Task Deleted_records_stay_deleted_after_a_crash()
    {
        await using var fixture = new LogFixture();
        var log = await fixture.OpenAsync();
        await log.AppendAsync(fixture.Batch("a", "b", "c"));
        Assert.Equal(2, await log.DeleteRecordsBeforeAsync(2));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await log.DeleteRecordsBeforeAsync(4));
        Assert.Equal([(2, "c")], LogFixture.ReadAll(log));
        await using var crashed = fixture.Crashed();
        log = await crashed.OpenAsync();
        Assert.Equal([(2, "c")], LogFixture.ReadAll(log));
        Assert.Equal(3, await log.DeleteRecordsBeforeAsync(-1));
        Assert.Equal((3, 3), (log.LogStartOffset, log.LogEndOffset));
    }

    [Fact]
    public async Task A_deleted_partition_can_be_created_again_with_another_id()
    {
        await using var fixture = new LogFixture();
        var log = await fixture.OpenAsync();
        await log.AppendAsync(fixture.Batch("a"));
        await fixture.Manager!.DeleteAsync(LogFixture.Partition);
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, (await log.AppendAsync(fixture.Batch("b"))).Error);
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, log.Read(0, 100).Error);
        Assert.Null(fixture.Manager.Find(LogFixture.Partition));
        var id = Guid.NewGuid();
        var again = fixture.Manager.Create(LogFixture.Partition, id, LogConfig.Default);
        Assert.Equal((0, id), (again.LogEndOffset, again.TopicId));
        fixture.Time.Advance(TimeSpan.FromMinutes(2));
        await fixture.Manager.TickAsync();
        Assert.Equal([fixture.PartitionDirectory], Directory.GetDirectories(fixture.Directory));
        Assert.Throws<InvalidOperationException>(() => fixture.Manager.Create(LogFixture.Partition, Guid.NewGuid(), LogConfig.Default));
    }

    [Fact]
    public async Task Leader_epochs_answer_where_they_end()
    {
        await using var fixture = new LogFixture();
        var log = await fixture.OpenAsync();
        await log.AppendAsync(fixture.Batch("a", "b"));
        log.BecomeLeader(5);
        await log.AppendAsync(fixture.Batch("c"));
        Assert.Equal(new EpochEndOffset(0, 2), log.OffsetForLeaderEpoch(0));
        Assert.Equal(new EpochEndOffset(0, 2), log.OffsetForLeaderEpoch(3));
        Assert.Equal(new EpochEndOffset(5, 3), log.OffsetForLeaderEpoch(5));
        Assert.Equal(new EpochEndOffset(-1, -1), log.OffsetForLeaderEpoch(6));
        log = await fixture.ReopenAsync();
        Assert.Equal(5, log.LeaderEpoch);
        Assert.Equal(new EpochEndOffset(0, 2), log.OffsetForLeaderEpoch(3));
    }

    private static async Task<ErrorCode> ErrorOf(PartitionLog log, byte[] batch) => (await log.AppendAsync(batch)).Error;

    private static byte[] Changed(byte[] batch, int at, byte value, bool fixCrc = true)
    {
        var bytes = batch.ToArray();
        bytes[at] = value;
        if (fixCrc)
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(17), Crc32C.Compute(bytes.AsSpan(21)));
        return bytes;
    }
}
