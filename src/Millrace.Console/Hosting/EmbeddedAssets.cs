using System.Collections.Frozen;
using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Millrace.Console.Hosting;

/// <summary>
/// Serves what the browser loads from the assembly itself. Static web assets need a manifest beside the executable and an SDK of the web kind; the console is
/// hosted by whatever program refers to it, so it carries its files, hashed for caching and compressed once on first use.
/// </summary>
internal sealed class EmbeddedAssets
{
    private const string Prefix = "assets/";

    // The order in which the style sheets are joined into console.css: tokens first, then what builds on them.
    private static readonly string[] StyleSheets = ["tokens", "base", "shell", "controls", "tables", "pages", "charts"];

    private readonly FrozenDictionary<string, Asset> _assets;

    public EmbeddedAssets()
    {
        var assembly = typeof(EmbeddedAssets).Assembly;
        var files = assembly.GetManifestResourceNames()
            .Where(static name => name.StartsWith(Prefix, StringComparison.Ordinal) && !name.StartsWith(Prefix + "css/", StringComparison.Ordinal))
            .Select(name => new Asset(name[Prefix.Length..].Replace('\\', '/'), Read(name)))
            .Append(new Asset("console.css", [.. StyleSheets.SelectMany(sheet => Read($"{Prefix}css/{sheet}.css"))]));
        _assets = files.ToFrozenDictionary(static asset => asset.Name, StringComparer.Ordinal);

        byte[] Read(string name)
        {
            using var stream = assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"The assembly has no resource {name}.");
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
    }

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/assets/{**name}", (string name, HttpContext context) => SendAsync(name, context));
        routes.MapGet("/_framework/blazor.web.js", context => SendAsync("blazor.web.js", context));
        routes.MapGet("/favicon.ico", context => SendAsync("favicon.svg", context));
    }

    /// <summary>The address of an asset, with its hash, so that it can be cached for ever.</summary>
    public string Url(string name) => _assets.TryGetValue(name, out var asset) ? $"assets/{name}?v={asset.Hash}" : $"assets/{name}";

    private Task SendAsync(string name, HttpContext context)
    {
        var response = context.Response;
        if (!_assets.TryGetValue(name, out var asset))
        {
            response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        response.Headers.ETag = asset.ETag;
        response.Headers.CacheControl = context.Request.Query.ContainsKey("v") ? "public, max-age=31536000, immutable" : "no-cache";
        if (context.Request.Headers.IfNoneMatch == asset.ETag)
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }

        response.ContentType = asset.ContentType;
        var bytes = asset.Bytes;
        if (asset.Compressed is { } compressed && context.Request.Headers.AcceptEncoding.ToString().Contains("br", StringComparison.Ordinal))
        {
            response.Headers.ContentEncoding = "br";
            response.Headers.Vary = "Accept-Encoding";
            bytes = compressed.Value;
        }

        response.ContentLength = bytes.Length;
        return response.Body.WriteAsync(bytes, 0, bytes.Length, context.RequestAborted);
    }

    private sealed class Asset
    {
        public Asset(string name, byte[] bytes)
        {
            Name = name;
            Bytes = bytes;
            Hash = Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 6));
            ETag = $"\"{Hash}\"";
            ContentType = Path.GetExtension(name) switch
            {
                ".css" => "text/css; charset=utf-8",
                ".js" => "text/javascript; charset=utf-8",
                ".svg" => "image/svg+xml",
                ".woff2" => "font/woff2",
                _ => "text/plain; charset=utf-8",
            };
            if (!name.EndsWith(".woff2", StringComparison.Ordinal)) Compressed = new Lazy<byte[]>(() => Compress(bytes));
        }

        public string Name { get; }

        public byte[] Bytes { get; }

        public string Hash { get; }

        public string ETag { get; }

        public string ContentType { get; }

        public Lazy<byte[]>? Compressed { get; }

        private static byte[] Compress(byte[] bytes)
        {
            using var output = new MemoryStream();
            using (var brotli = new BrotliStream(output, CompressionLevel.Fastest, leaveOpen: true)) brotli.Write(bytes);
            return output.ToArray();
        }
    }
}
