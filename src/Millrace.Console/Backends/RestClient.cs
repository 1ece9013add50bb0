using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;

namespace Millrace.Console.Backends;

/// <summary>GET and friends on a JSON API, with failures turned into words.</summary>
internal sealed class RestClient(string system, string baseUrl, string advice, HttpMessageHandler? handler = null) : IDisposable
{
    private readonly HttpClient _http = new(handler ?? new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2) })
    {
        BaseAddress = new Uri(baseUrl.TrimEnd('/') + "/"),
        Timeout = TimeSpan.FromSeconds(10),
    };

    public string Address => baseUrl;

    public void Dispose() => _http.Dispose();

    public async Task<JsonElement> GetAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Get, path, null, cancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        try
        {
            using var document = await JsonDocument.ParseAsync(body, cancellationToken: cancellationToken);
            return document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw Problem($"answered /{path} with something other than JSON.", $"Is this really the address of {system}? {advice}", e);
        }
    }

    public async Task CallAsync(HttpMethod method, string path, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(method, path, null, cancellationToken);
    }

    /// <summary>Sends a request and returns its successful answer.</summary>
    /// <exception cref="BackendException">No answer, or one that says no.</exception>
    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken, Action<HttpRequestHeaders>? headers = null)
    {
        HttpResponseMessage response;
        try
        {
            using var request = new HttpRequestMessage(method, path) { Content = content };
            headers?.Invoke(request.Headers);
            response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (HttpRequestException e)
        {
            throw Problem(Explain(e), advice, e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw Problem($"gave no answer within {_http.Timeout.TotalSeconds:0} s.", advice, e);
        }

        if (response.IsSuccessStatusCode) return response;
        using (response)
        {
            var text = await response.Content.ReadAsStringAsync(cancellationToken);
            throw new RefusedException(
                new BackendProblem(system, baseUrl, $"answered {(int)response.StatusCode} to /{Trimmed(path)}: {MessageOf(text)}", advice), response.StatusCode, text);
        }
    }

    private static string Trimmed(string path) => path.IndexOf('?', StringComparison.Ordinal) is >= 0 and var at ? path[..at] : path;

    private static string Explain(HttpRequestException e) => e.InnerException switch
    {
        SocketException { SocketErrorCode: SocketError.ConnectionRefused } => "nothing listens there (connection refused).",
        SocketException { SocketErrorCode: SocketError.HostNotFound } => "the host name is not known.",
        _ => e.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => "the host name is not known.",
            HttpRequestError.ConnectionError => "no connection could be made.",
            _ => e.Message,
        },
    };

    // Kafka Connect answers {"error_code":…,"message":…}, Flink {"errors":[…]}, ClickHouse plain text.
    private static string MessageOf(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Object)
            {
                if (root.TryGetProperty("message", out var message)) return message.ToString();
                if (root.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Array && errors.GetArrayLength() > 0)
                    return errors[0].ToString().Split('\n')[0];
            }
        }
        catch (JsonException)
        {
            // Plain text then.
        }

        var line = text.Trim().Split('\n')[0];
        return line.Length == 0 ? "no reason given" : line.Length > 300 ? line[..300] + "…" : line;
    }

    private BackendException Problem(string what, string todo, Exception inner) => new(new BackendProblem(system, baseUrl, what, todo), inner);
}

/// <summary>The system answered, and said no.</summary>
internal sealed class RefusedException(BackendProblem problem, HttpStatusCode status, string body) : Exception($"{problem.System}: {problem.What}")
{
    public BackendProblem Problem { get; } = problem;

    public HttpStatusCode Status { get; } = status;

    public string Body { get; } = body;
}
