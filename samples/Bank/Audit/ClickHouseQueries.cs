using System.Text.Json;

namespace Millrace.Samples.Bank.Audit;

/// <summary>Queries over ClickHouse's HTTP interface, as anyone with curl would send them.</summary>
public sealed class ClickHouseQueries(HttpClient http, Uri address)
{
    // A server that is being restarted is back within seconds; one that stays away is named.
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Rows of a query, each an array of JSON values. Asked again while the server is being restarted.</summary>
    /// <exception cref="InvalidOperationException">ClickHouse refused the query; the message is its own.</exception>
    public async Task<List<JsonElement>> QueryAsync(string sql, CancellationToken cancellationToken)
    {
        var text = await PostPatientlyAsync($"{sql} FORMAT JSONCompactEachRow", cancellationToken);
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonElement.Parse(line))];
    }

    /// <summary>The first value of the first row.</summary>
    public async Task<JsonElement> ScalarAsync(string sql, CancellationToken cancellationToken) => (await QueryAsync(sql, cancellationToken))[0][0];

    /// <summary>Runs one or more statements without a result, separated by semicolons at line ends.</summary>
    public async Task ExecuteAsync(string script, CancellationToken cancellationToken)
    {
        foreach (var statement in script.Split(";\n", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            await PostAsync(statement.TrimEnd(';'), cancellationToken);
        }
    }

    /// <summary>Runs a statement that does no harm if it runs twice; sent again while the server is being restarted.</summary>
    public Task RepeatAsync(string statement, CancellationToken cancellationToken) => PostPatientlyAsync(statement, cancellationToken);

    private async Task<string> PostPatientlyAsync(string sql, CancellationToken cancellationToken)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return await PostAsync(sql, cancellationToken);
            }
            catch (Exception e) when (IsAway(e) && TimeProvider.System.GetElapsedTime(since) < _patience)
            {
                await Task.Delay(_pause, cancellationToken);
            }
        }
    }

    private static bool IsAway(Exception e) => e is HttpRequestException or InvalidOperationException { InnerException: HttpRequestException { StatusCode: System.Net.HttpStatusCode.ServiceUnavailable } };

    private async Task<string> PostAsync(string sql, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, ClickHouseAccess.Bare(address)) { Content = new StringContent(sql) };
        var (user, password) = ClickHouseAccess.Of(address);
        request.Headers.Add("X-ClickHouse-User", user);
        if (password is not null) request.Headers.Add("X-ClickHouse-Key", password);
        using var response = await http.SendAsync(request, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        return response.IsSuccessStatusCode
            ? text
            : throw new InvalidOperationException($"ClickHouse refused the query ({(int)response.StatusCode}): {text.Trim()}", new HttpRequestException(text, inner: null, response.StatusCode));
    }
}
