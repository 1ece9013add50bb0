using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Millrace.ClickHouse;

/// <summary>ClickHouse's HTTP interface: the one boundary where every request's errors become ClickHouse's answers.</summary>
internal sealed partial class HttpHandler(ClickHouseOptions options, EngineSupervisor supervisor, SessionTable sessions, TimeProvider time, ILogger<HttpHandler> logger) : IDisposable
{
    private readonly QueryRunner _runner = new(options, supervisor, sessions, time);
    private readonly SemaphoreSlim _turns = new(options.MaxConcurrentQueries);

    public void Dispose() => _turns.Dispose();

    internal async Task HandleAsync(HttpContext context)
    {
        switch (context.Request.Path.Value)
        {
            case "/" or "" when IsGreeting(context.Request):
                await context.Response.WriteAsync("Ok.\n", context.RequestAborted);
                break;
            case "/" or "":
                await HandleQueryAsync(context);
                break;
            case "/ping" or "/replicas_status":
                await context.Response.WriteAsync("Ok.\n", context.RequestAborted);
                break;
            default:
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                await context.Response.WriteAsync($"There is no handle {context.Request.Path}\nUse / or /ping for health checks.\nSend queries from your program with POST method or GET /?query=...\n", context.RequestAborted);
                break;
        }
    }

    private async Task HandleQueryAsync(HttpContext context)
    {
        var ct = context.RequestAborted;
        using var writer = new ResponseWriter(context);
        try
        {
            Authenticate(context.Request);
            var request = QueryRequest.Read(context.Request);
            writer.QueryId = request.Id;
            var statement = await RequestBody.ReadStatementAsync(context.Request, request, options.MaxRequestBytes, ct);
            if (Script.IsEmpty(statement))
                throw new ClickHouseException(ErrorCodes.SyntaxError, "SYNTAX_ERROR", "Empty query.");
            await _turns.WaitAsync(ct);
            try
            {
                await _runner.RunAsync(request, statement, writer, ct);
            }
            finally
            {
                _turns.Release();
            }
        }
        catch (Exception) when (ct.IsCancellationRequested)
        {
            LogGone(writer.QueryId);
        }
        catch (ClickHouseException e)
        {
            if (context.Response.HasStarted)
                LogBrokenOff(writer.QueryId, e.Message);
            await writer.FailAsync(e, supervisor.Version);
        }
        catch (BadHttpRequestException e)
        {
            var error = e.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? new ClickHouseException(ErrorCodes.QueryIsTooLarge, "QUERY_IS_TOO_LARGE", $"The request has more than {options.MaxRequestBytes} bytes: send the rows in smaller batches", e)
                : new ClickHouseException(ErrorCodes.BadArguments, "BAD_ARGUMENTS", e.Message, e);
            await writer.FailAsync(error, supervisor.Version);
        }
        catch (Exception e)
        {
            LogFailed(e, writer.QueryId);
            await writer.FailAsync(new ClickHouseException(1000, "POCO_EXCEPTION", e.Message, e), supervisor.Version);
        }
    }

    // GET / without a query asks whether anybody is there.
    private static bool IsGreeting(HttpRequest request) =>
        (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)) && !request.Query.ContainsKey("query") && request.ContentLength is null or 0 && !request.Headers.ContainsKey("Transfer-Encoding");

    private void Authenticate(HttpRequest request)
    {
        if (options.Password is not { } password)
            return;
        var (user, key) = Credentials(request);
        var isKnown = CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(password));
        if (!isKnown || user != options.User)
        {
            throw new ClickHouseException(
                ErrorCodes.AuthenticationFailed, "AUTHENTICATION_FAILED", $"{user}: Authentication failed: password is incorrect, or there is no user with such name.");
        }
    }

    private static (string User, string Key) Credentials(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        if (header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
        {
            var bytes = new byte[header.Length];
            if (Convert.TryFromBase64String(header["Basic ".Length..].Trim(), bytes, out var length))
            {
                var text = Encoding.UTF8.GetString(bytes, 0, length);
                var colon = text.IndexOf(':', StringComparison.Ordinal);
                return colon < 0 ? (text, "") : (text[..colon], text[(colon + 1)..]);
            }
        }

        if (request.Headers.TryGetValue("X-ClickHouse-User", out var user))
            return (user.ToString(), request.Headers["X-ClickHouse-Key"].ToString());
        return (request.Query["user"] is { Count: > 0 } named ? named.ToString() : "default", request.Query["password"].ToString());
    }

    [LoggerMessage(6020, LogLevel.Debug, "Client went away, query {QueryId} is cancelled")]
    private partial void LogGone(string queryId);

    [LoggerMessage(6022, LogLevel.Warning, "Query {QueryId} failed after a part of its result was sent; the connection was cut: {Reason}")]
    private partial void LogBrokenOff(string queryId, string reason);

    [LoggerMessage(6021, LogLevel.Error, "Request with query {QueryId} failed")]
    private partial void LogFailed(Exception exception, string queryId);
}
