using System.Text.Json;

namespace Millrace.Console.Backends.Streams;

/// <summary>Flink's monitoring REST interface, as far as the console needs it; Millrace.Streams serves the same subset.</summary>
internal sealed class FlinkClient(string baseUrl, HttpMessageHandler? handler = null) : IDisposable
{
    private readonly RestClient _rest = new(
        "Stream processing", baseUrl, "Start the jobs there (millrace streams), or set StreamsUrl to the REST address of a job manager.", handler);

    public string Address => _rest.Address;

    public void Dispose() => _rest.Dispose();

    public async Task<IReadOnlyList<Job>> ListAsync(CancellationToken cancellationToken)
    {
        var overview = await _rest.GetAsync("jobs/overview", cancellationToken);
        var jobs = new List<Job>();
        foreach (var row in overview.Items("jobs"))
        {
            try
            {
                jobs.Add(await ReadAsync(row.Text("jid"), cancellationToken));
            }
            catch (RefusedException e) when (e.Status == System.Net.HttpStatusCode.NotFound)
            {
                // The job was removed between the two requests.
            }
        }

        return [.. jobs.OrderBy(static job => job.IsOver).ThenBy(static job => job.Name, StringComparer.Ordinal).ThenByDescending(static job => job.Started)];
    }

    private async Task<Job> ReadAsync(string id, CancellationToken cancellationToken)
    {
        var job = await _rest.GetAsync($"jobs/{id}", cancellationToken);
        var checkpoints = await OptionalAsync($"jobs/{id}/checkpoints", cancellationToken);
        var config = await OptionalAsync($"jobs/{id}/checkpoints/config", cancellationToken);
        var running = job.Text("state") == "RUNNING";
        var exceptions = running ? default : await OptionalAsync($"jobs/{id}/exceptions", cancellationToken);
        var details = new Dictionary<string, (JsonElement Watermarks, JsonElement BackPressure)>(StringComparer.Ordinal);
        foreach (var vertex in running ? job.Items("vertices") : [])
        {
            var vertexId = vertex.Text("id");
            details[vertexId] = (
                await OptionalAsync($"jobs/{id}/vertices/{vertexId}/watermarks", cancellationToken),
                await OptionalAsync($"jobs/{id}/vertices/{vertexId}/backpressure", cancellationToken));
        }

        return FlinkAnswers.ToJob(job, checkpoints, config, exceptions, details);
    }

    // What a server does not offer is shown as unknown; only the job itself must be there.
    private async Task<JsonElement> OptionalAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await _rest.GetAsync(path, cancellationToken);
        }
        catch (RefusedException)
        {
            return default;
        }
    }
}
