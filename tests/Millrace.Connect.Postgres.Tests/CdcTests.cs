using System.Text.Json;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Millrace.Engines;
using Millrace.TestKit;
using Millrace.TestKit.Kafka;
using Npgsql;

namespace Millrace.Connect.Postgres.Tests;

public sealed class CdcToMillraceTests(EmbeddedBroker kafka, PostgresServer postgres) : CdcTests<EmbeddedBroker>(kafka, postgres), IClassFixture<PostgresServer>;

public sealed class CdcToApacheKafkaTests(ApacheKafka kafka, PostgresServer postgres) : CdcTests<ApacheKafka>(kafka, postgres), IClassFixture<PostgresServer>;

/// <summary>A real PostgreSQL, a real Kafka: what is in the tables is in the topics, once.</summary>
public abstract class CdcTests<TKafka>(TKafka kafka, PostgresServer postgres) : IClassFixture<TKafka> where TKafka : class, IKafkaTarget
{
    private const string Schema = """
        CREATE TABLE accounts (id bigint PRIMARY KEY, owner text NOT NULL, balance numeric(18,2) NOT NULL);
        CREATE TABLE history (id bigserial PRIMARY KEY, account bigint NOT NULL, delta numeric(18,2) NOT NULL);
        INSERT INTO accounts SELECT g, 'owner ' || g, g FROM generate_series(1, 3000) g;
        """;

    [Fact]
    public async Task Snapshot_and_stream_meet_without_gap_or_overlap_under_writes()
    {
        var bench = new Bench(postgres.Server, kafka.Bootstrap);
        await bench.CreateAsync(Schema);
        using var stop = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 3).Select(n => WriteAsync(bench, n, stop.Token)).ToArray();
        await using var worker = await bench.StartAsync();
        await worker.PutConnectorAsync("cdc", bench.Config("public.accounts,public.history"));
        await Eventually.True(() => Task.FromResult(bench.Read("history").Count(c => c.Op == "c") > 50), "changes behind the snapshot");
        await stop.CancelAsync();
        await Task.WhenAll(writers);
        await VerifyAsync(bench);
        // A snapshot row and the stream never tell of the same history row: it would be two events of one insert.
        var history = bench.Read("history");
        Assert.Equal(history.Count, history.Select(c => c.Key).Distinct().Count());
        Assert.Contains(bench.Read("accounts"), c => c.Value?["source"]?["snapshot"]?.GetValue<string>() == "first");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Killed_workers_lose_nothing_and_repeat_nothing(int seed)
    {
        var bench = new Bench(postgres.Server, kafka.Bootstrap);
        await bench.CreateAsync(Schema);
        var random = new Random(seed);
        using var stop = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 2).Select(n => WriteAsync(bench, (seed * 100) + n, stop.Token)).ToArray();
        var config = bench.Config("public.accounts,public.history", ("slot.max.retries", "60"));
        var settings = JsonSerializer.Serialize(new Dictionary<string, string> { ["id"] = bench.Id, ["bootstrap"] = bench.Bootstrap, ["config"] = JsonSerializer.Serialize(config) });
        for (var round = 0; round < 3; round++)
        {
            await using var child = await ChildProcess.StartAsync(Environment.ProcessPath!, ["--help"], new Dictionary<string, string?> { [HostedWorker.Variable] = settings });
            await child.WaitForLineAsync("ready", TimeSpan.FromMinutes(1));
            await Task.Delay(random.Next(50, 1500), TestContext.Current.CancellationToken);
            await child.KillAsync();
        }

