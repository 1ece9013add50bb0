using System.Diagnostics;
using System.Net;
using Millrace.TestKit;

namespace Millrace.ClickHouse.Tests;

public sealed class RobustnessTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_acknowledged_survives_kills_of_the_engine()
    {
        using var data = new TempDirectory("clickhouse");
        await using var server = await ClickHouseServer.StartAsync(ClickHouseFixture.Options(data), ct: Ct);
        using var http = new HttpClient { BaseAddress = server.Address };
        await http.AskAsync("CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id");
        var random = new Random(20_260_731);
        var acknowledged = new HashSet<int>();
        for (var round = 0; round < 4; round++)
        {
            var stopAt = random.Next(5, 40);
            for (var i = 0; ; i++)
            {
                var id = (round * 1000) + i;
                // The kill comes while inserts are on their way.
                if (i == stopAt)
                    KillEngine(server);
                var (status, text) = await http.TryAskAsync($"INSERT INTO t VALUES ({id})");
                if (status == HttpStatusCode.OK)
                    acknowledged.Add(id);
                else
                    Assert.True(status == HttpStatusCode.ServiceUnavailable && text.Contains("retry", StringComparison.Ordinal), text);
                if (i > stopAt && status == HttpStatusCode.OK)
                    break;
            }
        }

        var stored = (await http.AskAsync("SELECT id FROM t ORDER BY id")).Split('\n').Select(int.Parse).ToHashSet();
        Assert.Empty(acknowledged.Except(stored));
        Assert.Equal(4, server.EngineRestarts);
    }

    [Fact]
    public async Task A_request_in_flight_when_the_engine_is_killed_gets_an_error_and_the_next_one_works()
    {
        using var data = new TempDirectory("clickhouse");
        await using var server = await ClickHouseServer.StartAsync(ClickHouseFixture.Options(data), ct: Ct);
        using var http = new HttpClient { BaseAddress = server.Address };
        var running = http.TryAskAsync("SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1");
        await Eventually.True(async () => await http.AskAsync("SELECT count() FROM system.processes") == "2", "the query runs", cancellationToken: Ct);
        KillEngine(server);
        var (status, text) = await running;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("retry", text, StringComparison.Ordinal);
        Assert.Equal("1", await http.AskAsync("SELECT 1"));
        Assert.Equal(1, server.EngineRestarts);
    }

    [Fact]
    public async Task Clients_that_leave_in_the_middle_of_inserts_disturb_nobody()
    {
        using var data = new TempDirectory("clickhouse");
        await using var server = await ClickHouseServer.StartAsync(ClickHouseFixture.Options(data), ct: Ct);
        using var http = new HttpClient { BaseAddress = server.Address };
        await http.AskAsync("CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id");
        var rows = "INSERT INTO t FORMAT TSV\n" + string.Join('\n', Enumerable.Range(0, 50_000));
        var random = new Random(3);
        for (var i = 0; i < 20; i++)
        {
            using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Ct);
            leaving.CancelAfter(random.Next(1, 40));
            using var content = new StringContent(rows);
            try
            {
                using var response = await http.PostAsync(new Uri("/", UriKind.Relative), content, leaving.Token);
            }
            catch (OperationCanceledException)
            {
                // As meant.
            }
        }

        await Eventually.True(async () => await http.AskAsync("SELECT count() FROM system.processes") == "1", "no insert is left", cancellationToken: Ct);
        Assert.Equal("0", await http.AskAsync("SELECT count() % 50000 FROM t"));
        Assert.Equal(0, server.EngineRestarts);
    }

    [Fact]
    public async Task An_engine_that_hangs_is_ended_and_reported_and_started_again()
    {
        using var data = new TempDirectory("clickhouse");
        var options = ClickHouseFixture.Options(data) with { MaxExecutionTime = TimeSpan.FromSeconds(1), HangGrace = TimeSpan.FromSeconds(1) };
        await using var server = await ClickHouseServer.StartAsync(options, ct: Ct);
        using var http = new HttpClient { BaseAddress = server.Address };
        // A stopped process is the perfect hang: it answers nothing, not even a cancellation.
        var first = server.EngineProcessId;
        await SignalAsync("STOP", first);
        var (status, _) = await http.TryAskAsync("SELECT 1");
        Assert.Contains(status, new[] { HttpStatusCode.RequestTimeout, HttpStatusCode.ServiceUnavailable });
        await Eventually.True(() => server is { EngineRestarts: 1, EngineProcessId: > 0 }, "the engine is started again", cancellationToken: Ct);
        Assert.Equal("1", await http.AskAsync("SELECT 1"));
        Assert.NotEqual(first, server.EngineProcessId);
    }

    [Fact]
    public async Task Data_are_there_after_a_restart_of_the_server_and_a_second_server_is_refused()
    {
        using var data = new TempDirectory("clickhouse");
        await using (var server = await ClickHouseServer.StartAsync(ClickHouseFixture.Options(data), ct: Ct))
        {
            using var http = new HttpClient { BaseAddress = server.Address };
            await http.AskAsync("CREATE DATABASE bank; CREATE TABLE bank.t (id UInt64) ENGINE = MergeTree ORDER BY id; INSERT INTO bank.t SELECT number FROM numbers(1000)");
            var error = await Assert.ThrowsAsync<ClickHouseException>(() => ClickHouseServer.StartAsync(ClickHouseFixture.Options(data), ct: Ct));
            Assert.Contains($"{Path.GetFullPath(data)} is in use by another process", error.Message, StringComparison.Ordinal);
            Assert.Contains("--data", error.Message, StringComparison.Ordinal);
            Assert.Contains($"(PID {Environment.ProcessId}, its engine {server.EngineProcessId})", error.Message, StringComparison.Ordinal);
        }

        await using (var server = await ClickHouseServer.StartAsync(ClickHouseFixture.Options(data), ct: Ct))
        {
            using var http = new HttpClient { BaseAddress = server.Address };
            Assert.Equal("499500", await http.AskAsync("SELECT sum(id) FROM t", "?database=bank"));
        }
    }

    [Fact]
    public async Task The_engine_ends_when_its_parent_is_gone()
    {
        using var data = new TempDirectory("clickhouse");
        await using var server = await ClickHouseServer.StartAsync(ClickHouseFixture.Options(data), ct: Ct);
        var arguments = (await File.ReadAllTextAsync($"/proc/{server.EngineProcessId}/cmdline", Ct)).Split('\0', StringSplitOptions.RemoveEmptyEntries);
        using var other = new TempDirectory("clickhouse");
        // The same program with the same library, on other data, its input a pipe that this test closes as a dying parent would.
        using var child = Process.Start(new ProcessStartInfo(arguments[0], [arguments[1], arguments[2], other.Combine("s"), other.Combine("data"), arguments[5]])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        Assert.Equal("ready", await child.StandardOutput.ReadLineAsync(Ct));
        child.StandardInput.Close();
        await child.WaitForExitAsync(Ct);
        Assert.Equal(0, child.ExitCode);
    }

    [Fact]
    public async Task A_password_is_asked_for_and_taken_in_every_way()
    {
        using var data = new TempDirectory("clickhouse");
        await using var server = await ClickHouseServer.StartAsync(ClickHouseFixture.Options(data) with { User = "bank", Password = "secret" }, ct: Ct);
        using var http = new HttpClient { BaseAddress = server.Address };
        var (status, text) = await http.TryAskAsync("SELECT 1");
        Assert.Equal(HttpStatusCode.Unauthorized, status);
        Assert.StartsWith("Code: 516.", text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.TryAskAsync("SELECT 1", "?user=bank&password=wrong")).Status);
        Assert.Equal("1", await http.AskAsync("SELECT 1", "?user=bank&password=secret"));
        http.DefaultRequestHeaders.Add("X-ClickHouse-User", "bank");
        http.DefaultRequestHeaders.Add("X-ClickHouse-Key", "secret");
        Assert.Equal("1", await http.AskAsync("SELECT 1"));
        http.DefaultRequestHeaders.Clear();
        http.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String("bank:secret"u8));
        Assert.Equal("1", await http.AskAsync("SELECT 1"));
        Assert.Equal("Ok.\n", await http.GetStringAsync(new Uri("/ping", UriKind.Relative), Ct));
    }

    [Fact]
    public async Task Garbage_is_an_error_and_never_a_hang()
    {
        using var data = new TempDirectory("clickhouse");
        await using var server = await ClickHouseServer.StartAsync(ClickHouseFixture.Options(data) with { MaxRequestBytes = 4 << 20 }, ct: Ct);
        using var http = new HttpClient { BaseAddress = server.Address, Timeout = TimeSpan.FromSeconds(60) };
        await http.AskAsync("CREATE TABLE t (id UInt64, s String, d Decimal(18, 2), a Array(UInt8)) ENGINE = MergeTree ORDER BY id");
        var random = new Random(7);
        string[] starts = ["", "SELECT ", "INSERT INTO t FORMAT RowBinary\n", "INSERT INTO t FORMAT Native\n", "INSERT INTO t FORMAT JSONEachRow\n", "INSERT INTO t FORMAT Parquet\n", "WITH (", "/*", "SELECT '", "(((((((("];
        for (var i = 0; i < 150; i++)
        {
            var start = System.Text.Encoding.UTF8.GetBytes(starts[random.Next(starts.Length)]);
            var noise = new byte[random.Next(1, 3000)];
            random.NextBytes(noise);
            using var content = new ByteArrayContent([.. start, .. noise]);
            using var response = await http.PostAsync(new Uri("/", UriKind.Relative), content, Ct);
            var text = await response.Content.ReadAsStringAsync(Ct);
            Assert.True(response.IsSuccessStatusCode || text.StartsWith("Code: ", StringComparison.Ordinal), $"round {i}: {response.StatusCode} {text}");
        }

        var deep = await http.TryAskAsync("SELECT " + new string('(', 20_000) + "1" + new string(')', 20_000));
        Assert.StartsWith("Code: ", deep.Text, StringComparison.Ordinal);
        var huge = await http.TryAskAsync("SELECT '" + new string('x', 1 << 20) + "'");
        Assert.StartsWith("Code: ", huge.Text, StringComparison.Ordinal);
        var larger = await http.TryAskAsync("SELECT '" + new string('x', 5 << 20) + "'");
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, larger.Status);
        Assert.Equal(0, server.EngineRestarts);
        Assert.Equal("1", await http.AskAsync("SELECT 1"));
    }

    private static void KillEngine(ClickHouseServer server)
    {
        using var process = Process.GetProcessById(server.EngineProcessId);
        process.Kill();
    }

    private static async Task SignalAsync(string signal, int processId)
    {
        using var kill = Process.Start("/bin/kill", ["-s", signal, processId.ToString()]);
        await kill.WaitForExitAsync(Ct);
    }
}
