using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;
using Millrace.Broker;
using Millrace.ClickHouse;
using Millrace.Cli.Hosting;
using Millrace.Cli.Infrastructure;
using Millrace.Connect;
using Millrace.Console;
using Millrace.Engines;
using Millrace.Samples.Bank;
using Millrace.Samples.Bank.Audit;
using Millrace.Samples.Bank.Database;
using Millrace.Samples.Bank.Generator;
using Millrace.Samples.Bank.Jobs;
using Npgsql;

namespace Millrace.Cli.Demo;

/// <summary>
/// The whole platform around the sample bank. Broker, connectors, jobs and console run in this process; PostgreSQL and ClickHouse's engine in processes
/// of their own. They know each other only by their addresses.
/// </summary>
internal sealed class DemoPlatform : IAsyncDisposable
{
    private const string Database = "tossbank";
    private readonly Stack<IAsyncDisposable> _parts = new();
    private readonly DemoOptions _options;
    private readonly Action<string> _say;
    private readonly HttpClient _http = new();
    private ClickHouseServer? _engine;
    private Uri _clickhouse = null!;
    private bool _isPublished;
    private NpgsqlConnectionStringBuilder _database = null!;

    private DemoPlatform(DemoOptions options, Action<string> say)
    {
        _options = options;
        _say = say;
    }

    public NpgsqlDataSource Bank { get; private set; } = null!;

    public ClickHouseQueries ClickHouse { get; private set; } = null!;

    public Population Population { get; private set; } = null!;

    /// <summary>How this run lives: as it was asked for, and unlike the runs before it on the same data.</summary>
    public BankOptions Life { get; private set; } = null!;

    public string Bootstrap { get; private set; } = "";

    public string ConsoleAddress { get; private set; } = "";

    /// <summary>Sees at once when a connector or a job fails.</summary>
    public DemoWatch Watch { get; private set; } = null!;

    /// <summary>The embedded PostgreSQL's process; 0 if another one is used.</summary>
    public int PostgresProcessId { get; private set; }

    /// <summary>The embedded engine's process; 0 if another ClickHouse is used.</summary>
    public int ClickHouseProcessId => _engine?.EngineProcessId ?? 0;

