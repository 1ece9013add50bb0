using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Millrace.Console.Tests.Support;

/// <summary>Answers like Kafka Connect 4.3: a CDC source, a ClickHouse sink that can be paused, and when asked for, a sink whose task failed.</summary>
public sealed class ConnectStandIn(bool withFailure = true)
{
    private volatile string _sinkState = "RUNNING";

    public string SinkState => _sinkState;

    public (int Status, string Body) Answer(HttpRequest request, string body)
    {
        var path = request.Path.Value!;
        switch (request.Method, path)
        {
            case ("PUT", "/connectors/clickhouse-sink/pause"):
                _sinkState = "PAUSED";
                return (202, "");
            case ("PUT", "/connectors/clickhouse-sink/resume"):
                _sinkState = "RUNNING";
                return (202, "");
            case ("POST", "/connectors/clickhouse-sink/restart"):
                return (202, "");
            case ("GET", "/connectors"):
                return (200, JsonSerializer.Serialize(All()));
            case ("GET", "/connectors/postgres-connector/topics"):
                return (200, """{"postgres-connector":{"topics":["cdc.accounts","cdc.transactions"]}}""");
            case ("GET", "/connectors/clickhouse-sink/topics"):
                return (200, """{"clickhouse-sink":{"topics":["payments.account-activity.per-minute.v1"]}}""");
            case ("GET", "/connectors/archive-sink/topics"):
                return (200, """{"archive-sink":{"topics":["cdc.accounts"]}}""");
            default:
                return (404, """{"error_code":404,"message":"HTTP 404 Not Found"}""");
        }
    }

    private Dictionary<string, object> All()
    {
        var all = new Dictionary<string, object>
        {
            ["postgres-connector"] = One("source", "RUNNING", "RUNNING", null, new()
            {
                ["connector.class"] = "io.debezium.connector.postgresql.PostgresConnector",
                ["database.hostname"] = "postgres-primary",
                ["database.port"] = "5432",
                ["database.user"] = "debezium",
                ["database.password"] = "never-show-this",
                ["database.dbname"] = "bank",
                ["topic.prefix"] = "cdc",
                ["table.include.list"] = "public.accounts,public.transactions",
                ["plugin.name"] = "pgoutput",
                ["slot.name"] = "debezium_slot",
                ["snapshot.mode"] = "initial",
            }),
            ["clickhouse-sink"] = One("sink", _sinkState, _sinkState, null, new()
            {
                ["connector.class"] = "com.clickhouse.kafka.connect.ClickHouseSinkConnector",
                ["hostname"] = "clickhouse",
                ["port"] = "8123",
                ["database"] = "default",
                ["username"] = "default",
                ["password"] = "never-show-this",
                ["topics"] = "payments.account-activity.per-minute.v1",
                ["topic2TableMap"] = "payments.account-activity.per-minute.v1=account_activity",
            }),
        };
        if (withFailure)
        {
            all["archive-sink"] = One("sink", "RUNNING", "FAILED",
                "org.apache.kafka.connect.errors.ConnectException: Couldn't find or create file '/archive/accounts.jsonl' for FileStreamSinkTask\n\tat org.apache.kafka.connect.file.FileStreamSinkTask.start(FileStreamSinkTask.java:74)\nCaused by: java.nio.file.NoSuchFileException: /archive/accounts.jsonl",
                new() { ["connector.class"] = "FileStreamSink", ["file"] = "/archive/accounts.jsonl", ["topics"] = "cdc.accounts" });
        }

        return all;
    }

    private static object One(string type, string state, string taskState, string? trace, Dictionary<string, string> config) => new
    {
        status = new { connector = new { state, worker_id = "127.0.0.1:8083" }, tasks = new[] { new { id = 0, state = taskState, worker_id = "127.0.0.1:8083", trace } }, type },
        info = new { config, type },
    };
}
