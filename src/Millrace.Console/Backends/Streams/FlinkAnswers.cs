using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Millrace.Console.Backends.Streams;

/// <summary>Turns the answers of Flink's REST interface into the console's model.</summary>
internal static partial class FlinkAnswers
{
    public static Job ToJob(
        JsonElement job,
        JsonElement checkpoints,
        JsonElement checkpointConfig,
        JsonElement exceptions,
        IReadOnlyDictionary<string, (JsonElement Watermarks, JsonElement BackPressure)> details)
    {
        var inputs = job.Get("plan").Items("nodes").ToLookup(static node => node.Text("id"), StringComparer.Ordinal);
        var vertices = job.Items("vertices").Select(vertex =>
        {
            var id = vertex.Text("id");
            details.TryGetValue(id, out var detail);
            var metrics = vertex.Get("metrics");
            var edges = inputs[id].SelectMany(static node => node.Items("inputs"))
                .Select(static input => new VertexInput(input.Text("id"), input.Text("ship_strategy")));
            return new JobVertex(
                id, Clean(vertex.Text("name", id)), vertex.Text("status", "UNKNOWN"), (int)vertex.Long("parallelism", 1),
                metrics.Long("read-records"), metrics.Long("write-records"), metrics.Long("read-bytes"), metrics.Long("write-bytes"),
                Watermark(detail.Watermarks), Pressure(detail.BackPressure), [.. edges]);
        });
        return new Job(
            job.Text("jid"), job.Text("name", "unnamed"), job.Text("state", "UNKNOWN"), job.Time("start-time"),
            TimeSpan.FromMilliseconds(Math.Max(0, job.Long("duration"))), [.. vertices], Checkpoints(checkpoints, checkpointConfig), Failure(exceptions));
    }

    // Flink writes long names with HTML in them: "Source: tx[1] -> Calc[2]<br/>…".
    private static string Clean(string name) => WebUtility.HtmlDecode(Breaks().Replace(name, " ")).Trim();

    [GeneratedRegex("<br\\s*/?>", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Breaks();

    // One value per subtask; the vertex is as far as its slowest subtask. long.MinValue means "none yet", long.MaxValue "input ended".
    private static DateTimeOffset? Watermark(JsonElement watermarks)
    {
        var values = watermarks.Items().Select(static subtask => subtask.Long("value", long.MinValue)).ToArray();
        if (values.Length == 0) return null;
        var slowest = values.Min();
        return slowest is > 0 and < 253_402_300_799_999 ? DateTimeOffset.FromUnixTimeMilliseconds(slowest) : null;
    }

    private static BackPressure Pressure(JsonElement answer)
    {
        var level = answer.Text("backpressureLevel", answer.Text("backpressure-level"));
        if (level.Length == 0) return BackPressure.Unknown;
        double ratio = 0, busy = 0;
        foreach (var subtask in answer.Items("subtasks"))
        {
            ratio = Math.Max(ratio, subtask.Double("ratio"));
            busy = Math.Max(busy, subtask.Double("busyRatio"));
        }

        return new BackPressure(level, Math.Clamp(ratio, 0, 1), Math.Clamp(busy, 0, 1));
    }

    private static JobCheckpoints Checkpoints(JsonElement answer, JsonElement config)
    {
        if (answer.ValueKind != JsonValueKind.Object) return JobCheckpoints.None;
        var counts = answer.Get("counts");
        var history = answer.Items("history").Select(static checkpoint => new Checkpoint(
            checkpoint.Long("id"), checkpoint.Text("status", "UNKNOWN"), checkpoint.Time("trigger_timestamp"),
            TimeSpan.FromMilliseconds(Math.Max(0, checkpoint.Long("end_to_end_duration"))),
            checkpoint.Long("state_size", checkpoint.Long("checkpointed_size")), checkpoint.Bool("is_savepoint"),
            checkpoint.Text("failure_message") is { Length: > 0 } failure ? failure : null));
        return new JobCheckpoints(
            counts.Long("completed"), counts.Long("failed"), counts.Long("in_progress"), counts.Long("restored"), Span(config, "interval"),
            [.. history.OrderByDescending(static checkpoint => checkpoint.Id)])
        {
            Mode = config.Text("mode"),
            Timeout = Span(config, "timeout"),
        };
    }

    // Flink writes long.MaxValue for an interval that is switched off.
    private static TimeSpan? Span(JsonElement config, string name) =>
        config.Long(name) is > 0 and < 86_400_000L * 30 and var milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : null;

    private static string? Failure(JsonElement exceptions)
    {
        if (exceptions.Text("root-exception") is { Length: > 0 } root) return root;
        var latest = exceptions.Get("exceptionHistory").Items("entries").FirstOrDefault();
        return latest.Text("stacktrace") is { Length: > 0 } trace ? trace : null;
    }
}
