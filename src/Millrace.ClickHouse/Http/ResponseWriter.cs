using System.Text;
using Microsoft.AspNetCore.Http;
using Millrace.ClickHouse.Engine;

namespace Millrace.ClickHouse;

/// <summary>
/// Writes one answer. The first part of the result is held back, so that an error within it still gets its own status and a small result its
/// whole summary in the headers; after that the result is streamed, and an error ends the connection, so that no client takes a part for the whole.
/// </summary>
internal sealed class ResponseWriter(HttpContext context) : IDisposable
{
    // ClickHouse's own default for http_response_buffer_size.
    private const int HeldBack = 1 << 20;

    private readonly MemoryStream _held = new();
    private Stream? _body;
    private string? _encoding;

    internal string QueryId { get; set; } = "";

    public void Dispose() => _held.Dispose();

    internal void Prepare(string format, string? encoding, string timeZone)
    {
        // The first statement's of several: by the second the answer may have begun.
        if (context.Response.HasStarted || context.Response.ContentType is not null)
            return;
        var headers = context.Response.Headers;
        context.Response.ContentType = ContentTypes.Of(format);
        headers["X-ClickHouse-Server-Display-Name"] = "millrace";
        headers["X-ClickHouse-Query-Id"] = QueryId;
        headers["X-ClickHouse-Format"] = format;
        headers["X-ClickHouse-Timezone"] = timeZone;
        _encoding = encoding;
    }

    internal async Task WriteAsync(ReadOnlyMemory<byte> chunk, bool holdsAll, CancellationToken ct)
    {
        if (_body is null && (holdsAll || _held.Length + chunk.Length <= HeldBack))
        {
            _held.Write(chunk.Span);
            return;
        }

        await BeginAsync(ct);
        await _body!.WriteAsync(chunk, ct);
    }

    internal async Task EndAsync(EngineSummary summary, CancellationToken ct)
    {
        if (_body is null)
        {
            context.Response.Headers["X-ClickHouse-Summary"] =
                $$"""{"read_rows":"{{summary.ReadRows}}","read_bytes":"{{summary.ReadBytes}}","written_rows":"{{summary.WrittenRows}}","written_bytes":"{{summary.WrittenBytes}}","total_rows_to_read":"0","result_rows":"{{summary.ResultRows}}","result_bytes":"{{summary.ResultBytes}}","elapsed_ns":"{{summary.ElapsedNanoseconds}}"}""";
            if (_encoding is null)
                context.Response.ContentLength = _held.Length;
            await BeginAsync(ct);
        }

        if (_body != context.Response.Body)
            await _body!.DisposeAsync();
        await context.Response.CompleteAsync();
    }

    /// <summary>Answers with an error in ClickHouse's form, or breaks off if a part of the result was sent already.</summary>
    internal async Task FailAsync(ClickHouseException error, string version)
    {
        var text = $"{error.Message.TrimEnd()} (version {version} (millrace))\n";
        if (context.Response.HasStarted)
        {
            // The text helps a person; the missing end of the chunked body tells every program.
            if (_encoding is null)
                await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes("\n" + text));
            await context.Response.Body.FlushAsync();
            context.Abort();
            return;
        }

        var response = context.Response;
        response.Clear();
        response.StatusCode = ErrorCodes.HttpStatus(error.Code);
        response.ContentType = "text/plain; charset=UTF-8";
        response.Headers["X-ClickHouse-Query-Id"] = QueryId;
        response.Headers["X-ClickHouse-Exception-Code"] = error.Code.ToString();
        if (response.StatusCode == StatusCodes.Status503ServiceUnavailable)
            response.Headers.RetryAfter = "1";
        if (error.Code == ErrorCodes.AuthenticationFailed)
        {
            response.StatusCode = StatusCodes.Status401Unauthorized;
            response.Headers.WWWAuthenticate = "Basic realm=\"ClickHouse server HTTP API\"";
        }

        var bytes = Encoding.UTF8.GetBytes(text);
        response.ContentLength = bytes.Length;
        await response.Body.WriteAsync(bytes);
    }

    private async Task BeginAsync(CancellationToken ct)
    {
        if (_body is not null)
            return;
        if (_encoding is not null)
            context.Response.Headers.ContentEncoding = _encoding;
        _body = _encoding is null ? context.Response.Body : Codecs.Compress(context.Response.Body, _encoding);
        if (_held.TryGetBuffer(out var held) && held.Count > 0)
            await _body.WriteAsync(held, ct);
    }
}
