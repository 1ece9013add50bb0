using Millrace.Broker.Log;
using Millrace.Protocol;
using Millrace.Protocol.Records;

namespace Millrace.Broker.Tests.Log;

public sealed class PartitionLogTests
{
    [Fact]
    public async Task Offsets_are_assigned_and_survive_a_clean_stop()
    {
        await using var fixture = new LogFixture();
        var log = await fixture.OpenAsync();
        var first = await log.AppendAsync(fixture.Batch("a", "b"));
        var second = await log.AppendAsync(fixture.Batch("c"));
        Assert.Equal((ErrorCode.None, 0L, 1L), (first.Error, first.BaseOffset, first.LastOffset));
        Assert.Equal(2, second.BaseOffset);
        Assert.Equal([(0, "a"), (1, "b"), (2, "c")], LogFixture.ReadAll(log));

        log = await fixture.ReopenAsync();
        Assert.Equal((0L, 3L, 3L, 3L), (log.LogStartOffset, log.LogEndOffset, log.HighWatermark, log.LastStableOffset));
        Assert.Equal([(0, "a"), (1, "b"), (2, "c")], LogFixture.ReadAll(log));
        Assert.Equal(3, (await log.AppendAsync(fixture.Batch("d"))).BaseOffset);
    }

    [Fact]
    public async Task Everything_acknowledged_survives_a_crash()
    {
        await using var fixture = new LogFixture();
        var config = LogConfig.Default with { SegmentBytes = 1000 };
        var log = await fixture.OpenAsync(config);
        for (var i = 0; i < 100; i++)
            Assert.Equal(ErrorCode.None, (await log.AppendAsync(fixture.Batch($"value-{i}"))).Error);
        await using var crashed = fixture.Crashed();
        var recovered = await crashed.OpenAsync(config);
        Assert.Equal(LogFixture.ReadAll(log), LogFixture.ReadAll(recovered));
        Assert.Equal(100, recovered.LogEndOffset);
    }

    [Fact]
    public async Task A_read_outside_the_log_is_out_of_range_and_a_read_at_its_end_is_empty()
    {
        await using var fixture = new LogFixture();
        var log = await fixture.OpenAsync();
        await log.AppendAsync(fixture.Batch("a"));
        Assert.Equal(ErrorCode.OffsetOutOfRange, log.Read(2, 100).Error);
        Assert.Equal(ErrorCode.OffsetOutOfRange, log.Read(-1, 100).Error);
        var end = log.Read(1, 100);
        Assert.Equal(ErrorCode.None, end.Error);
        Assert.True(end.Records.IsEmpty);
        Assert.True(log.Read(0, 1, minOneMessage: false).Records.IsEmpty);
        Assert.False(log.Read(0, 1).Records.IsEmpty);
    }

    [Fact]
    public async Task Repeated_batches_of_an_idempotent_producer_get_the_original_offsets()
    {
        await using var fixture = new LogFixture();
        var log = await fixture.OpenAsync();
        RecordBatchOptions Of(int sequence, short epoch = 0) => new() { ProducerId = 7, ProducerEpoch = epoch, BaseSequence = sequence };
        for (var i = 0; i < 6; i++)
            await log.AppendAsync(fixture.Batch(Of(i), $"v{i}"));
        var duplicate = await log.AppendAsync(fixture.Batch(Of(3), "v3"));
        Assert.True(duplicate.IsDuplicate);
        Assert.Equal((ErrorCode.None, 3L), (duplicate.Error, duplicate.BaseOffset));
        Assert.Equal(ErrorCode.OutOfOrderSequenceNumber, (await log.AppendAsync(fixture.Batch(Of(0), "v0"))).Error);
        Assert.Equal(ErrorCode.OutOfOrderSequenceNumber, (await log.AppendAsync(fixture.Batch(Of(8), "v8"))).Error);
        Assert.Equal(ErrorCode.OutOfOrderSequenceNumber, (await log.AppendAsync(fixture.Batch(Of(6, 1), "x"))).Error);
        Assert.Equal(ErrorCode.None, (await log.AppendAsync(fixture.Batch(Of(0, 1), "x"))).Error);
        Assert.Equal(ErrorCode.InvalidProducerEpoch, (await log.AppendAsync(fixture.Batch(Of(6), "v6"))).Error);

        log = await fixture.ReopenAsync();
        Assert.True((await log.AppendAsync(fixture.Batch(Of(0, 1), "x"))).IsDuplicate);
        Assert.Equal(7, log.LogEndOffset);
    }

