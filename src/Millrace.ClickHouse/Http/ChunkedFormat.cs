namespace Millrace.ClickHouse;

/// <summary>
/// Which formats may be fetched from the engine in chunks. It writes each chunk as a document of its own, so only formats that are nothing but rows, one after the
/// other, can be put together again as they are; those that begin with names or types can once that beginning is taken off all chunks but the first.
/// All others (JSON, Pretty, XML, Parquet …) have a frame around their rows and are fetched whole.
/// </summary>
internal static class ChunkedFormat
{
    private static readonly HashSet<string> Rows = new(StringComparer.Ordinal)
    {
        "TabSeparated", "TSV", "TabSeparatedRaw", "TSVRaw", "Raw", "CSV", "TSKV", "LineAsString", "RawBLOB", "RowBinary", "Native", "MsgPack",
        "JSONEachRow", "JSONLines", "NDJSON", "JSONStringsEachRow", "JSONCompactEachRow", "JSONCompactStringsEachRow",
    };

    private static readonly string[] LineFormats = ["TabSeparated", "TSV", "TabSeparatedRaw", "TSVRaw", "JSONCompactEachRow", "JSONCompactStringsEachRow"];

    /// <summary>Finds out whether a format can be fetched in chunks.</summary>
    /// <param name="format">The format.</param>
    /// <param name="header">What each chunk begins with.</param>
    internal static bool IsChunked(string format, out ChunkHeader header)
    {
        header = ChunkHeader.None;
        if (Rows.Contains(format)) return true;
        var (plain, lines) = format.EndsWith("WithNamesAndTypes", StringComparison.Ordinal) ? (format[..^"WithNamesAndTypes".Length], 2)
            : format.EndsWith("WithNames", StringComparison.Ordinal) ? (format[..^"WithNames".Length], 1) : (format, 0);
        header = (plain, lines) switch
        {
            (_, 0) => ChunkHeader.None,
            ("RowBinary", 1) => ChunkHeader.BinaryNames,
            ("RowBinary", 2) => ChunkHeader.BinaryNamesAndTypes,
            // Line ends within names are escaped here; within CSV's quotes they are not.
            (_, 1) when LineFormats.Contains(plain, StringComparer.Ordinal) => ChunkHeader.OneLine,
            (_, 2) when LineFormats.Contains(plain, StringComparer.Ordinal) => ChunkHeader.TwoLines,
            _ => ChunkHeader.None,
        };
        return header != ChunkHeader.None;
    }

    /// <summary>How many bytes of a chunk are its beginning.</summary>
    /// <exception cref="InvalidDataException">The chunk does not begin as its format says.</exception>
    internal static int HeaderLength(ChunkHeader header, ReadOnlySpan<byte> chunk) => header switch
    {
        ChunkHeader.OneLine => Lines(chunk, 1),
        ChunkHeader.TwoLines => Lines(chunk, 2),
        ChunkHeader.BinaryNames => Strings(chunk, 1),
        ChunkHeader.BinaryNamesAndTypes => Strings(chunk, 2),
        _ => 0,
    };

    private static int Lines(ReadOnlySpan<byte> chunk, int count)
    {
        var at = 0;
        for (; count > 0; count--)
        {
            var end = chunk[at..].IndexOf((byte)'\n');
            if (end < 0) throw new InvalidDataException("The engine's chunk does not begin with a line of names.");
            at += end + 1;
        }

        return at;
    }

    // The number of columns, then that many strings for each list, all with their lengths as LEB128.
    private static int Strings(ReadOnlySpan<byte> chunk, int lists)
    {
        var at = 0;
        for (var left = Number(chunk, ref at) * lists; left > 0; left--)
        {
            var length = Number(chunk, ref at);
            if (length > chunk.Length - at) throw new InvalidDataException("The engine's chunk does not begin with names.");
            at += length;
        }

        return at;
    }

    private static int Number(ReadOnlySpan<byte> chunk, ref int at)
    {
        var value = 0;
        for (var shift = 0; shift < 28; shift += 7)
        {
            if (at >= chunk.Length) break;
            var next = chunk[at++];
            value |= (next & 0x7F) << shift;
            if (next < 0x80) return value;
        }

        throw new InvalidDataException("The engine's chunk does not begin with a number of columns.");
    }
}

/// <summary>What the engine writes before the rows of each chunk.</summary>
internal enum ChunkHeader
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>A line of names.</summary>
    OneLine,

    /// <summary>A line of names and one of types.</summary>
    TwoLines,

    /// <summary>RowBinary's list of names.</summary>
    BinaryNames,

    /// <summary>RowBinary's lists of names and types.</summary>
    BinaryNamesAndTypes,
}
