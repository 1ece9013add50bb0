namespace Millrace.Protocol.Records;

/// <summary>The codec of a record batch: the lowest three bits of its attributes.</summary>
public enum CompressionType
{
    /// <summary>Records are stored as they are.</summary>
    None = 0,

    /// <summary>RFC 1952.</summary>
    Gzip = 1,

    /// <summary>Snappy, written in xerial's framing as the Java client does; librdkafka's unframed form is read too.</summary>
    Snappy = 2,

    /// <summary>LZ4 frame format.</summary>
    Lz4 = 3,

    /// <summary>Zstandard (KIP-110).</summary>
    Zstd = 4,
}

/// <summary>Kafka's names of the codecs, as in <c>compression.type</c>.</summary>
public static class CompressionTypes
{
    /// <summary>The name that configuration uses: <c>none</c>, <c>gzip</c>, <c>snappy</c>, <c>lz4</c> or <c>zstd</c>.</summary>
    public static string ToName(this CompressionType type) => type switch
    {
        CompressionType.None => "none",
        CompressionType.Gzip => "gzip",
        CompressionType.Snappy => "snappy",
        CompressionType.Lz4 => "lz4",
        CompressionType.Zstd => "zstd",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Unknown compression type."),
    };

    /// <summary>Reads a codec's name.</summary>
    public static bool TryParse(string name, out CompressionType type)
    {
        (var known, type) = name switch
        {
            "none" or "uncompressed" => (true, CompressionType.None),
            "gzip" => (true, CompressionType.Gzip),
            "snappy" => (true, CompressionType.Snappy),
            "lz4" => (true, CompressionType.Lz4),
            "zstd" => (true, CompressionType.Zstd),
            _ => (false, CompressionType.None),
        };
        return known;
    }
}
