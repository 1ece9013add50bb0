using Confluent.Kafka;

namespace Millrace.Connect.ClickHouse.Tests;

public sealed class SinkTaskTests(ServerFixture fixture)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Flat_records_of_all_types_arrive_as_they_are()
    {
        await fixture.AskAsync("""
            CREATE TABLE flat (id UInt64, small Int8, amount Decimal64(2), name LowCardinality(String), u UUID, at DateTime64(3, 'Asia/Seoul'), micros DateTime64(6), d Date,
                yes Bool, maybe Nullable(Int32), tags Array(UInt32), kind Enum8('a' = 1, 'b' = 2), extra Map(String, String), ratio Float64, filled String DEFAULT 'default', twice UInt64 MATERIALIZED id * 2) ENGINE = MergeTree ORDER BY id
            """);
        var value = Records.Map(("id", 18446744073709551615m), ("small", -5L), ("amount", "12.30"), ("name", "it's \"q\" \\ \n"), ("u", "61f0c404-5cb3-11e7-907b-a6006ad3dba0"),
            ("at", "2026-07-31T10:00:00.123+09:00"), ("micros", 1_785_459_600_123_456L), ("d", 20_665L), ("yes", true), ("maybe", null),
            ("tags", new List<object?> { 1L, 2L }), ("kind", "b"), ("extra", Records.Map(("k", "v"))), ("ratio", 0.25), ("unknown", "dropped"));
        await RunAsync(fixture.Config(), [Records.Of("flat", 0, 0, value)]);
        Assert.Equal(
            "18446744073709551615\t-5\t12.3\t61f0c404-5cb3-11e7-907b-a6006ad3dba0\t2026-07-31 01:00:00.123\t2026-07-31 01:00:00.123456\t2026-07-31\ttrue\t\\N\t[1,2]\tb\tv\t0.25\tdefault",
            await fixture.AskAsync("SELECT id, small, amount, u, toTimeZone(at, 'UTC'), toTimeZone(micros, 'UTC'), d, yes, maybe, tags, kind, extra['k'], ratio, filled FROM flat"));
        Assert.Equal("1", await fixture.AskAsync("SELECT name = 'it\\'s \"q\" \\\\ \\n' FROM flat"));
    }

    [Fact]
    public async Task Changes_become_the_current_state_with_deletes()
    {
        await fixture.AskAsync("CREATE TABLE current_state (id Int64, balance Decimal64(2), _version UInt64, _deleted UInt8) ENGINE = ReplacingMergeTree(_version) ORDER BY id");
        await RunAsync(fixture.Config(("topic2TableMap", "cdc.accounts=current_state")),
        [
            Records.Of("cdc.accounts", 0, 0, Records.Change("r", null, Records.Map(("id", 1L), ("balance", "10.00")), 100)),
            Records.Of("cdc.accounts", 0, 1, Records.Change("c", null, Records.Map(("id", 2L), ("balance", "5.50")), 110)),
            Records.Of("cdc.accounts", 0, 2, Records.Change("u", null, Records.Map(("id", 1L), ("balance", "12.25")), 120)),
            Records.Of("cdc.accounts", 0, 3, Records.Change("d", Records.Map(("id", null), ("balance", null)), null, 130), key: Records.Map(("id", 2L))),
            Records.Of("cdc.accounts", 0, 4, null, key: Records.Map(("id", 2L))),
        ]);
        Assert.Equal("1\t12.25\t120", await fixture.AskAsync("SELECT id, balance, _version FROM current_state FINAL WHERE _deleted = 0"));
    }

    [Fact]
    public async Task A_record_that_does_not_fit_is_reported_with_its_place_and_the_others_arrive()
    {
        await fixture.AskAsync("CREATE TABLE strict (id UInt8, amount Decimal(5, 2), kind Enum8('a' = 1), at DateTime) ENGINE = MergeTree ORDER BY id");
        object?[] values =
        [
            Records.Map(("id", 1L), ("kind", "a")), Records.Map(("id", 300L)), Records.Map(("id", -1L)), Records.Map(("id", "x")), Records.Map(("amount", "1.234")), Records.Map(("amount", "12345.00")),
            Records.Map(("amount", "NaN")), Records.Map(("at", "yesterday")), Records.Map(("nothing", 1L)), "text", 5L, Records.Map(("id", 2L), ("kind", "no such value")), Records.Map(("id", 3L), ("kind", "a")),
        ];
        var context = await RunAsync(fixture.Config(), [.. values.Select(static (value, i) => Records.Of("strict", 0, i, value))]);
        Assert.Equal("1\n3", await fixture.AskAsync("SELECT id FROM strict ORDER BY id"));
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], context.Reported.Select(static r => r.Record.Offset).Order());
        Assert.Contains("strict-0 offset 1 does not fit the table strict: the field id with the value '300' does not go into a column of the type UInt8", context.Reported[0].Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_table_and_an_unsuitable_one_are_errors_that_say_what_to_do()
    {
        var missing = await Assert.ThrowsAsync<ConnectException>(() => RunAsync(fixture.Config(), [Records.Of("no.table", 0, 0, Records.Map(("id", 1L)))]));
        Assert.Contains("topic2TableMap", missing.Message, StringComparison.Ordinal);
        await fixture.AskAsync("CREATE TABLE in_memory (id UInt64) ENGINE = Memory");
        var unsuitable = await Assert.ThrowsAsync<ConnectException>(() => RunAsync(fixture.Config(("exactlyOnce", "true")), [Records.Of("in_memory", 0, 0, Records.Map(("id", 1L)))]));
        Assert.Contains("exactlyOnce=false", unsuitable.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_away_is_retried()
    {
        var config = fixture.Config(("port", TestKit.FreePort.Next().ToString()));
        await Assert.ThrowsAsync<RetriableException>(() => RunAsync(config, [Records.Of("t", 0, 0, Records.Map(("id", 1L)))]));
    }

    [Fact]
    public async Task Exactly_once_through_crashes_at_any_moment()
    {
        await fixture.AskAsync("CREATE TABLE once (id Int64, part Int32, at DateTime) ENGINE = MergeTree PARTITION BY id % 3 ORDER BY id");
        var random = new Random(4_711);
        const int Partitions = 3, PerPartition = 400;
        var log = Enumerable.Range(0, Partitions).Select(p => Enumerable.Range(0, PerPartition)
            .Select(o => Records.Of("once", p, o, Records.Map(("id", (long)((p * PerPartition) + o)), ("part", (long)p), ("at", 1_785_459_600L)))).ToArray()).ToArray();
        var committed = new long[Partitions];
        var crashes = 0;
        while (committed.Any(static offset => offset < PerPartition))
        {
            var task = new ClickHouseSinkTask();
            using var crash = CancellationTokenSource.CreateLinkedTokenSource(Ct);
            try
            {
                await task.StartAsync(new TestContextOfTask("once-sink"), fixture.Config(("exactlyOnce", "true"), ("topic2TableMap", "once=once")), Ct);
                await task.OpenAsync([.. Enumerable.Range(0, Partitions).Select(static p => new TopicPartition("once", p))], Ct);
                var position = committed.ToArray();
                // The first runs end by a cut in the middle of a request: ClickHouse may or may not have it.
                if (crashes < 12)
                    crash.CancelAfter(random.Next(1, 100));
                while (position.Any(static offset => offset < PerPartition))
                {
                    var batch = new List<SinkRecord>();
                    for (var p = 0; p < Partitions; p++)
                    {
                        for (var n = random.Next(15); n > 0 && position[p] < PerPartition; n--)
                            batch.Add(log[p][position[p]++]);
                    }

                    await task.PutAsync(batch, crash.Token);
                    if (random.Next(3) == 0 || position.All(static offset => offset == PerPartition))
                        await CommitAsync(task, position, committed, crash.Token);
                }
            }
            catch (Exception e) when (e is OperationCanceledException or RetriableException)
            {
                crashes++;
            }
            finally
            {
                await task.DisposeAsync();
            }
        }

        Assert.InRange(crashes, 2, 12);
        Assert.Equal("1200\t1200\t719400", await fixture.AskAsync("SELECT count(), uniqExact(id), sum(id) FROM once"));
    }

    [Fact]
    public async Task Exactly_once_while_the_engine_is_killed()
    {
        await fixture.AskAsync("CREATE TABLE killed (id Int64) ENGINE = MergeTree ORDER BY id");
        var before = fixture.Server.EngineRestarts;
        var task = new ClickHouseSinkTask();
        await task.StartAsync(new TestContextOfTask("killed-sink"), fixture.Config(("exactlyOnce", "true")), Ct);
        await task.OpenAsync([new TopicPartition("killed", 0)], Ct);
        for (var i = 0; i < 60; i++)
        {
            SinkRecord[] batch = [.. Enumerable.Range(i * 10, 10).Select(static n => Records.Of("killed", 0, n, Records.Map(("id", (long)n))))];
            if (i is 10 or 35)
            {
                using var engine = System.Diagnostics.Process.GetProcessById(fixture.Server.EngineProcessId);
                engine.Kill();
            }

            // The runtime delivers the same records again.
            await TestKit.Eventually.True(async () =>
            {
                await task.PutAsync(batch, Ct);
                return true;
            }, "the batch is taken", cancellationToken: Ct);
        }

        await task.PreCommitAsync(new Dictionary<TopicPartition, long> { [new TopicPartition("killed", 0)] = 600 }, Ct);
        await task.DisposeAsync();
        Assert.Equal("600\t600", await fixture.AskAsync("SELECT count(), uniqExact(id) FROM killed"));
        Assert.Equal(before + 2, fixture.Server.EngineRestarts);
    }

    private static async Task CommitAsync(ClickHouseSinkTask task, long[] position, long[] committed, CancellationToken ct)
    {
        var current = position.Select(static (offset, p) => (Partition: new TopicPartition("once", p), offset)).ToDictionary(static p => p.Partition, static p => p.offset);
        foreach (var (partition, offset) in await task.PreCommitAsync(current, ct))
            committed[partition.Partition.Value] = offset;
    }

    private static async Task<TestContextOfTask> RunAsync(Dictionary<string, string> config, SinkRecord[] records)
    {
        var context = new TestContextOfTask("test");
        await using var task = new ClickHouseSinkTask();
        await task.StartAsync(context, config, Ct);
        TopicPartition[] partitions = [.. records.Select(static r => new TopicPartition(r.OriginalTopic, r.OriginalPartition)).Distinct()];
        await task.OpenAsync(partitions, Ct);
        await task.PutAsync(records, Ct);
        var current = partitions.ToDictionary(static p => p, p => records.Where(r => r.OriginalPartition == p.Partition.Value).Max(static r => r.Offset) + 1);
        Assert.Equal(current, await task.PreCommitAsync(current, Ct));
        return context;
    }
}
