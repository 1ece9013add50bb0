using System.Text.Json;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Millrace.Engines;
using Millrace.Samples.Bank.Audit;
using Millrace.TestKit;

namespace Millrace.EndToEnd.Tests.Pgbench;

/// <summary>What can be killed.</summary>
internal enum Victim
{
    Broker,

    /// <summary>The Connect worker that reads PostgreSQL.</summary>
    Capture,

    /// <summary>The Connect worker that writes to ClickHouse.</summary>
    Sink,
    Streams,
    ClickHouse,

    /// <summary>The child process of ClickHouse that holds the engine; its parent starts another.</summary>
    ClickHouseEngine,
}

/// <summary>PostgreSQL with pgbench's tables, and each part of the platform as a process of its own, on ports and data that outlive a kill.</summary>
internal sealed class PgbenchPlatform : IAsyncDisposable
{
    private const string Database = "pgbench";
    private readonly TempDirectory _data = new("pgbench");
    private readonly Dictionary<Victim, (string[] Arguments, ChildProcess Process)> _parts = [];
    private readonly HttpClient _http = new();
    private readonly string _pgbench = InstalledProgram.Require("pgbench");
    private readonly int _brokerPort = FreePort.Next();
    private readonly int _capturePort = FreePort.Next();
    private readonly int _sinkPort = FreePort.Next();
    private readonly int _streamsPort = FreePort.Next();
    private readonly int _clickhousePort = FreePort.Next();

    private PgbenchPlatform(EmbeddedPostgres postgres)
    {
        Postgres = postgres;
        ClickHouse = new ClickHouseQueries(_http, new Uri($"http://127.0.0.1:{_clickhousePort}/"));
    }

    public EmbeddedPostgres Postgres { get; }

    public ClickHouseQueries ClickHouse { get; }

    public string Bootstrap => $"127.0.0.1:{_brokerPort}";

    public string ConnectionString => Postgres.GetConnectionString(Database);

    /// <summary>Fills pgbench's tables and starts everything; what pgbench did before is history that the snapshot brings.</summary>
    public static async Task<PgbenchPlatform> StartAsync(int scale, CancellationToken cancellationToken)
    {
        var platform = new PgbenchPlatform(await EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions { Databases = [Database] }, ct: cancellationToken));
        try
        {
            await platform.RunPgbenchAsync("-i", "-q", "-s", $"{scale}");
            await platform.RunPgbenchAsync("-n", "-c", "2", "-t", "50");
            await platform.StartPartsAsync(cancellationToken);
            return platform;
        }
        catch
        {
            await platform.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts pgbench's standard script, TPC-B (sort of).</summary>
    public Task<ChildProcess> StartPgbenchAsync(params IReadOnlyList<string> arguments) => ChildProcess.StartAsync(
        _pgbench,
        ["-h", EmbeddedPostgres.Host, "-p", $"{Postgres.Port}", "-U", Postgres.User, .. arguments, Database],
        new Dictionary<string, string?> { ["PGPASSWORD"] = Postgres.Password });

    public async Task RunPgbenchAsync(params IReadOnlyList<string> arguments)
    {
        await using var pgbench = await StartPgbenchAsync(arguments);
        await pgbench.WaitForExitAsync(TimeSpan.FromMinutes(5));
        Assert.True(pgbench.ExitCode == 0, pgbench.OutputText);
    }

    /// <summary>Kills a part as kill -9 does, and starts it again on the same data, as its supervisor would.</summary>
    public async Task KillAsync(Victim victim)
    {
        if (victim is Victim.ClickHouseEngine)
        {
            var parent = _parts[Victim.ClickHouse].Process;
            var children = Children(parent.Id).ToList();
            Assert.NotEmpty(children);
            foreach (var child in children) await ChildProcess.RunAsync("/bin/kill", ["-9", $"{child}"]);
            return;
        }

        var (arguments, process) = _parts[victim];
        await process.KillAsync();
        await KeepLogAsync(victim, process);
        await process.DisposeAsync();
        _parts[victim] = (arguments, await MillraceProgram.ServeAsync(arguments));
    }

    /// <summary>Parts that ended though nobody killed them, with what they said last.</summary>
    public IEnumerable<string> Fallen() => _parts.Where(static p => p.Value.Process.HasExited)
        .Select(static p => $"{p.Key} ended by itself with code {p.Value.Process.ExitCode}: {string.Join('\n', p.Value.Process.Output.TakeLast(20))}");

    /// <summary>What each part said that is worse than information.</summary>
    public string Complaints() => string.Join('\n', _parts.SelectMany(static p => p.Value.Process.Output
        .Where(static l => l.Contains(" warn: ", StringComparison.Ordinal) || l.Contains(" fail: ", StringComparison.Ordinal) || l.Contains(" crit: ", StringComparison.Ordinal)).TakeLast(15).Select(l => $"{p.Key}: {l}")));

    public async ValueTask DisposeAsync()
    {
        foreach (var (victim, part) in _parts)
        {
            await KeepLogAsync(victim, part.Process);
            await part.Process.DisposeAsync();
        }

        await Postgres.DisposeAsync();
        _http.Dispose();
        _data.Dispose();
    }

    private async Task StartPartsAsync(CancellationToken cancellationToken)
    {
        await ServeAsync(Victim.Broker, "broker", "--listen", Bootstrap, "--data", _data.Combine("broker"));
        await ServeAsync(Victim.ClickHouse, "clickhouse", "--listen", $"127.0.0.1:{_clickhousePort}", "--data", _data.Combine("clickhouse"));
        await ClickHouse.ExecuteAsync(PgbenchTables.Ddl, cancellationToken);
        using (var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = Bootstrap }).Build())
        {
            await admin.CreateTopicsAsync([.. new[] { PgbenchTables.HistoryTopic, BranchDeltasJob.Topic }.Select(static t => new TopicSpecification { Name = t, NumPartitions = 2, ReplicationFactor = 1 })]);
        }

