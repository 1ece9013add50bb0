using System.Text;
using System.Text.Json.Nodes;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Engines;
using Millrace.Kafka.Consuming;
using Npgsql;

namespace Millrace.Connect.Postgres.Tests;

/// <summary>One PostgreSQL for all tests of the process; each test has a database of its own.</summary>
public sealed class PostgresServer : IAsyncLifetime
{
    private EmbeddedPostgres? _server;

    public EmbeddedPostgres Server => _server ?? throw new InvalidOperationException("PostgreSQL is not started.");

    public async ValueTask InitializeAsync() =>
        _server = await EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions { MaxWalSenders = 40, Settings = new Dictionary<string, string> { ["fsync"] = "off", ["max_connections"] = "80" } });

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
    }
}

/// <summary>A database, a Kafka and a worker's options with names of their own.</summary>
internal sealed class Bench(EmbeddedPostgres postgres, string bootstrap)
{
    internal string Id { get; } = "t" + Guid.NewGuid().ToString("N")[..10];

    internal string Bootstrap => bootstrap;

    internal string ConnectionString => postgres.GetConnectionString(Id) + ";Pooling=false;Include Error Detail=true";

    internal async Task CreateAsync(string schema)
    {
        await using (var connection = new NpgsqlConnection(postgres.GetConnectionString("postgres") + ";Pooling=false"))
        {
            await connection.OpenAsync();
            await using var create = new NpgsqlCommand($"CREATE DATABASE {Id}", connection);
            await create.ExecuteNonQueryAsync();
        }

        await SqlAsync(schema);
    }

    internal async Task SqlAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    internal async Task<string> TextAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (await command.ExecuteScalarAsync())?.ToString() ?? "";
    }

    internal Dictionary<string, string> Config(string tables, params (string Key, string Value)[] more)
    {
        var config = new Dictionary<string, string>
        {
            ["connector.class"] = PostgresConnector.ClassName,
            ["database.hostname"] = EmbeddedPostgres.Host,
            ["database.port"] = postgres.Port.ToString(),
            ["database.user"] = postgres.User,
            ["database.password"] = postgres.Password,
            ["database.dbname"] = Id,
            ["topic.prefix"] = Id,
            ["slot.name"] = Id,
            ["publication.name"] = Id,
            ["publication.autocreate.mode"] = "filtered",
            ["table.include.list"] = tables,
        };
        foreach (var (key, value) in more) config[key] = value;
        return config;
    }

    internal ConnectWorkerOptions Options() => OptionsOf(bootstrap, Id);

    internal static ConnectWorkerOptions OptionsOf(string bootstrap, string id) => new()
    {
        BootstrapServers = bootstrap,
        Listener = "http://127.0.0.1:0",
        GroupId = id,
        ConfigTopic = id + "-configs",
        OffsetTopic = id + "-offsets",
        StatusTopic = id + "-status",
        OffsetTopicPartitions = 2,
        StatusTopicPartitions = 1,
    };

    internal Task<ConnectWorker> StartAsync() => ConnectWorker.StartAsync(Options(), new ConnectPlugins().AddPostgres(), NullLoggerFactory.Instance);

    /// <summary>All committed records of a topic's single partition.</summary>
    internal List<Change> Read(string table)
    {
        using var reader = KafkaRecordReader.Create(new Dictionary<string, string> { ["bootstrap.servers"] = bootstrap, ["isolation.level"] = "read_committed" });
        reader.Assign([new PartitionOffset($"{Id}.public.{table}", 0, Offset.Beginning.Value)]);
        var result = new List<Change>();
        for (var i = 0; i < 300; i++)
        {
            using var batch = reader.ReadBatch(TimeSpan.FromMilliseconds(100));
            foreach (var record in batch)
            {
                result.Add(new(
                    record.IsKeyNull ? null : Encoding.UTF8.GetString(record.Key),
                    record.IsValueNull ? null : JsonNode.Parse(record.Value),
                    record.Headers.TryGet("__millrace.position"u8, out var position) ? Encoding.UTF8.GetString(position) : "",
                    record.Headers.TryGet("__debezium.newkey"u8, out var key) ? Encoding.UTF8.GetString(key) : null));
            }

            if (batch.Events.OfType<PartitionEndReached>().Any() || batch.Events.OfType<ReaderError>().Any(e => e.Error.Code is ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownPartition or ErrorCode.Local_UnknownTopic)) break;
        }

        return result;
    }
}

internal sealed record Change(string? Key, JsonNode? Value, string Position, string? NewKey)
{
    internal string? Op => Value?["op"]?.GetValue<string>();

    internal JsonNode? After => Value?["after"];

    internal JsonNode? Before => Value?["before"];

    /// <summary>The rows that a topic's changes amount to, by key.</summary>
    internal static SortedDictionary<string, string> State(IEnumerable<Change> changes)
    {
        var state = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var change in changes)
        {
            if (change.Value is null || change.Op == "d") state.Remove(change.Key!);
            else state[change.Key!] = change.After!.ToJsonString();
        }

        return state;
    }
}