        await using var worker = await bench.StartAsync();
        var before = bench.Read("history").Count;
        await Eventually.True(() => Task.FromResult(bench.Read("history").Count > before + 20), "changes after the last restart", TimeSpan.FromMinutes(1));
        await stop.CancelAsync();
        await Task.WhenAll(writers);
        await VerifyAsync(bench);
    }

    // A server that shuts down waits until its receivers have confirmed all of its log, also what no connector captures.
    [Fact]
    public async Task PostgreSQL_shuts_down_cleanly_under_a_running_connector_which_goes_on_after_it()
    {
        await using var server = await EmbeddedPostgres.StartAsync();
        var bench = new Bench(server, kafka.Bootstrap);
        await bench.CreateAsync("CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE other (id int); INSERT INTO t VALUES (1)");
        await using var worker = await bench.StartAsync();
        await worker.PutConnectorAsync("cdc", bench.Config("public.t", ("heartbeat.interval.ms", "0")));
        await bench.SqlAsync("INSERT INTO t VALUES (2)");
        await Eventually.True(() => Task.FromResult(bench.Read("t").Count == 2), "the snapshot and an insert");
        await bench.SqlAsync("INSERT INTO other SELECT generate_series(1, 10000)");
        await bench.SqlAsync("CHECKPOINT");

        await server.StopAsync();

        // One that had to be killed leaves it.
        Assert.False(File.Exists(Path.Combine(server.DataDirectory, "postmaster.pid")), "PostgreSQL did not end by itself");
        await server.RestartAsync(TestContext.Current.CancellationToken);
        await bench.SqlAsync("INSERT INTO t VALUES (3)");
        await Eventually.True(() => Task.FromResult(bench.Read("t").Count >= 3), "an insert after the restart");
        Assert.Equal(3, bench.Read("t").Count);
    }

    [Fact]
    public async Task A_slot_that_was_made_anew_is_an_error_with_choices()
    {
        var bench = new Bench(postgres.Server, kafka.Bootstrap);
        await bench.CreateAsync("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)");
        await using var worker = await bench.StartAsync();
        await worker.PutConnectorAsync("cdc", bench.Config("public.t"));
        await bench.SqlAsync("INSERT INTO t VALUES (2)");
        await Eventually.True(() => Task.FromResult(bench.Read("t").Count == 2), "the snapshot and an insert");
        await worker.SetTargetStateAsync("cdc", "STOPPED");
        await bench.SqlAsync($"SELECT pg_drop_replication_slot('{bench.Id}')");
        await bench.SqlAsync("INSERT INTO t VALUES (3)");
        await worker.SetTargetStateAsync("cdc", "STARTED");
        await Eventually.True(() => worker.Find("cdc").Tasks[0].Trace?.Contains("does not exist any more", StringComparison.Ordinal) is true, "the error");
        Assert.Contains("snapshot.mode=when_needed", worker.Find("cdc").Tasks[0].Trace, StringComparison.Ordinal);
        await worker.PutConnectorAsync("cdc", bench.Config("public.t", ("snapshot.mode", "when_needed")));
        await Eventually.True(() => Task.FromResult(Change.State(bench.Read("t")).Count == 3), "all rows by a new snapshot");
    }

    [Fact]
    public async Task Deletes_key_changes_toast_and_new_columns_have_Debeziums_form()
    {
        var bench = new Bench(postgres.Server, kafka.Bootstrap);
        await bench.CreateAsync("CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL, big text); CREATE TABLE f (id int PRIMARY KEY, n int); ALTER TABLE f REPLICA IDENTITY FULL; CREATE TABLE nokey (a int)");
        await using var worker = await bench.StartAsync();
        await worker.PutConnectorAsync("cdc", bench.Config("public.t,public.f,public.nokey"));
        await Eventually.True(() => worker.Find("cdc").Tasks is [{ State: "RUNNING" }], "the slot");
        await bench.SqlAsync("""
            INSERT INTO t SELECT 1, 1, string_agg(md5(g::text), '') FROM generate_series(1, 300) g; UPDATE t SET n = 2; UPDATE t SET id = 5; DELETE FROM t;
            INSERT INTO f VALUES (1, 1); UPDATE f SET n = 2; DELETE FROM f; INSERT INTO nokey VALUES (1);
            """);
        await bench.SqlAsync("ALTER TABLE f ADD COLUMN extra jsonb");
        await bench.SqlAsync("INSERT INTO f VALUES (2, 2, '{}')");
        await Eventually.True(() => Task.FromResult(bench.Read("t").Count == 7 && bench.Read("f").Count == 5 && bench.Read("nokey").Count == 1), "all events");
        var t = bench.Read("t");
        Assert.Equal(["c", "u", "d", null, "c", "d", null], t.Select(c => c.Op));
        Assert.Equal("__debezium_unavailable_value", t[1].After!["big"]!.GetValue<string>());
        Assert.Null(t[1].Before);
        Assert.Equal("{\"id\":5}", t[2].NewKey);
        Assert.Equal("{\"id\":1}", t[3].Key);
        Assert.Equal(t.Count, t.Select(c => c.Position).Distinct().Count());
        var f = bench.Read("f");
        Assert.Equal(1, f[1].Before!["n"]!.GetValue<int>());
        Assert.Equal(2, f[2].Before!["n"]!.GetValue<int>());
        Assert.Equal("{}", f[4].After!["extra"]!.GetValue<string>());
        Assert.Null(bench.Read("nokey")[0].Key);
    }

    [Fact]
    public async Task Keys_that_are_stored_out_of_line_arrays_or_renamed_since_are_the_keys_of_their_rows()
    {
        var bench = new Bench(postgres.Server, kafka.Bootstrap);
        await bench.CreateAsync("""
            CREATE TABLE outofline (k text PRIMARY KEY, n int, other text);
            ALTER TABLE outofline ALTER k SET STORAGE EXTERNAL, ALTER other SET STORAGE PLAIN;
            INSERT INTO outofline VALUES (repeat('k', 2400), 1, repeat('o', 1000));
            CREATE TABLE arrays (k int[] PRIMARY KEY, n int); ALTER TABLE arrays REPLICA IDENTITY FULL; INSERT INTO arrays VALUES ('{1,2}', 1);
            CREATE TABLE renamed (id int PRIMARY KEY, n int);
            """);
        await using var worker = await bench.StartAsync();
        await worker.PutConnectorAsync("cdc", bench.Config("public.outofline,public.arrays,public.renamed"));
        await Eventually.True(() => worker.Find("cdc").Tasks is [{ State: "RUNNING" }], "the slot");
        await bench.SqlAsync("UPDATE outofline SET n = 2; UPDATE arrays SET n = 2");
        await Eventually.True(() => bench.Read("outofline").Count >= 2 && bench.Read("arrays").Count >= 2, "the updates");
        await worker.SetTargetStateAsync("cdc", "STOPPED");
        await bench.SqlAsync("INSERT INTO renamed VALUES (1, 1)");
        await bench.SqlAsync("ALTER TABLE renamed RENAME id TO number");
        await bench.SqlAsync("INSERT INTO renamed VALUES (2, 2)");
        await worker.SetTargetStateAsync("cdc", "STARTED");
        await Eventually.True(() => bench.Read("renamed").Count >= 2, "the rows of the renamed key");
        var outOfLine = bench.Read("outofline");
        Assert.Equal(["r", "u"], outOfLine.Select(c => c.Op));
        Assert.Equal(outOfLine[0].Key, outOfLine[1].Key);
        Assert.Equal(2400, outOfLine[1].After!["k"]!.GetValue<string>().Length);
        Assert.Equal(["r", "u"], bench.Read("arrays").Select(c => c.Op));
        Assert.Equal(["{\"id\":1}", "{\"number\":2}"], bench.Read("renamed").Select(c => c.Key));
    }

    [Fact]
    public async Task A_record_that_the_topic_refuses_is_told_with_the_setting_and_goes_on_after_it()
    {
        var bench = new Bench(postgres.Server, kafka.Bootstrap);
        await bench.CreateAsync("CREATE TABLE t (id int PRIMARY KEY, v text)");
        await using var worker = await bench.StartAsync();
        await worker.PutConnectorAsync("cdc", bench.Config("public.t"));
        await Eventually.True(() => worker.Find("cdc").Tasks is [{ State: "RUNNING" }], "the slot");
        await bench.SqlAsync("INSERT INTO t VALUES (1, 'small')");
        await bench.SqlAsync("INSERT INTO t VALUES (2, repeat('x', 9000000))");
        await Eventually.True(() => worker.Find("cdc").Tasks[0].Trace?.Contains("Raise the topic's max.message.bytes", StringComparison.Ordinal) is true, "the advice");
        using (var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka.Bootstrap }).Build())
        {
            var topic = new ConfigResource { Type = ResourceType.Topic, Name = bench.Id + ".public.t" };
            await admin.IncrementalAlterConfigsAsync(new() { [topic] = [new ConfigEntry { Name = "max.message.bytes", Value = "20000000", IncrementalOperation = AlterConfigOpType.Set }] });
        }

        await Eventually.True(() => bench.Read("t").Count == 2, "the large row");
        Assert.Equal(9_000_000, bench.Read("t")[1].After!["v"]!.GetValue<string>().Length);
    }

    [Fact]
    public async Task A_quiet_database_moves_its_slot()
    {
        var bench = new Bench(postgres.Server, kafka.Bootstrap);
        await bench.CreateAsync("CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE other (id int)");
        await using var worker = await bench.StartAsync();
        await worker.PutConnectorAsync("cdc", bench.Config("public.t", ("heartbeat.interval.ms", "200"), ("status.update.interval.ms", "100")));
        await Eventually.True(() => Task.FromResult(worker.Find("cdc").Tasks is [{ State: "RUNNING" }]), "the task");
        await bench.SqlAsync("INSERT INTO other SELECT generate_series(1, 10000)");
        var lsn = await bench.TextAsync("SELECT pg_current_wal_lsn()");
        await Eventually.True(async () => await bench.TextAsync($"SELECT confirmed_flush_lsn >= '{lsn}' FROM pg_replication_slots WHERE slot_name = '{bench.Id}'") == "True", "the slot behind what other tables wrote");
    }

    private static async Task WriteAsync(Bench bench, int seed, CancellationToken stop)
    {
        var random = new Random(seed);
        await using var connection = new NpgsqlConnection(bench.ConnectionString);
        await connection.OpenAsync(CancellationToken.None);
        while (!stop.IsCancellationRequested)
        {
            await using var transaction = await connection.BeginTransactionAsync(CancellationToken.None);
            for (var i = random.Next(1, 6); i > 0; i--)
            {
                var account = random.Next(1, 3000);
                var sql = random.Next(10) switch
                {
                    0 => $"DELETE FROM accounts WHERE id = {account} AND id % 7 = {seed % 7}",
                    1 => $"INSERT INTO accounts VALUES ({account}, 'new', 0) ON CONFLICT DO NOTHING",
                    _ => $"UPDATE accounts SET balance = balance + 1 WHERE id = {account}; INSERT INTO history (account, delta) VALUES ({account}, 1), ({account}, 0)",
                };
                try
                {
                    await using var command = new NpgsqlCommand(sql, connection, transaction);
                    await command.ExecuteNonQueryAsync(CancellationToken.None);
                }
                catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.DeadlockDetected)
                {
                    break;
                }
            }

            if (random.Next(8) == 0) await transaction.RollbackAsync(CancellationToken.None);
            else await CommitAsync(transaction);
        }
    }

    private static async Task CommitAsync(NpgsqlTransaction transaction)
    {
        try
        {
            await transaction.CommitAsync(CancellationToken.None);
        }
        catch (PostgresException)
        {
            // It was the victim of a deadlock.
        }
    }

    private static async Task VerifyAsync(Bench bench)
    {
        // Events come in the order of commits: when this row is there, all others are.
        await bench.SqlAsync("INSERT INTO history (account, delta) VALUES (-1, 0)");
        var rows = int.Parse(await bench.TextAsync("SELECT count(*) FROM history"));
        await Eventually.True(() => Task.FromResult(Change.State(bench.Read("history")).Count >= rows), $"{rows} rows of history", TimeSpan.FromMinutes(1));
        foreach (var (table, columns) in ((string, string)[])[("accounts", "id, owner, balance::text"), ("history", "id, account, delta::text")])
        {
            var changes = bench.Read(table);
            var expected = await bench.TextAsync($"SELECT md5(string_agg(r::text, E'\\n' ORDER BY id)) FROM (SELECT {columns} FROM {table}) r(id, b, c)");
            var actual = Change.State(changes).Values.Select(v => JsonDocument.Parse(v).RootElement)
                .OrderBy(r => r.GetProperty("id").GetInt64())
                .Select(r => $"({string.Join(',', r.EnumerateObject().Select(p => Quote(p.Value.ToString())))})");
#pragma warning disable CA5351 // PostgreSQL's md5, to compare two sets of rows.
            Assert.Equal(expected, Convert.ToHexStringLower(System.Security.Cryptography.MD5.HashData(System.Text.Encoding.UTF8.GetBytes(string.Join('\n', actual)))));
#pragma warning restore CA5351
            // Each change once: a snapshot that was broken off begins anew with other positions, the stream never repeats itself.
            var stream = changes.Where(c => !c.Position.StartsWith('s')).Select(c => c.Position).ToList();
            Assert.Equal(stream.Count, stream.Distinct().Count());
        }

        static string Quote(string text) => text.Contains(' ', StringComparison.Ordinal) ? $"\"{text}\"" : text;
    }
}