    [Fact]
    public async Task Sequences_wrap_after_the_largest_integer()
    {
        await using var fixture = new LogFixture();
        var log = await fixture.OpenAsync();
        RecordBatchOptions Of(int sequence) => new() { ProducerId = 7, ProducerEpoch = 0, BaseSequence = sequence };
        Assert.Equal(ErrorCode.None, (await log.AppendAsync(fixture.Batch(Of(int.MaxValue - 1), "a", "b", "c"))).Error);
        Assert.Equal(ErrorCode.None, (await log.AppendAsync(fixture.Batch(Of(1), "d"))).Error);
        Assert.True((await log.AppendAsync(fixture.Batch(Of(int.MaxValue - 1), "a", "b", "c"))).IsDuplicate);
        await using var crashed = fixture.Crashed();
        var recovered = await crashed.OpenAsync();
        Assert.True((await recovered.AppendAsync(fixture.Batch(Of(int.MaxValue - 1), "a", "b", "c"))).IsDuplicate);
        Assert.Equal(ErrorCode.None, (await recovered.AppendAsync(fixture.Batch(Of(2), "e"))).Error);
    }

    [Fact]
    public async Task Read_committed_stops_at_open_transactions_and_names_aborted_ones()
    {
        await using var fixture = new LogFixture();
        var log = await fixture.OpenAsync();
        RecordBatchOptions Of(long producer, int sequence) => new() { ProducerId = producer, ProducerEpoch = 0, BaseSequence = sequence, IsTransactional = true };
        byte[] Marker(long producer, TransactionResult result) => new EndTransactionMarker(result, 3).ToBatch(producer, 0, fixture.Now);
        await log.AppendAsync(fixture.Batch("plain"));
        await log.AppendAsync(fixture.Batch(Of(1, 0), "aborted"));
        await log.AppendAsync(fixture.Batch(Of(2, 0), "committed"));
        Assert.True(log.HasOpenTransaction(1, 0));
        Assert.Equal((1L, 3L), (log.LastStableOffset, log.HighWatermark));
        Assert.Equal([(0, "plain")], LogFixture.ReadAll(log, IsolationLevel.ReadCommitted));
        await log.AppendAsync(Marker(2, TransactionResult.Commit), AppendOrigin.TransactionMarker);
        Assert.Equal(1, log.LastStableOffset);
        await log.AppendAsync(Marker(1, TransactionResult.Abort), AppendOrigin.TransactionMarker);
        Assert.Equal(5, log.LastStableOffset);
        Assert.Equal([(0, "plain"), (2, "committed")], LogFixture.ReadAll(log, IsolationLevel.ReadCommitted));
        Assert.Equal([new AbortedTransaction(1, 1, 4, 5)], log.Read(0, 1000, IsolationLevel.ReadCommitted).AbortedTransactions!);
        Assert.Equal(ErrorCode.TransactionCoordinatorFenced, (await log.AppendAsync(
            new EndTransactionMarker(TransactionResult.Commit, 2).ToBatch(1, 0, fixture.Now), AppendOrigin.TransactionMarker)).Error);
        Assert.Equal(ErrorCode.InvalidTxnState, (await log.AppendAsync(fixture.Batch(Of(1, 1), "x"), options: new AppendOptions { RequireOpenTransaction = true })).Error);

        await using var crashed = fixture.Crashed();
        foreach (var other in new[] { await crashed.OpenAsync(), await fixture.ReopenAsync() })
        {
            Assert.Equal([(0, "plain"), (2, "committed")], LogFixture.ReadAll(other, IsolationLevel.ReadCommitted));
            Assert.False(other.HasOpenTransaction(1, 0));
        }
    }

    [Fact]
    public async Task A_waiter_is_woken_by_an_append_to_any_of_its_logs()
    {
        await using var fixture = new LogFixture();
        var log = await fixture.OpenAsync();
        var other = fixture.Manager!.Create(new TopicPartition("orders", 1), Guid.NewGuid(), LogConfig.Default);
        using var waiter = new DataWaiter();
        waiter.Add(log);
        waiter.Add(other);
        var waiting = waiter.WaitAsync(Timeout.InfiniteTimeSpan, fixture.Time, default).AsTask();
        Assert.False(waiting.IsCompleted);
        await other.AppendAsync(fixture.Batch("a"));
        Assert.True(await waiting);
        var timeout = waiter.WaitAsync(TimeSpan.FromSeconds(1), fixture.Time, default).AsTask();
        fixture.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(await timeout);
    }

    [Fact]
    public async Task Concurrent_appends_are_all_in_the_log_in_the_order_of_their_offsets()
    {
        await using var fixture = new LogFixture();
        var log = await fixture.OpenAsync(LogConfig.Default with { SegmentBytes = 20_000 });
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            var mine = new List<(long, string)>();
            for (var i = 0; i < 200; i++)
            {
                var value = $"{worker}/{i}";
                mine.Add(((await log.AppendAsync(fixture.Batch(value))).BaseOffset, value));
            }

            return mine;
        })));
        Assert.Equal(answers.SelectMany(static a => a).Order(), LogFixture.ReadAll(log));
    }
}
