using System.Globalization;
using System.Text.Json.Nodes;

namespace Millrace.Streams.Monitoring;

/// <summary>A job and its vertices in the words of Flink's REST API.</summary>
internal static class FlinkJobJson
{
    public static JsonObject Details(JobSnapshot job, DateTimeOffset now) => new()
    {
        ["jid"] = job.JobId,
        ["name"] = job.Name,
        ["isStoppable"] = true,
        ["state"] = FlinkMonitoring.StatusOf(job.Status),
        ["job-type"] = "STREAMING",
        ["start-time"] = FlinkMonitoring.Millis(job.StartTime),
        ["end-time"] = FlinkMonitoring.Millis(job.EndTime),
        ["duration"] = FlinkMonitoring.Duration(job, now),
        ["now"] = FlinkMonitoring.Millis(now),
        ["maxParallelism"] = job.MaxParallelism,
        ["restarts"] = job.Restarts,
        ["vertices"] = FlinkMonitoring.List(job.Vertices, vertex => Summary(job, vertex, now)),
        ["plan"] = new JsonObject
        {
            ["jid"] = job.JobId,
            ["name"] = job.Name,
            ["type"] = "STREAMING",
            ["nodes"] = FlinkMonitoring.List(job.Vertices, static vertex => new JsonObject
            {
                ["id"] = vertex.Id,
                ["parallelism"] = vertex.Parallelism,
                ["operator"] = string.Empty,
                ["description"] = vertex.Name,
                ["inputs"] = FlinkMonitoring.List(vertex.Inputs.Select(static (input, index) => (input, index)), static one => new JsonObject
                {
                    ["num"] = one.index,
                    ["id"] = one.input.VertexId,
                    ["ship_strategy"] = one.input.ShipStrategy,
                    ["exchange"] = "pipelined_bounded",
                }),
            }),
        },
    };

    public static JsonObject Vertex(JobSnapshot job, VertexSnapshot vertex, DateTimeOffset now) => new()
    {
        ["id"] = vertex.Id,
        ["name"] = vertex.Name,
        ["parallelism"] = vertex.Parallelism,
        ["maxParallelism"] = job.MaxParallelism,
        ["now"] = FlinkMonitoring.Millis(now),
        ["subtasks"] = FlinkMonitoring.List(vertex.Subtasks, one => new JsonObject
        {
            ["subtask"] = one.Index,
            ["status"] = FlinkMonitoring.StatusOf(job.Status),
            ["start-time"] = FlinkMonitoring.Millis(job.StartTime),
            ["end-time"] = FlinkMonitoring.Millis(job.EndTime),
            ["duration"] = FlinkMonitoring.Duration(job, now),
            ["metrics"] = Metrics(one.RecordsIn, one.RecordsOut),
            ["late-records-dropped"] = one.LateRecordsDropped,
        }),
    };

    public static JsonArray Watermarks(VertexSnapshot vertex) => FlinkMonitoring.List(vertex.Subtasks, static one => new JsonObject
    {
        ["id"] = $"{one.Index}.currentInputWatermark",
        ["value"] = one.Watermark.ToString(CultureInfo.InvariantCulture),
    });

    public static JsonObject BackPressure(VertexSnapshot vertex, DateTimeOffset now) => new()
    {
        ["status"] = "ok",
        ["backpressureLevel"] = Level(vertex.Subtasks.Select(static one => one.BackPressureRatio).DefaultIfEmpty().Max()),
        ["end-timestamp"] = FlinkMonitoring.Millis(now),
        ["subtasks"] = FlinkMonitoring.List(vertex.Subtasks, static one => new JsonObject
        {
            ["subtask"] = one.Index,
            ["backpressureLevel"] = Level(one.BackPressureRatio),
            ["ratio"] = Math.Round(one.BackPressureRatio, 3),
            ["idleRatio"] = Math.Round(one.IdleRatio, 3),
            ["busyRatio"] = Math.Round(one.BusyRatio, 3),
        }),
    };

    public static JsonObject Exceptions(JobSnapshot job) => new()
    {
        ["root-exception"] = job.Exceptions.Count > 0 ? job.Exceptions[0].StackTrace : null,
        ["timestamp"] = job.Exceptions.Count > 0 ? FlinkMonitoring.Millis(job.Exceptions[0].Time) : null,
        ["exceptionHistory"] = new JsonObject
        {
            ["entries"] = FlinkMonitoring.List(job.Exceptions, static one => new JsonObject
            {
                ["exceptionName"] = one.Exception.Split(':', 2)[0],
                ["stacktrace"] = one.StackTrace,
                ["timestamp"] = FlinkMonitoring.Millis(one.Time),
                ["taskName"] = one.Task,
            }),
            ["truncated"] = false,
        },
    };

    private static JsonObject Summary(JobSnapshot job, VertexSnapshot vertex, DateTimeOffset now) => new()
    {
        ["id"] = vertex.Id,
        ["name"] = vertex.Name,
        ["maxParallelism"] = job.MaxParallelism,
        ["parallelism"] = vertex.Parallelism,
        ["status"] = FlinkMonitoring.StatusOf(job.Status),
        ["start-time"] = FlinkMonitoring.Millis(job.StartTime),
        ["end-time"] = FlinkMonitoring.Millis(job.EndTime),
        ["duration"] = FlinkMonitoring.Duration(job, now),
        ["metrics"] = Metrics(vertex.RecordsIn, vertex.RecordsOut),
    };

    private static JsonObject Metrics(long read, long written) => new()
    {
        ["read-records"] = read,
        ["read-records-complete"] = true,
        ["write-records"] = written,
        ["write-records-complete"] = true,
    };

    // Flink's own bounds.
    private static string Level(double ratio) => ratio <= 0.10 ? "ok" : ratio <= 0.5 ? "low" : "high";
}
