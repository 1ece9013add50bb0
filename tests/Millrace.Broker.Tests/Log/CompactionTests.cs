using System.Text;
using Millrace.Broker.Log;
using Millrace.Protocol;
using Millrace.Protocol.Records;

namespace Millrace.Broker.Tests.Log;

public sealed class CompactionTests
{
    private static readonly LogConfig Compacted = LogConfig.Default with
    {
        Delete = false,
        Compact = true,
        SegmentBytes = 600,
        MinCleanableDirtyRatio = 0.01,
        DeleteRetentionMs = 60_000,
        FileDeleteDelayMs = 1000,
    };

    [Fact]
    public async Task The_last_value_of_each_key_stays_and_offsets_do_not_change()
    {
        await using var fixture = new LogFixture();
        var log = await fixture.OpenAsync(Compacted);
        for (var i = 0; i < 60; i++)
            await Put(fixture, log, $"k{i % 5}", $"v{i}");
        var before = log.Size;
        await CleanAsync(fixture);
        Assert.True(log.Size < before / 2, $"{log.Size} of {before} bytes are left");
        Assert.Equal(60, log.LogEndOffset);
        var all = LogFixture.ReadAll(log);
        Assert.Equal(["v55", "v56", "v57", "v58", "v59"], all.TakeLast(5).Select(static r => r.Value));
        Assert.All(all, static r => Assert.Equal($"v{r.Offset}", r.Value));
        var inActive = log.View.Active.BaseOffset;
        foreach (var key in Enumerable.Range(0, 5))
            Assert.True(all.Count(r => r.Offset % 5 == key && r.Offset < inActive) <= 1);

        await using var crashed = fixture.Crashed();
        Assert.Equal(all, LogFixture.ReadAll(await crashed.OpenAsync(Compacted)));
        Assert.Equal(all, LogFixture.ReadAll(await fixture.ReopenAsync(Compacted)));
    }

    [Fact]
    public async Task A_tombstone_goes_after_its_time_and_not_before()
    {
        await using var fixture = new LogFixture();
        var log = await fixture.OpenAsync(Compacted);
        await Put(fixture, log, "gone", "x");
        await Put(fixture, log, "stays", "y");
        await Put(fixture, log, "gone", null);
        await Filler(fixture, log, 20);
        await CleanAsync(fixture);
        Assert.Equal([(1, "y"), (2, "<null>")], LogFixture.ReadAll(log).Take(2));
        fixture.Time.Advance(TimeSpan.FromSeconds(25));
        await Filler(fixture, log, 20);
        await CleanAsync(fixture);
        Assert.Equal([(1, "y"), (2, "<null>")], LogFixture.ReadAll(log).Take(2));
        fixture.Time.Advance(TimeSpan.FromSeconds(20));
        await Filler(fixture, log, 20);
        await CleanAsync(fixture);
        Assert.DoesNotContain(LogFixture.ReadAll(log), static r => r.Offset == 2);
        Assert.Equal((1, "y"), LogFixture.ReadAll(log)[0]);
        Assert.True(RecordBatch.ReadAll(log.Read(0, 1 << 20).Records.ToArray()).First().Records().ToList()[0].Timestamp < fixture.Now - 60_000, "the timestamp changed");
    }

    [Fact]
    public async Task Aborted_records_never_hide_committed_ones_and_go_away()
    {
        await using var fixture = new LogFixture();
        var log = await fixture.OpenAsync(Compacted);
        await Put(fixture, log, "a", "committed");
        await Put(fixture, log, "a", "aborted", new RecordBatchOptions { ProducerId = 3, ProducerEpoch = 0, BaseSequence = 0, IsTransactional = true });
        await log.AppendAsync(new EndTransactionMarker(TransactionResult.Abort, 0).ToBatch(3, 0, fixture.Now), AppendOrigin.TransactionMarker);
        await Put(fixture, log, "b", "in transaction", new RecordBatchOptions { ProducerId = 4, ProducerEpoch = 0, BaseSequence = 0, IsTransactional = true });
        await log.AppendAsync(new EndTransactionMarker(TransactionResult.Commit, 0).ToBatch(4, 0, fixture.Now), AppendOrigin.TransactionMarker);
        await Filler(fixture, log, 20);
        for (var round = 0; round < 3; round++)
        {
            await CleanAsync(fixture);
            Assert.Equal([(0, "committed"), (3, "in transaction")], LogFixture.ReadAll(log, IsolationLevel.ReadCommitted).Take(2));
            Assert.DoesNotContain(LogFixture.ReadAll(log), static r => r.Value == "aborted");
            fixture.Time.Advance(TimeSpan.FromMinutes(2));
            await Filler(fixture, log, 20);
        }

        // Sequences are known still: the producers' last batches stay, though empty.
        var repeated = await Put(fixture, log, "b", "in transaction", new RecordBatchOptions { ProducerId = 4, ProducerEpoch = 0, BaseSequence = 0, IsTransactional = true });
        Assert.True(repeated.IsDuplicate);
        await using var crashed = fixture.Crashed();
        var recovered = await crashed.OpenAsync(Compacted);
        Assert.Equal(LogFixture.ReadAll(log, IsolationLevel.ReadCommitted), LogFixture.ReadAll(recovered, IsolationLevel.ReadCommitted));
        Assert.True((await Put(crashed, recovered, "b", "in transaction", new RecordBatchOptions { ProducerId = 4, ProducerEpoch = 0, BaseSequence = 0, IsTransactional = true })).IsDuplicate);
    }

