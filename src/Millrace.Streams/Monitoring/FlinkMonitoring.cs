namespace Millrace.Streams.Monitoring;

/// <summary>Answers a part of Flink's REST API about the jobs of this process. It knows paths and JSON only; a host puts an HTTP server before it.</summary>
/// <param name="registry">The jobs.</param>
public sealed class FlinkMonitoring(JobRegistry registry)
{
    /// <summary>Answers a GET request.</summary>
    /// <param name="path">The path, with or without a query, for example <c>/jobs/overview</c>.</param>
    public MonitoringResponse Get(string path) => throw new NotImplementedException($"{path} {registry.Jobs.Count}");
}

/// <summary>An answer.</summary>
/// <param name="StatusCode">The HTTP status: 200 or 404.</param>
/// <param name="Json">The body.</param>
public sealed record MonitoringResponse(int StatusCode, string Json);