    public static async Task<DemoPlatform> StartAsync(DemoOptions options, BankOptions bank, string directory, ILoggerFactory logging, Action<string> say, CancellationToken cancellationToken)
    {
        var platform = new DemoPlatform(options, say);
        try
        {
            using var bar = new EngineBar();
            // One after the other where bytes are fetched, so that one bar is drawn at a time; in parallel afterwards.
            if (options.Postgres is null) await new EngineCache(loggerFactory: logging).GetPostgresHomeAsync(bar, cancellationToken);
            if (options.ClickHouse is null) await new EngineCache(loggerFactory: logging).GetLibChdbAsync(bar, cancellationToken);
            var broker = platform.StartBrokerAsync(options, directory, logging, cancellationToken);
            var clickhouse = platform.StartClickHouseAsync(options, directory, logging, cancellationToken);
            var database = platform.StartBankAsync(options, bank, directory, logging, cancellationToken);
            await Task.WhenAll(broker, clickhouse, database);
            say($"PostgreSQL, the broker and ClickHouse are up; the bank has {platform.Population.Accounts.Count:N0} accounts");
            await platform.StartPipelineAsync(options, directory, logging, cancellationToken);
            return platform;
        }
        catch
        {
            await platform.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        while (_parts.TryPop(out var part))
        {
            // What the demo made in somebody else's PostgreSQL goes when its reader has gone and before the connection to it does.
            if (part == Bank && _isPublished && _options is { Postgres: not null, DataDirectory: null }) await WithdrawAsync();
            await part.DisposeAsync();
        }
    }

    private async Task WithdrawAsync()
    {
        try
        {
            await BankAccess.WithdrawAsync(Bank, TimeProvider.System, CancellationToken.None);
        }
        catch (NpgsqlException e)
        {
            _say($"the replication slot debezium_slot in {_database.Host}:{_database.Port} could not be dropped, and holds back PostgreSQL's log until it is (SELECT pg_drop_replication_slot('debezium_slot')): {e.Message}");
        }
    }

    private async Task StartBrokerAsync(DemoOptions options, string directory, ILoggerFactory logging, CancellationToken cancellationToken)
    {
        var broker = await BrokerServer.StartAsync(new BrokerOptions { Listen = options.Addresses.Broker, DataDirectory = Path.Combine(directory, "broker") }, logging, cancellationToken: cancellationToken);
        Own(broker);
        Bootstrap = broker.BootstrapServers;
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = Bootstrap }).Build();
        var existing = admin.GetMetadata(TimeSpan.FromSeconds(10)).Topics.Select(static t => t.Topic).ToHashSet(StringComparer.Ordinal);
        TopicSpecification[] wanted =
        [
            new() { Name = BankTopics.Transactions, NumPartitions = 4, ReplicationFactor = 1 },
            new() { Name = BankTopics.Accounts, NumPartitions = 4, ReplicationFactor = 1, Configs = new() { ["cleanup.policy"] = "compact" } },
            new() { Name = BankTopics.Activity, NumPartitions = 2, ReplicationFactor = 1 },
            new() { Name = BankTopics.Alerts, NumPartitions = 1, ReplicationFactor = 1 },
        ];
        TopicSpecification[] missing = [.. wanted.Where(t => !existing.Contains(t.Name))];
        if (missing.Length > 0) await admin.CreateTopicsAsync(missing);
    }

    private async Task StartClickHouseAsync(DemoOptions options, string directory, ILoggerFactory logging, CancellationToken cancellationToken)
    {
        _clickhouse = options.ClickHouse ?? await StartEngineAsync();
        ClickHouse = new ClickHouseQueries(_http, _clickhouse);
        var tables = await ClickHouse.QueryAsync("SHOW TABLES", cancellationToken);
        if (!tables.Any(static t => t[0].GetString() == "transactions_realtime")) await ClickHouse.ExecuteAsync(BankFiles.TransactionsTable, cancellationToken);
        else if (options.DataDirectory is null) throw new CliException($"ClickHouse at {ClickHouseAccess.Bare(_clickhouse)} has a bank already: give --data DIR to go on with it, or an address with an empty database");
        await ClickHouse.ExecuteAsync(BankFiles.AnalyticsTables, cancellationToken);

        async Task<Uri> StartEngineAsync()
        {
            _engine = await ClickHouseServer.StartAsync(
                new ClickHouseOptions { Listen = await Addresses.ResolveAsync(options.Addresses.ClickHouse, cancellationToken), DataDirectory = Path.Combine(directory, "clickhouse") }, logging, ct: cancellationToken);
            Own(_engine);
            return _engine.Address;
        }
    }

    private async Task StartBankAsync(DemoOptions options, BankOptions bank, string directory, ILoggerFactory logging, CancellationToken cancellationToken)
    {
        _database = new NpgsqlConnectionStringBuilder(options.Postgres ?? await StartPostgresAsync()) { IncludeErrorDetail = true };
        Bank = NpgsqlDataSource.Create(_database.ConnectionString);
        Own(Bank);
        var start = TimeProvider.System.GetUtcNow();
        var isNew = await BankDatabase.CreateAsync(Bank, bank, Population.Create(bank, start), start, cancellationToken);
        if (!isNew && options.DataDirectory is null)
        {
            throw new CliException($"the database {_database.Database} has a bank already: give --data DIR to go on with it, or an empty database");
        }

        (Life, Population) = await BankDatabase.BeginRunAsync(Bank, bank, isNew, start, cancellationToken);

        // Somebody else's server gets no new role: the connector uses the one that was given.
        if (options.Postgres is null) await BankAccess.GrantCaptureAsync(Bank, _database.Password ?? "", cancellationToken);
        await BankAccess.PublishAsync(Bank, cancellationToken);
        _isPublished = true;

        async Task<string> StartPostgresAsync()
        {
            var postgres = await EmbeddedPostgres.StartAsync(
                new EmbeddedPostgresOptions { DataDirectory = Path.Combine(directory, "postgres"), Port = options.Addresses.PostgresPort, Databases = [Database] }, logging, ct: cancellationToken);
            Own(postgres);
            PostgresProcessId = postgres.ProcessId;
            return postgres.GetConnectionString(Database);
        }
    }

    private async Task StartPipelineAsync(DemoOptions options, string directory, ILoggerFactory logging, CancellationToken cancellationToken)
    {
        var connectors = BankConnectors.All(_clickhouse).ToList();
        var worker = await ConnectWorker.StartAsync(
            new ConnectWorkerOptions
            {
                BootstrapServers = Bootstrap,
                Listener = await Addresses.HttpAsync(options.Addresses.Connect, cancellationToken),
                // The connectors of an earlier run start with the worker, and must not look for ClickHouse where it was then.
                Overrides = new Dictionary<string, string>(BankConnectors.Addresses(connectors), StringComparer.Ordinal)
                {
                    ["database.hostname"] = _database.Host ?? "127.0.0.1",
                    ["database.port"] = $"{_database.Port}",
                    ["database.dbname"] = _database.Database ?? Database,
                    ["database.user"] = options.Postgres is null ? BankAccess.CaptureUser : _database.Username ?? "postgres",
                    ["database.password"] = _database.Password ?? "",
                },
            }, Plugins.All(), logging, cancellationToken);
        Own(worker);
        foreach (var (name, config) in connectors) await worker.PutConnectorAsync(name, config, cancellationToken);

        var jobs = await JobsHost.StartAsync([new FraudRulesJob(), new AccountActivityJob()], new JobsHostOptions
        {
            Listen = options.Addresses.Streams,
            CheckpointDirectory = Path.Combine(directory, "checkpoints"),
            CheckpointInterval = TimeSpan.FromMilliseconds(500),
            Settings = new Dictionary<string, string>(StringComparer.Ordinal) { ["bootstrap.servers"] = Bootstrap },
        }, logging, cancellationToken);
        Own(jobs);

        var dashboards = Path.Combine(directory, "dashboards");
        Directory.CreateDirectory(dashboards);
        foreach (var (file, text) in BankFiles.Dashboards)
        {
            var path = Path.Combine(dashboards, file);
            if (!File.Exists(path)) await File.WriteAllTextAsync(path, text, cancellationToken);
        }

        var console = await ConsoleServer.StartAsync(new ConsoleOptions
        {
            Listen = options.Addresses.Console,
            Bootstrap = Bootstrap,
            ConnectUrl = worker.Address.ToString(),
            StreamsUrl = jobs.Address,
            ClickHouseUrl = ClickHouseAccess.Bare(_clickhouse).ToString(),
            ClickHouseUser = ClickHouseAccess.Of(_clickhouse).User,
            ClickHousePassword = ClickHouseAccess.Of(_clickhouse).Password,
            AlertTopics = [BankTopics.Alerts],
            DashboardsDirectory = dashboards,
            Title = "Millrace – demo bank",
        }, logging, cancellationToken);
        Own(console);
        ConsoleAddress = console.Address.ToString().TrimEnd('/');
        Watch = new DemoWatch(_http, worker.Address, new Uri(jobs.Address));
    }

    private void Own(IAsyncDisposable part)
    {
        lock (_parts) _parts.Push(part);
    }
}