    [Fact]
    public async Task Nothing_of_an_open_transaction_is_compacted()
    {
        await using var fixture = new LogFixture();
        var log = await fixture.OpenAsync(Compacted);
        await Put(fixture, log, "a", "old");
        await Put(fixture, log, "a", "open", new RecordBatchOptions { ProducerId = 3, ProducerEpoch = 0, BaseSequence = 0, IsTransactional = true });
        await Filler(fixture, log, 20);
        await CleanAsync(fixture);
        Assert.Equal([(0, "old"), (1, "open")], LogFixture.ReadAll(log).Take(2));
    }

    [Fact]
    public async Task A_crash_while_the_new_segment_is_put_in_place_is_completed_or_undone()
    {
        await using var fixture = new LogFixture();
        var log = await fixture.OpenAsync(Compacted);
        for (var i = 0; i < 40; i++)
            await Put(fixture, log, $"k{i % 5}", $"v{i}");
        await using var before = fixture.Crashed();
        await CleanAsync(fixture);
        var expected = LogFixture.ReadAll(log);
        foreach (var suffix in new[] { ".cleaned", ".swap" })
        {
            // The new segment's file beside the old ones, under the name of the step at which the process died.
            await using var crashed = before.Crashed();
            var name = Path.GetFileName(log.View.Segments[0].File.Path);
            File.Copy(Path.Combine(fixture.PartitionDirectory, name), Path.Combine(crashed.PartitionDirectory, name + suffix));
            var recovered = await crashed.OpenAsync(Compacted);
            Assert.Equal(40, recovered.LogEndOffset);
            var last = LogFixture.ReadAll(recovered).GroupBy(static r => r.Offset % 5).Select(static g => g.Last());
            Assert.Equal(expected.GroupBy(static r => r.Offset % 5).Select(static g => g.Last()).Order(), last.Order());
        }
    }

    [Fact]
    public async Task A_random_history_leaves_the_same_state_as_a_dictionary()
    {
        var random = new Random(20261123);
        for (var round = 0; round < 6; round++)
        {
            await using var fixture = new LogFixture();
            var config = Compacted with { SegmentBytes = random.Next(300, 2000), IndexIntervalBytes = random.Next(50, 500) };
            var log = await fixture.OpenAsync(config);
            var model = new Dictionary<string, string>();
            var sequence = 0;
            for (var step = 0; step < 120; step++)
            {
                var producer = random.Next(3) == 0 ? 1 : 0;
                var options = new RecordBatchOptions { Compression = (CompressionType)random.Next(5) };
                if (producer == 1)
                    options = options with { ProducerId = 9, ProducerEpoch = 0, BaseSequence = sequence, IsTransactional = true };
                var builder = new RecordBatchBuilder(options);
                var changes = new List<(string Key, string? Value)>();
                for (var n = random.Next(1, 6); n > 0; n--)
                    changes.Add(($"k{random.Next(12)}", random.Next(4) == 0 ? null : $"{step}-{n}"));
                foreach (var (key, value) in changes)
                    builder.Append(fixture.Now, key, value);
                Assert.Equal(ErrorCode.None, (await log.AppendAsync(builder.Build())).Error);
                var commit = true;
                if (producer == 1)
                {
                    sequence += changes.Count;
                    commit = random.Next(2) == 0;
                    var marker = new EndTransactionMarker(commit ? TransactionResult.Commit : TransactionResult.Abort, 0);
                    await log.AppendAsync(marker.ToBatch(9, 0, fixture.Now), AppendOrigin.TransactionMarker);
                }

                foreach (var (key, value) in commit ? changes : [])
                {
                    if (value is null)
                        model.Remove(key);
                    else
                        model[key] = value;
                }

                fixture.Time.Advance(TimeSpan.FromSeconds(random.Next(10)));
                if (random.Next(10) == 0)
                    await CleanAsync(fixture);
                if (random.Next(40) == 0)
                    log = await fixture.ReopenAsync(config);
                if (random.Next(20) == 0)
                    Assert.Equal(model.OrderBy(static p => p.Key), State(log).OrderBy(static p => p.Key));
            }

            Assert.Equal(model.OrderBy(static p => p.Key), State(log).OrderBy(static p => p.Key));
            await using var crashed = fixture.Crashed();
            Assert.Equal(model.OrderBy(static p => p.Key), State(await crashed.OpenAsync(config)).OrderBy(static p => p.Key));
        }
    }

    private static Dictionary<string, string> State(PartitionLog log)
    {
        var state = new Dictionary<string, string>();
        var aborted = log.Read(log.LogStartOffset, int.MaxValue, IsolationLevel.ReadCommitted);
        var skip = log.View.Segments.SelectMany(static s => s.Transactions.Entries).ToList();
        Assert.Equal(ErrorCode.None, aborted.Error);
        foreach (var batch in log.ReadBatches(log.LogStartOffset))
        {
            if (batch.Header.IsControl || skip.Exists(a => a.ProducerId == batch.Header.ProducerId && batch.BaseOffset >= a.FirstOffset && batch.BaseOffset <= a.LastOffset))
                continue;
            foreach (var record in batch.Records())
            {
                var key = Encoding.UTF8.GetString(record.Key!.Value.Span);
                if (record.Value is { } value)
                    state[key] = Encoding.UTF8.GetString(value.Span);
                else
                    state.Remove(key);
            }
        }

        return state;
    }

    private static ValueTask<AppendResult> Put(LogFixture fixture, PartitionLog log, string key, string? value, RecordBatchOptions? options = null)
        => log.AppendAsync(new RecordBatchBuilder(options).Append(fixture.Now, key, value).Build());

    private static async Task Filler(LogFixture fixture, PartitionLog log, int count)
    {
        for (var i = 0; i < count; i++)
            await Put(fixture, log, "filler", new string('f', 50));
    }

    private static async Task CleanAsync(LogFixture fixture)
    {
        fixture.Time.Advance(TimeSpan.FromSeconds(15));
        await fixture.Manager!.TickAsync();
    }
}
