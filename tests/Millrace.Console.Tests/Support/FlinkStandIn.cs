using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Millrace.Console.Tests.Support;

/// <summary>Answers like Flink 2.2's monitoring REST: two jobs whose counters grow.</summary>
public sealed class FlinkStandIn
{
    private readonly long _begun = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() - 750_000;

    private static long Now => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    public (int Status, string Body) Answer(HttpRequest request, string body)
    {
        string[] parts = request.Path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries);
        object? answer = parts switch
        {
            ["jobs", "overview"] => new { jobs = new[] { new { jid = "a1d0", name = "account-activity-per-minute", state = "RUNNING" }, new { jid = "f2d0", name = "fraud-rules", state = "RUNNING" } } },
            ["jobs", "a1d0"] => Job("a1d0", "account-activity-per-minute", "payments.account-activity.per-minute.v1", "TumblingEventTimeWindow(1 min)"),
            ["jobs", "f2d0"] => Job("f2d0", "fraud-rules", "fraud.alerts.detected.v1", "FraudRules"),
            ["jobs", _, "checkpoints"] => Checkpoints(),
            ["jobs", _, "checkpoints", "config"] => new { mode = "exactly_once", interval = 10_000 },
            ["jobs", _, "vertices", "v2", "watermarks"] => new[] { new { id = "0.currentInputWatermark", value = $"{Now - 5_240}" }, new { id = "1.currentInputWatermark", value = $"{Now - 5_120}" } },
            ["jobs", _, "vertices", "v3", "watermarks"] => new[] { new { id = "0.currentInputWatermark", value = $"{Now - 5_260}" } },
            ["jobs", _, "vertices", _, "watermarks"] => Array.Empty<object>(),
            ["jobs", _, "vertices", "v2", "backpressure"] => Pressure("ok", 0, .41),
            ["jobs", _, "vertices", _, "backpressure"] => Pressure("ok", 0, .12),
            _ => null,
        };
        return answer is null ? (404, """{"errors":["Not found: unknown path"]}""") : (200, JsonSerializer.Serialize(answer));
    }

    private static Dictionary<string, object> Pressure(string level, double ratio, double busy) => new()
    {
        ["status"] = "ok",
        ["backpressureLevel"] = level,
        ["subtasks"] = new[] { new { subtask = 0, backpressureLevel = level, ratio, idleRatio = 1 - busy, busyRatio = busy } },
    };

    private Dictionary<string, object> Job(string id, string name, string topic, string middle)
    {
        var read = (Now - _begun) / 5;
        return new()
        {
            ["jid"] = id,
            ["name"] = name,
            ["state"] = "RUNNING",
            ["start-time"] = _begun,
            ["duration"] = Now - _begun,
            ["vertices"] = new[] { Vertex("v1", "Source: cdc.transactions -> Map", 0, read, 2), Vertex("v2", $"KeyBy(account_id) -> {middle}", read, read / 20, 2), Vertex("v3", $"Sink: {topic}: Writer", read / 20, read / 20, 1) },
            ["plan"] = new { nodes = new object[] { Node("v1"), Node("v2", "v1", "HASH"), Node("v3", "v2", "FORWARD") } },
        };
    }

    private static Dictionary<string, object> Vertex(string id, string name, long read, long written, int parallelism) => new()
    {
        ["id"] = id,
        ["name"] = name,
        ["status"] = "RUNNING",
        ["parallelism"] = parallelism,
        ["metrics"] = new Dictionary<string, long> { ["read-records"] = read, ["write-records"] = written, ["read-bytes"] = read * 300, ["write-bytes"] = written * 120 },
    };

    private static object Node(string id, string? from = null, string? ship = null) => new { id, inputs = from is null ? [] : new[] { new { id = from, ship_strategy = ship } } };

    private object Checkpoints()
    {
        var last = (Now - _begun) / 10_000;
        return new
        {
            counts = new { restored = 0, total = last, in_progress = 0, completed = last, failed = 0 },
            history = Enumerable.Range(0, 10).Select(back => new
            {
                id = last - back,
                status = "COMPLETED",
                is_savepoint = false,
                trigger_timestamp = _begun + ((last - back) * 10_000),
                end_to_end_duration = 60 + ((last - back) * 37 % 90),
                state_size = 4_210_000 + ((last - back) * 9_200),
            }),
        };
    }
}
