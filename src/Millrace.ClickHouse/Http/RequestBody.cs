using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace Millrace.ClickHouse;

/// <summary>Reads a request's body, decompressed and limited.</summary>
internal static class RequestBody
{
    private const int ChunkSize = 64 << 10;

    /// <summary>The whole statement: the URL's part, then the body.</summary>
    internal static async Task<byte[]> ReadStatementAsync(HttpRequest http, QueryRequest request, long limit, CancellationToken ct)
    {
        if (http.HasFormContentType && http.ContentType!.StartsWith("multipart/", StringComparison.OrdinalIgnoreCase))
            return await ReadFormAsync(http, request, ct);
        var prefix = request.Prefix();
        using var whole = new MemoryStream(prefix.Length + (int)Math.Min(http.ContentLength ?? 0, limit));
        whole.Write(prefix);
        var buffer = ArrayPool<byte>.Shared.Rent(ChunkSize);
        try
        {
            await using var body = Codecs.Decompress(http.Body, http.Headers.ContentEncoding.ToString());
            for (int read; (read = await body.ReadAsync(buffer, ct)) > 0;)
            {
                if (whole.Length + read > limit)
                    throw new ClickHouseException(ErrorCodes.QueryIsTooLarge, "QUERY_IS_TOO_LARGE", $"The request has more than {limit} bytes: send the rows in smaller batches");
                whole.Write(buffer, 0, read);
            }
        }
        // InvalidOperationException is Brotli's.
        catch (Exception e) when (e is InvalidDataException or ZstdSharp.ZstdException or EndOfStreamException or NotSupportedException or InvalidOperationException)
        {
            throw new ClickHouseException(ErrorCodes.CannotDecompress, "CANNOT_DECOMPRESS", $"The body is not valid {http.Headers.ContentEncoding}: {e.Message}", e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return whole.TryGetBuffer(out var all) && all.Count == all.Array!.Length ? all.Array : whole.ToArray();
    }

    // Clients send a long query and many parameters as form fields.
    private static async Task<byte[]> ReadFormAsync(HttpRequest http, QueryRequest request, CancellationToken ct)
    {
        var form = await http.ReadFormAsync(ct);
        foreach (var (name, values) in form)
            request.Take(name, values.ToString());
        if (form.Files.Count > 0)
            throw new ClickHouseException(ErrorCodes.NotImplemented, "NOT_IMPLEMENTED", "External tables in a form are not taken here: insert the rows into a temporary table within a session");
        return request.Prefix();
    }
}
