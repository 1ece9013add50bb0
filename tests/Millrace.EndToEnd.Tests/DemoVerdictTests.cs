using System.Text.Json;
using Millrace.Engines;
using Millrace.Samples.Bank.Audit;
using Millrace.TestKit;
using Npgsql;

namespace Millrace.EndToEnd.Tests;

/// <summary>
/// The demo on a PostgreSQL and a ClickHouse that are not its own, so that a test can reach in: it leaves nothing behind there, and its exit code tells the truth.
/// </summary>
public sealed class DemoVerdictTests : IAsyncLifetime
{
    private readonly TempDirectory _data = new("verdict");
    private readonly HttpClient _http = new();
    private EmbeddedPostgres _postgres = null!;
    private ChildProcess _engine = null!;
    private NpgsqlDataSource _bank = null!;
    private ClickHouseQueries _clickhouse = null!;
    private string _address = "";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _postgres = await EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions { Databases = ["bank"] });
        _bank = NpgsqlDataSource.Create(_postgres.ConnectionString);
        _engine = await MillraceProgram.ServeAsync("clickhouse", "--listen", "127.0.0.1:0", "--data", _data.Combine("clickhouse"), "--user", "bank", "--password", "a b/c");
        _address = new UriBuilder(_engine.StandardOutput.First().Split(' ')[^1]) { UserName = "bank", Password = Uri.EscapeDataString("a b/c") }.Uri.ToString();
        _clickhouse = new ClickHouseQueries(_http, new Uri(_address));
    }

    public async ValueTask DisposeAsync()
    {
        await _bank.DisposeAsync();
        await _postgres.DisposeAsync();
        await _engine.DisposeAsync();
        _http.Dispose();
        _data.Dispose();
    }

    [Fact]
    public async Task What_goes_missing_is_named_and_the_exit_code_says_so()
    {
        await using var demo = await StartAsync("12s");
        await demo.WaitForLineAsync("ready console ", TimeSpan.FromSeconds(90));
        // A payment that ClickHouse has lost, one that it has twice, and a fraud that nobody found.
        var lost = (await _clickhouse.ScalarAsync("SELECT min(transaction_id) FROM transactions_realtime", Ct)).GetString();
        await _clickhouse.ExecuteAsync($"DELETE FROM transactions_realtime WHERE transaction_id = '{lost}'", Ct);
        await _clickhouse.ExecuteAsync("INSERT INTO transactions_realtime SELECT * FROM transactions_realtime ORDER BY transaction_id DESC LIMIT 1", Ct);
        await ExecuteAsync("INSERT INTO fraud_cases VALUES (gen_random_uuid(), 'velocity', 7, '{}', now())");
        var report = await EndAsync(demo, expected: 1);
        Assert.True(report.GetProperty("missing").GetInt64() == 1, report.GetRawText());
        Assert.True(report.GetProperty("duplicates").GetInt64() == 1, report.GetRawText());
        Assert.Equal(report.GetProperty("alerts_expected").GetInt64() - 1, report.GetProperty("alerts_raised").GetInt64());
        var findings = report.GetProperty("findings").EnumerateArray().Select(static f => f.GetString()!).ToList();
        Assert.Contains(findings, static f => f.Contains("not in ClickHouse: 1", StringComparison.Ordinal));
        Assert.Contains(findings, static f => f.Contains("velocity 7", StringComparison.Ordinal));
        await NothingIsLeftAsync();

        // What this run has left belongs to somebody now: the next one refuses it, touches nothing, and keeps the password to itself.
        await ExecuteAsync("CREATE PUBLICATION debezium_pub FOR TABLE accounts, transactions");
        await using var second = await StartAsync("5s");
        await second.WaitForExitAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(1, second.ExitCode);
        Assert.Contains("has a bank already", second.OutputText, StringComparison.Ordinal);
        Assert.DoesNotContain(Uri.EscapeDataString("a b/c"), second.OutputText, StringComparison.Ordinal);
        await ExecuteAsync("DROP PUBLICATION debezium_pub");
    }

    [Fact]
    public async Task A_connector_that_fails_ends_a_judged_run_at_once_with_its_error()
    {
        // Long enough that nothing but the failure can end it in time.
        await using var demo = await StartAsync("1h");
        await demo.WaitForLineAsync("ready console ", TimeSpan.FromSeconds(90));
        await _clickhouse.ExecuteAsync("ALTER TABLE fraud_alerts MODIFY COLUMN rule UInt64", Ct);
        var report = await EndAsync(demo, expected: 1);
        var failure = Assert.Single(report.GetProperty("failures").EnumerateArray()).GetString();
        Assert.Contains("clickhouse-alerts failed", failure, StringComparison.Ordinal);
        Assert.Contains("rule", failure, StringComparison.Ordinal);
        Assert.Contains(demo.StandardError, static l => l.Contains("clickhouse-alerts failed", StringComparison.Ordinal));
        await NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_second_signal_ends_it_at_once_and_a_port_that_is_taken_is_told_with_the_way_out()
    {
        await using var demo = await StartAsync("1h");
        await demo.WaitForLineAsync("ready console ", TimeSpan.FromSeconds(90));
        // The first one lets everything arrive, for which a lost payment makes it wait.
        await _clickhouse.ExecuteAsync("DELETE FROM transactions_realtime WHERE transaction_id = (SELECT min(transaction_id) FROM transactions_realtime)", Ct);
        await demo.SignalAsync("TERM");
        await demo.WaitForLineAsync("waiting until everything has arrived", TimeSpan.FromSeconds(60));
        await demo.SignalAsync("TERM");
        await demo.WaitForExitAsync(TimeSpan.FromMinutes(1));
        Assert.True(demo.ExitCode == 143, $"{demo.ExitCode}\n{demo.OutputText}");

        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        await using var second = await MillraceProgram.StartAsync("demo", "--duration", "5s", "--json", "--listen", $"{taken.LocalEndpoint}");
        await second.WaitForExitAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(1, second.ExitCode);
        Assert.Contains("--any-ports", second.OutputText, StringComparison.Ordinal);
    }

    private Task<ChildProcess> StartAsync(string duration) => MillraceProgram.StartAsync(
        "demo", "--duration", duration, "--rate", "40", "--settle", "6s", "--json", "--any-ports", "--postgres", _postgres.ConnectionString, "--clickhouse", _address);

    private static async Task<JsonElement> EndAsync(ChildProcess demo, int expected)
    {
        await demo.WaitForExitAsync(TimeSpan.FromMinutes(2));
        Assert.True(demo.ExitCode == expected, $"{demo.ExitCode}\n{demo.OutputText}");
        using var document = JsonDocument.Parse(string.Join('\n', demo.StandardOutput));
        return document.RootElement.Clone();
    }

    private async Task NothingIsLeftAsync()
    {
        foreach (var view in (string[])["pg_replication_slots", "pg_publication", "pg_roles WHERE rolname = 'debezium'"])
        {
            await using var command = _bank.CreateCommand($"SELECT count(*) FROM {view}");
            Assert.Equal(0L, await command.ExecuteScalarAsync(Ct));
        }
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = _bank.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Ct);
    }
}
