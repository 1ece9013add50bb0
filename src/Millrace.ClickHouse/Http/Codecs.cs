using System.IO.Compression;
using K4os.Compression.LZ4.Streams;
using ZstdSharp;

namespace Millrace.ClickHouse;

/// <summary>The HTTP compressions that ClickHouse's interface takes and gives.</summary>
internal static class Codecs
{
    // .NET takes a gzip or deflate stream that breaks off for one that ends, unless told otherwise: a part of the rows would be inserted and acknowledged.
    static Codecs() => AppContext.SetSwitch("System.IO.Compression.UseStrictValidation", isEnabled: true);

    /// <summary>The first encoding of the client's list that is known here; null if there is none.</summary>
    internal static string? Negotiate(string accepted)
    {
        foreach (var part in accepted.Split(','))
        {
            var name = part.Split(';')[0].Trim().ToLowerInvariant();
            if (name is "gzip" or "deflate" or "br" or "zstd" or "lz4")
                return name;
        }

        return null;
    }

    internal static Stream Decompress(Stream body, string encoding) => encoding.Trim().ToLowerInvariant() switch
    {
        "" or "identity" => body,
        "gzip" or "x-gzip" => new GZipStream(body, CompressionMode.Decompress),
        "deflate" => new ZLibStream(body, CompressionMode.Decompress),
        "br" => new BrotliStream(body, CompressionMode.Decompress),
        "zstd" => new DecompressionStream(body),
        "lz4" => LZ4Stream.Decode(body),
        var other => throw new ClickHouseException(ErrorCodes.NotImplemented, "NOT_IMPLEMENTED", $"Unknown compression method: {other}. Use gzip, deflate, br, zstd or lz4"),
    };

    internal static Stream Compress(Stream body, string encoding) => encoding switch
    {
        "gzip" => new GZipStream(body, CompressionLevel.Fastest, leaveOpen: true),
        "deflate" => new ZLibStream(body, CompressionLevel.Fastest, leaveOpen: true),
        "br" => new BrotliStream(body, CompressionLevel.Fastest, leaveOpen: true),
        "zstd" => new CompressionStream(body, leaveOpen: true),
        "lz4" => LZ4Stream.Encode(body, leaveOpen: true),
        _ => throw new ArgumentOutOfRangeException(nameof(encoding), encoding, "not negotiated"),
    };
}
