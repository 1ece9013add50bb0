namespace Millrace.ClickHouse;

/// <summary>Asks whether the data directory can be used, before an engine is started that would only say that it cannot.</summary>
internal static class DataDirectory
{
    // ClickHouse locks this file while it runs, and writes its process id into it.
    private const string LockedFile = "status";

    // The engine of a server that was killed ends by itself within moments: whoever starts the next server at once need not know.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    /// <summary>Creates the directory if need be, and waits a moment for an engine that is just ending.</summary>
    /// <exception cref="ClickHouseException">Another process uses the directory, or it can't be written; the message says what to do.</exception>
    internal static async Task EnsureFreeAsync(string directory, TimeProvider time, CancellationToken ct)
    {
        var full = Path.GetFullPath(directory);
        var since = time.GetTimestamp();
        try
        {
            Directory.CreateDirectory(full);
            while (IsLocked(full))
            {
                if (time.GetElapsedTime(since) >= Patience)
                    throw InUse(full);
                await Task.Delay(Poll, time, ct);
            }
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new ClickHouseException($"The data directory {full} can't be used: {e.Message} Give another one (--data DIR), or the right to write there.", e);
        }
    }

    private static bool IsLocked(string directory)
    {
        var file = Path.Combine(directory, LockedFile);
        if (!File.Exists(file))
            return false;
        try
        {
            // .NET and ClickHouse lock by the same call of the system (flock).
            using var mine = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return false;
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException))
        {
            return true;
        }
    }

    private static ClickHouseException InUse(string directory) => new(
        $"The data directory {directory} is in use by another process{Holder(directory)}: one ClickHouse at a time can use it. Stop that one, or give this one a directory of its own (--data DIR).");

    private static string Holder(string directory)
    {
        try
        {
            using var file = new StreamReader(new FileStream(Path.Combine(directory, LockedFile), new FileStreamOptions { Share = FileShare.ReadWrite | FileShare.Delete }));
            return file.ReadLine() is { } line && line.StartsWith("PID: ", StringComparison.Ordinal) ? $" ({line["PID: ".Length..].Trim()})" : "";
        }
        catch (IOException)
        {
            // Locked against reading too: the message must do without.
            return "";
        }
    }
}
