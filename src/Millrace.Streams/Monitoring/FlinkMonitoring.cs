using System.Text.Json.Nodes;

namespace Millrace.Streams.Monitoring;

/// <summary>Answers a part of Flink's REST API about the jobs of this process. It knows paths and JSON only; a host puts an HTTP server before it.</summary>
/// <param name="registry">The jobs.</param>
/// <param name="timeProvider">The clock; by default the system's.</param>
public sealed class FlinkMonitoring(JobRegistry registry, TimeProvider? timeProvider = null)
{
    private static readonly string s_version = typeof(FlinkMonitoring).Assembly.GetName().Version?.ToString(3) ?? "0";

    private readonly TimeProvider _time = timeProvider ?? TimeProvider.System;

    /// <summary>
    /// Answers a GET request: <c>/overview</c>, <c>/config</c>, <c>/jobs</c>, <c>/jobs/overview</c>, <c>/jobs/{id}</c>, <c>/jobs/{id}/checkpoints</c>,
    /// <c>/jobs/{id}/checkpoints/config</c>, <c>/jobs/{id}/exceptions</c>, <c>/jobs/{id}/vertices/{vid}</c>, <c>…/watermarks</c>, <c>…/backpressure</c>; all with or without <c>/v1</c> before them.
    /// </summary>
    /// <param name="path">The path, with or without a query.</param>
    public MonitoringResponse Get(string path)
    {
        var segments = path.Split('?', 2)[0].Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (segments is ["v1", ..])
        {
            segments = segments[1..];
        }

        JsonNode? body = segments switch
        {
            ["overview"] => Overview(),
            ["config"] => new JsonObject { ["flink-version"] = s_version, ["timezone-name"] = "UTC", ["refresh-interval"] = 3000 },
            ["jobs"] => new JsonObject
            {
                ["jobs"] = List(registry.Jobs, static job => new JsonObject { ["id"] = job.JobId, ["status"] = StatusOf(job.Status) }),
            },
            ["jobs", "overview"] => new JsonObject { ["jobs"] = List(registry.Jobs, job => JobOverview(job.GetSnapshot())) },
            ["jobs", var id, .. var rest] => registry.Find(id) is { } job ? OfJob(job.GetSnapshot(), rest, _time.GetUtcNow()) : NoSuchJob(id),
            _ => null,
        };
        return body is null
            ? Error($"There is nothing at '{path}'.")
            : new MonitoringResponse(body is JsonObject failed && failed.ContainsKey("errors") ? 404 : 200, body.ToJsonString());
    }

    private static JsonNode? OfJob(JobSnapshot job, string[] rest, DateTimeOffset now) => rest switch
    {
        [] => FlinkJobJson.Details(job, now),
        ["checkpoints"] => FlinkCheckpointJson.Checkpoints(job.Checkpoints),
        ["checkpoints", "config"] => FlinkCheckpointJson.Config(job.Checkpoints.Config),
        ["exceptions"] => FlinkJobJson.Exceptions(job),
        ["vertices", var id, .. var more] => job.Vertices.FirstOrDefault(one => string.Equals(one.Id, id, StringComparison.Ordinal)) is { } vertex
            ? more switch
            {
                [] => FlinkJobJson.Vertex(job, vertex, now),
                ["watermarks"] => FlinkJobJson.Watermarks(vertex),
                ["backpressure"] => FlinkJobJson.BackPressure(vertex, now),
                _ => null,
            }
            : Errors($"Job {job.JobId} has no vertex {id}."),
        _ => null,
    };

    private static JsonObject NoSuchJob(string id) => Errors($"Job {id} not found");

    private static MonitoringResponse Error(string message) => new(404, Errors(message).ToJsonString());

    internal static JsonObject Errors(string message) => new() { ["errors"] = new JsonArray(message) };

    internal static string StatusOf(JobStatus status) => status.ToString().ToUpperInvariant();

    internal static JsonArray List<T>(IEnumerable<T> items, Func<T, JsonNode?> convert) => [.. items.Select(convert)];

    internal static long Millis(DateTimeOffset? time) => time?.ToUnixTimeMilliseconds() ?? -1;

    internal static long Duration(JobSnapshot job, DateTimeOffset now) => Math.Max(0, Millis(job.EndTime ?? now) - Millis(job.StartTime));

    private JsonObject Overview()
    {
        var jobs = registry.Jobs;
        int Count(params JobStatus[] states) => jobs.Count(job => states.Contains(job.Status));
        return new JsonObject
        {
            ["taskmanagers"] = 1,
            ["slots-total"] = Environment.ProcessorCount,
            ["slots-available"] = 0,
            ["jobs-running"] = Count(JobStatus.Running, JobStatus.Restarting, JobStatus.Created, JobStatus.Cancelling),
            ["jobs-finished"] = Count(JobStatus.Finished),
            ["jobs-cancelled"] = Count(JobStatus.Canceled),
            ["jobs-failed"] = Count(JobStatus.Failed),
            ["flink-version"] = s_version,
            ["flink-commit"] = "millrace",
        };
    }

    private JsonObject JobOverview(JobSnapshot job)
    {
        var tasks = job.Vertices.Sum(static vertex => vertex.Parallelism);
        return new JsonObject
        {
            ["jid"] = job.JobId,
            ["name"] = job.Name,
            ["start-time"] = Millis(job.StartTime),
            ["end-time"] = Millis(job.EndTime),
            ["duration"] = Duration(job, _time.GetUtcNow()),
            ["state"] = StatusOf(job.Status),
            ["last-modification"] = Millis(job.EndTime ?? job.StartTime),
            ["tasks"] = new JsonObject { ["running"] = job.Status == JobStatus.Running ? tasks : 0, ["total"] = tasks },
        };
    }
}

/// <summary>An answer.</summary>
/// <param name="StatusCode">The HTTP status: 200 or 404.</param>
/// <param name="Json">The body.</param>
public sealed record MonitoringResponse(int StatusCode, string Json);