        await ServeAsync(Victim.Capture, "connect", await WorkerAsync("capture"), "--bootstrap", Bootstrap, "--listen", $"127.0.0.1:{_capturePort}", "--connector", await CaptureAsync());
        await ServeAsync(Victim.Sink, "connect", await WorkerAsync("sink"), "--bootstrap", Bootstrap, "--listen", $"127.0.0.1:{_sinkPort}", "--connector", await SinkAsync());
        await ServeAsync(
            Victim.Streams, "streams", "branch-deltas", "--assembly", typeof(BranchDeltasJob).Assembly.Location, "--bootstrap", Bootstrap, "--listen", $"127.0.0.1:{_streamsPort}",
            "--checkpoints", _data.Combine("checkpoints"), "--checkpoint-interval", "500ms");
    }

    private async Task ServeAsync(Victim part, params string[] arguments) => _parts[part] = (arguments, await MillraceProgram.ServeAsync(arguments));

    private Task<string> CaptureAsync() => ConnectorFileAsync("pgbench-capture", new Dictionary<string, string>
    {
        ["connector.class"] = "io.debezium.connector.postgresql.PostgresConnector",
        ["database.hostname"] = EmbeddedPostgres.Host,
        ["database.port"] = $"{Postgres.Port}",
        ["database.user"] = Postgres.User,
        ["database.password"] = Postgres.Password,
        ["database.dbname"] = Database,
        ["topic.prefix"] = PgbenchTables.Prefix,
        ["table.include.list"] = string.Join(',', PgbenchTables.All.Select(static t => $"public.{t.Name}")),
        ["plugin.name"] = "pgoutput",
        ["slot.name"] = "pgbench_slot",
        ["publication.name"] = "pgbench_pub",
        ["publication.autocreate.mode"] = "filtered",
        ["snapshot.mode"] = "initial",
    });

    private Task<string> SinkAsync() => ConnectorFileAsync("pgbench-to-clickhouse", new Dictionary<string, string>
    {
        ["connector.class"] = "com.clickhouse.kafka.connect.ClickHouseSinkConnector",
        ["tasks.max"] = "2",
        ["topics"] = string.Join(',', PgbenchTables.All.Select(static t => t.Topic).Append(BranchDeltasJob.Topic)),
        ["hostname"] = "127.0.0.1",
        ["port"] = $"{_clickhousePort}",
        ["exactlyOnce"] = "true",
        ["topic2TableMap"] = string.Join(',', PgbenchTables.All.Select(static t => $"{t.Topic}={t.Name}").Append($"{BranchDeltasJob.Topic}=branch_deltas")),
        ["consumer.override.auto.offset.reset"] = "earliest",
    });

    // Two groups of workers on one Kafka: each with topics of its own for what it remembers.
    private async Task<string> WorkerAsync(string group)
    {
        var file = _data.Combine($"{group}.properties");
        await File.WriteAllLinesAsync(file, [$"group.id={group}", $"config.storage.topic={group}-configs", $"offset.storage.topic={group}-offsets", $"status.storage.topic={group}-status"]);
        return file;
    }

    private async Task<string> ConnectorFileAsync(string name, Dictionary<string, string> config)
    {
        var file = _data.Combine($"{name}.json");
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(new { name, config }));
        return file;
    }

    private static IEnumerable<int> Children(int pid) => Directory.EnumerateDirectories($"/proc/{pid}/task")
        .SelectMany(static task => File.ReadAllText(Path.Combine(task, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries)).Select(int.Parse);

    // By hand: MILLRACE_TEST_LOGS=DIR keeps what the processes said.
    private static async Task KeepLogAsync(Victim victim, ChildProcess process)
    {
        if (Environment.GetEnvironmentVariable("MILLRACE_TEST_LOGS") is { Length: > 0 } directory) await File.WriteAllLinesAsync(Path.Combine(directory, $"{victim}-{process.Id}.log"), process.Output);
    }
}
