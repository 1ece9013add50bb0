using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Millrace.ClickHouse;

/// <summary>One request as ClickHouse's HTTP interface defines it: query, settings, parameters, session and formats from URL, headers and form.</summary>
internal sealed class QueryRequest
{
    // Parameters of the HTTP interface itself: all others are settings.
    private static readonly HashSet<string> Reserved = new(StringComparer.Ordinal)
    {
        "query", "database", "default_format", "user", "password", "quota_key", "query_id", "session_id", "session_timeout", "session_check", "role",
        "compress", "decompress", "buffer_size", "wait_end_of_query", "stacktrace", "client_protocol_version", "close_session", "http_make_head_request",
        "query_kind", "add_http_cors_header", "jwt", "cache_for_metrics",
    };

    internal const int DefaultSessionSeconds = 60;

    // ClickHouse's default_session_timeout and max_session_timeout.
    internal const int LongestSessionSeconds = 3600;

    internal string Query { get; private set; } = "";

    internal string Id { get; private set; } = "";

    internal string Database { get; private set; } = "";

    internal string DefaultFormat { get; private set; } = "TabSeparated";

    internal string? SessionId { get; private set; }

    internal TimeSpan SessionTimeout { get; private set; } = TimeSpan.FromSeconds(DefaultSessionSeconds);

    internal bool SessionMustExist { get; private set; }

    internal bool CompressesResponse { get; private set; }

    /// <summary>The compression that the client takes, if it asked for any.</summary>
    internal string? ResponseEncoding { get; private init; }

    internal bool WaitsForEnd { get; private set; }

    internal Dictionary<string, string> Settings { get; } = new(StringComparer.Ordinal);

    internal Dictionary<string, string> Parameters { get; } = new(StringComparer.Ordinal);

    /// <summary>Reads the URL and the headers.</summary>
    /// <exception cref="ClickHouseException">A parameter can't be what it says.</exception>
    internal static QueryRequest Read(HttpRequest http)
    {
        var request = new QueryRequest { Id = Guid.NewGuid().ToString(), ResponseEncoding = Codecs.Negotiate(http.Headers.AcceptEncoding.ToString()) };
        if (http.Headers.TryGetValue("X-ClickHouse-Database", out var database))
            request.Database = database.ToString();
        if (http.Headers.TryGetValue("X-ClickHouse-Format", out var format))
            request.DefaultFormat = format.ToString();
        foreach (var (name, values) in http.Query)
            request.Take(name, values.ToString());
        // As in ClickHouse, GET can't change anything (2: settings may still be set).
        if (HttpMethods.IsGet(http.Method) || HttpMethods.IsHead(http.Method))
            request.Settings.TryAdd("readonly", "2");
        return request;
    }

    /// <summary>Takes one parameter, from the URL or a form's field.</summary>
    internal void Take(string name, string value)
    {
        switch (name)
        {
            case "query": Query = value; break;
            case "query_id" when value.Length > 0: Id = InHeader(name, value); break;
            case "database": Database = value; break;
            case "default_format": DefaultFormat = InHeader(name, value); break;
            case "session_id" when value.Length > 0: SessionId = value; break;
            case "session_check": SessionMustExist = IsTrue(value); break;
            case "session_timeout": SessionTimeout = Seconds(name, value); break;
            case "wait_end_of_query": WaitsForEnd = IsTrue(value); break;
            case "compress" or "decompress" when IsTrue(value):
                throw new ClickHouseException(
                    ErrorCodes.NotImplemented, "NOT_IMPLEMENTED", $"{name}=1 (ClickHouse's own block compression) is not taken here: use HTTP compression (Content-Encoding, Accept-Encoding with enable_http_compression=1)");
            default: TakeOther(name, value); break;
        }
    }

    private void TakeOther(string name, string value)
    {
        if (name.StartsWith("param_", StringComparison.Ordinal))
        {
            Parameters[name["param_".Length..]] = value;
            return;
        }

        if (Reserved.Contains(name))
            return;
        if (name.Length == 0 || !name.All(static c => char.IsAsciiLetterOrDigit(c) || c == '_'))
            throw new ClickHouseException(115, "UNKNOWN_SETTING", $"Unknown setting '{name}'");
        if (name == "enable_http_compression")
            CompressesResponse = IsTrue(value);
        // The mark by which a query is found for cancelling is kept in this setting.
        if (name != "log_comment")
            Settings[name] = value;
    }

    /// <summary>The statement's bytes: the URL's query, a line break, the body.</summary>
    internal byte[] Prefix() => Query.Length == 0 ? [] : Encoding.UTF8.GetBytes(Query + "\n");

    // Both come back in headers.
    private static string InHeader(string name, string value) => value.Any(char.IsControl)
        ? throw new ClickHouseException(ErrorCodes.BadArguments, "BAD_ARGUMENTS", $"{name} has control characters")
        : value;

    private static bool IsTrue(string value) => value is "1" or "true";

    private static TimeSpan Seconds(string name, string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and <= LongestSessionSeconds
            ? TimeSpan.FromSeconds(seconds)
            : throw new ClickHouseException(ErrorCodes.BadArguments, "BAD_ARGUMENTS", $"{name} is '{value}', but must be a number of seconds between 1 and {LongestSessionSeconds}");
}
