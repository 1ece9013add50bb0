using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Millrace.Connect.ClickHouse;

/// <summary>An answer of ClickHouse that is not success, or no answer.</summary>
internal sealed class ClickHouseTargetException(int code, bool isRetriable, string message, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>ClickHouse's error code; 0 if it did not answer.</summary>
    internal int Code => code;

    /// <summary>True if the same request may succeed later.</summary>
    internal bool IsRetriable => isRetriable;
}

/// <summary>ClickHouse over its HTTP interface.</summary>
internal sealed class ClickHouseTarget : IDisposable
{
    // Too much at once, memory, network, keeper, a table that is being written: all pass.
    private static readonly HashSet<int> Passing = [3, 107, 159, 164, 202, 203, 209, 210, 241, 242, 252, 285, 319, 425, 999, 1000];

    private readonly HttpClient _http;
    private readonly string _database;

    internal ClickHouseTarget(SinkSettings settings)
    {
        _database = settings.Database;
        _http = new HttpClient { BaseAddress = settings.Address, Timeout = settings.Timeout };
        if (settings.Password.Length > 0 || settings.User != "default")
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{settings.User}:{settings.Password}")));
    }

    /// <summary>Runs a statement and gives the answer's lines, split at tabs.</summary>
    internal async Task<IReadOnlyList<string[]>> QueryAsync(string statement, CancellationToken ct)
    {
        using var content = new StringContent(statement);
        var text = await SendAsync("/?database=" + Uri.EscapeDataString(_database), content, ct);
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => line.Split('\t').Select(Unescape).ToArray())];
    }

    /// <summary>Inserts rows, one JSON object each.</summary>
    internal async Task InsertAsync(string statement, IReadOnlyDictionary<string, string> settings, ReadOnlyMemory<byte> rows, CancellationToken ct)
    {
        var address = new StringBuilder("/?database=").Append(Uri.EscapeDataString(_database)).Append("&query=").Append(Uri.EscapeDataString(statement));
        foreach (var (name, value) in settings)
            address.Append('&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
        using var content = new ReadOnlyMemoryContent(rows);
        await SendAsync(address.ToString(), content, ct);
    }

    internal static string Quote(string value) => $"'{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";

    internal static string Name(string value) => $"`{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("`", "\\`", StringComparison.Ordinal)}`";

    public void Dispose() => _http.Dispose();

    private async Task<string> SendAsync(string address, HttpContent content, CancellationToken ct)
    {
        try
        {
            using var response = await _http.PostAsync(new Uri(address, UriKind.Relative), content, ct);
            var text = await response.Content.ReadAsStringAsync(ct);
            if (response.IsSuccessStatusCode)
                return text;
            var code = response.Headers.TryGetValues("X-ClickHouse-Exception-Code", out var codes) && int.TryParse(codes.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
            var passes = Passing.Contains(code) || (code == 0 && response.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.BadGateway or HttpStatusCode.GatewayTimeout);
            throw new ClickHouseTargetException(code, passes, $"ClickHouse at {_http.BaseAddress} answered: {text.Trim()}");
        }
        catch (Exception e) when (!ct.IsCancellationRequested && e is HttpRequestException or IOException or OperationCanceledException)
        {
            throw new ClickHouseTargetException(0, isRetriable: true, $"ClickHouse at {_http.BaseAddress} does not answer: {e.Message}", e);
        }
    }

    private static string Unescape(string field) => field.Contains('\\', StringComparison.Ordinal)
        ? field.Replace("\\'", "'", StringComparison.Ordinal).Replace("\\t", "\t", StringComparison.Ordinal).Replace("\\n", "\n", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal)
        : field;
}
