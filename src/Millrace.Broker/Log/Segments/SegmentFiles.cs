using System.Globalization;

namespace Millrace.Broker.Log.Segments;

/// <summary>Names of the files of a partition's directory.</summary>
internal static class SegmentFiles
{
    public const string Log = ".log";
    public const string Index = ".index";
    public const string TimeIndex = ".timeindex";
    public const string TransactionIndex = ".txnindex";
    public const string Snapshot = ".snapshot";

    /// <summary>Ends the names of files that wait for <c>file.delete.delay.ms</c>.</summary>
    public const string Deleted = ".deleted";

    /// <summary>Ends the names of files that compaction is writing.</summary>
    public const string Cleaned = ".cleaned";

    /// <summary>Ends the names of files that compaction has finished, while they replace the old ones.</summary>
    public const string Swap = ".swap";

    public static readonly string[] OfSegment = [Log, Index, TimeIndex, TransactionIndex];

    /// <summary>20 digits and an extension.</summary>
    public static string Name(long offset, string extension) => offset.ToString("D20", CultureInfo.InvariantCulture) + extension;

    public static string PathOf(string directory, long offset, string extension) => Path.Combine(directory, Name(offset, extension));

    /// <summary>The offset in a file's name, where the name is 20 digits and <paramref name="extension"/>.</summary>
    public static bool TryParse(string path, string extension, out long offset)
    {
        var name = Path.GetFileName(path.AsSpan());
        offset = 0;
        return name.Length == 20 + extension.Length && name.EndsWith(extension, StringComparison.Ordinal)
            && long.TryParse(name[..20], NumberStyles.None, CultureInfo.InvariantCulture, out offset);
    }
}
