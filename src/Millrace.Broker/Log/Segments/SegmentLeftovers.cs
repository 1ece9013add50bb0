using Millrace.Broker.Storage;

namespace Millrace.Broker.Log.Segments;

/// <summary>
/// Puts a partition's directory in order before it is opened: what was being deleted or cleaned goes, a finished compaction that was being put in
/// place (<c>.swap</c>) is completed: its files replace the segments whose offsets it covers.
/// </summary>
internal static class SegmentLeftovers
{
    public static void CleanUp(LogFileSystem files, string directory)
    {
        foreach (var path in Directory.GetFiles(directory))
        {
            if (path.EndsWith(SegmentFiles.Deleted, StringComparison.Ordinal) || path.EndsWith(SegmentFiles.Cleaned, StringComparison.Ordinal)
                || path.EndsWith(".tmp", StringComparison.Ordinal))
            {
                files.DeleteFile(path);
            }
        }

        var swapped = Directory.GetFiles(directory, "*" + SegmentFiles.Log + SegmentFiles.Swap);
        foreach (var path in swapped)
            Complete(files, directory, path);
        foreach (var path in Directory.GetFiles(directory, "*" + SegmentFiles.Swap))
            File.Move(path, path[..^SegmentFiles.Swap.Length], overwrite: true);
    }

    private static void Complete(LogFileSystem files, string directory, string swap)
    {
        if (!SegmentFiles.TryParse(swap[..^SegmentFiles.Swap.Length], SegmentFiles.Log, out var first))
            return;
        using var file = files.Open(swap);
        using var reader = new BatchReader(file, 0, (int)file.Length);
        var next = first + 1;
        while (reader.MoveNext())
            next = reader.Current.Header.NextOffset;
        foreach (var path in Directory.GetFiles(directory))
        {
            foreach (var extension in SegmentFiles.OfSegment)
            {
                if (SegmentFiles.TryParse(path, extension, out var offset) && offset >= first && offset < next)
                    files.DeleteFile(path);
            }
        }
    }
}
