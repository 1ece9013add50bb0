using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Broker;
using Millrace.ClickHouse;
using Millrace.Cli.Demo;
using Millrace.Cli.Hosting;
using Millrace.Engines;
using Millrace.Samples.Bank.Audit;
using Millrace.Samples.Bank.Database;
using Millrace.Samples.Bank.Generator;
using Millrace.TestKit;
using Npgsql;

namespace Millrace.EndToEnd.Tests.Audit;

/// <summary>
/// Some minutes of the bank that have gone through the whole platform, of which only the stores are up now: nothing moves but what a test changes, and each test puts
/// it back. The minutes lie in the past, among history that the snapshot delivered, so that they are closed when the test begins.
/// </summary>
public sealed class AuditedBank : IAsyncLifetime
{
    private static readonly TimeSpan _life = TimeSpan.FromSeconds(170);
    private static readonly string[] _analytics = ["transactions_realtime", "accounts_current", "account_activity_per_minute", "fraud_alerts"];
    private static readonly string[] _bank = ["transactions", "fraud_cases"];

    private readonly TempDirectory _data = new("audit");
    private readonly HttpClient _http = new();
    private BrokerServer _broker = null!;
    private ClickHouseServer _engine = null!;
    private EmbeddedPostgres _postgres = null!;
    private NpgsqlDataSource _database = null!;

    internal ClickHouseQueries ClickHouse { get; private set; } = null!;

    private BankAudit Audit => new(_database, _broker.BootstrapServers, ClickHouse);

    public async ValueTask InitializeAsync()
    {
        await LiveAsync();
        _postgres = await EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions { DataDirectory = _data.Combine("postgres"), Databases = ["tossbank"] });
        _database = NpgsqlDataSource.Create(_postgres.ConnectionString);
        _broker = await BrokerServer.StartAsync(new BrokerOptions { Listen = "127.0.0.1:0", DataDirectory = _data.Combine("broker") }, NullLoggerFactory.Instance);
        _engine = await ClickHouseServer.StartAsync(new ClickHouseOptions { Listen = await Addresses.ResolveAsync("127.0.0.1:0", default), DataDirectory = _data.Combine("clickhouse") }, NullLoggerFactory.Instance);
        ClickHouse = new ClickHouseQueries(_http, _engine.Address);
        foreach (var table in _analytics) await ClickHouse.ExecuteAsync($"CREATE TABLE good_{table} AS {table};\nINSERT INTO good_{table} SELECT * FROM {table}", default);
        foreach (var table in _bank) await ExecuteAsync($"CREATE TABLE good_{table} AS TABLE {table}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_database is not null) await _database.DisposeAsync();
        if (_engine is not null) await _engine.DisposeAsync();
        if (_broker is not null) await _broker.DisposeAsync();
        if (_postgres is not null) await _postgres.DisposeAsync();
        _http.Dispose();
        _data.Dispose();
    }

    internal Task<AuditReport> AuditAsync() => Audit.RunAsync(TestContext.Current.CancellationToken);

    /// <summary>What the audit says after a statement in ClickHouse.</summary>
    internal async Task<AuditReport> AuditAfterAsync(string table, string statement)
    {
        try
        {
            await ClickHouse.ExecuteAsync(statement, TestContext.Current.CancellationToken);
            return await AuditAsync();
        }
        finally
        {
            await ClickHouse.ExecuteAsync($"TRUNCATE TABLE {table};\nINSERT INTO {table} SELECT * FROM good_{table}", default);
        }
    }

    /// <summary>What the audit says after a statement in PostgreSQL.</summary>
    internal async Task<AuditReport> AuditAfterBankAsync(string table, string statement)
    {
        try
        {
            await ExecuteAsync(statement);
            return await AuditAsync();
        }
        finally
        {
            await ExecuteAsync($"DELETE FROM {table}; INSERT INTO {table} SELECT * FROM good_{table}");
        }
    }

    private async Task LiveAsync()
    {
        var options = new DemoOptions { Addresses = DemoAddresses.AnyPorts, DataDirectory = _data.Path };
        await using var platform = await DemoPlatform.StartAsync(options, new BankOptions { Rate = 15, History = 1_000, HistoryDays = 2 }, _data.Path, NullLoggerFactory.Instance, static _ => { }, default);
        var audit = new BankAudit(platform.Bank, platform.Bootstrap, platform.ClickHouse);
        await Eventually.True(() => audit.IsSettledAsync(default), "the history arrives", TimeSpan.FromSeconds(90));
        var end = TimeProvider.System.GetUtcNow();
        var writer = new BankWriter(platform.Bank, TimeProvider.System);
        // Second by second: the writer's lanes are side by side, and a time that passes in no time must not put their payments out of order.
        var seconds = new BankGenerator(platform.Life, platform.Population).Live(end - _life, end).TakeWhile(c => c.At < end).GroupBy(c => c.At.ToUnixTimeSeconds());
        foreach (var second in seconds) await writer.RunAsync(second, end: null, default);
        AuditReport? report = null;
        try
        {
            await Eventually.True(async () => (report = await audit.RunAsync(default)).IsGood, "everything arrives", TimeSpan.FromSeconds(90));
        }
        catch (TimeoutException e)
        {
            throw new InvalidOperationException($"{report}: {string.Join("; ", report?.Findings ?? [])}", e);
        }
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = _database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
