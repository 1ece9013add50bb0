using System.Text.Json;

namespace Millrace.Console.Backends.Connect;

/// <summary>Kafka Connect's REST interface, as far as the console needs it.</summary>
internal sealed class ConnectClient(string baseUrl, HttpMessageHandler? handler = null) : IDisposable
{
    private readonly RestClient _rest = new(
        "Kafka Connect", baseUrl, "Start a worker there (millrace connect), or set ConnectUrl to where one runs.", handler);

    private bool? _tellsMetrics;

    public string Address => _rest.Address;

    public void Dispose() => _rest.Dispose();

    public async Task<IReadOnlyList<Connector>> ListAsync(CancellationToken cancellationToken)
    {
        // Only Millrace's workers know this expansion.
        _tellsMetrics ??= await IsMillraceAsync(cancellationToken);
        var all = await _rest.GetAsync("connectors?expand=status&expand=info" + (_tellsMetrics == true ? "&expand=metrics" : ""), cancellationToken);
        var connectors = new List<Connector>();
        foreach (var field in all.Fields())
        {
            var topics = await TopicsAsync(field.Name, cancellationToken);
            connectors.Add(Parse(field.Name, field.Value, topics));
        }

        return [.. connectors.OrderBy(static connector => connector.Name, StringComparer.Ordinal)];
    }

    public Task PauseAsync(string name, CancellationToken cancellationToken) =>
        _rest.CallAsync(HttpMethod.Put, $"connectors/{Uri.EscapeDataString(name)}/pause", cancellationToken);

    public Task ResumeAsync(string name, CancellationToken cancellationToken) =>
        _rest.CallAsync(HttpMethod.Put, $"connectors/{Uri.EscapeDataString(name)}/resume", cancellationToken);

    /// <summary>Restarts the connector and all its tasks (KIP-745).</summary>
    public Task RestartAsync(string name, CancellationToken cancellationToken) =>
        _rest.CallAsync(HttpMethod.Post, $"connectors/{Uri.EscapeDataString(name)}/restart?includeTasks=true&onlyFailed=false", cancellationToken);

    internal static Connector Parse(string name, JsonElement connector, IReadOnlyList<string> topics)
    {
        var status = connector.Get("status");
        var state = status.Get("connector");
        var info = connector.Get("info");
        var config = info.Get("config").Fields().ToDictionary(static field => field.Name, static field => field.Value.ToString(), StringComparer.Ordinal);
        var tasks = status.Items("tasks")
            .Select(task => new ConnectorTask((int)task.Long("id"), task.Text("state", "UNKNOWN"), task.Text("worker_id"), Trace(task)) { Metrics = Metrics(connector, task.Long("id")) })
            .OrderBy(static task => task.Id);
        return new Connector(
            name, info.Text("type", status.Text("type", "unknown")), state.Text("state", "UNKNOWN"), state.Text("worker_id"), Trace(state), [.. tasks], config, topics);
    }

    private static KeyValuePair<string, string>[] Metrics(JsonElement connector, long task) =>
    [
        .. connector.Get("metrics").Items("tasks").Where(one => one.Long("id", -1) == task).SelectMany(static one => one.Fields())
            .Where(static field => field.Name is not ("id" or "state") && field.Value.ValueKind is JsonValueKind.Number or JsonValueKind.String)
            .Select(static field => KeyValuePair.Create(field.Name, field.Value.ToString())),
    ];

    private static string? Trace(JsonElement element) => element.Text("trace") is { Length: > 0 } trace ? trace.TrimEnd() : null;

    private async Task<bool> IsMillraceAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await _rest.GetAsync("", cancellationToken)).Text("commit") == "millrace";
        }
        catch (RefusedException)
        {
            return false;
        }
    }

    // KIP-558; a worker may have the tracking of topics switched off, which is no failure of the page.
    private async Task<IReadOnlyList<string>> TopicsAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await _rest.GetAsync($"connectors/{Uri.EscapeDataString(name)}/topics", cancellationToken);
            return [.. answer.Get(name).Items("topics").Select(static topic => topic.ToString()).Order(StringComparer.Ordinal)];
        }
        catch (RefusedException)
        {
            return [];
        }
    }
}
