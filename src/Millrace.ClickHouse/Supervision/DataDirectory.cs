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
        // Reading the file would ask for its lock. The system says who has it open; the server is the engine's parent.
        try
        {
            return WhoHas(Path.Combine(directory, LockedFile)) is not { } engine ? ""
                : ParentOf(engine) is { } server ? $" (PID {server}, its engine {engine})" : $" (PID {engine})";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not Linux, or it has just ended: the message must do without.
            return "";
        }
    }

    private static string? WhoHas(string file) =>
        Directory.EnumerateDirectories("/proc").Select(static process => Path.GetFileName(process)).Where(static name => char.IsAsciiDigit(name[0])).FirstOrDefault(process => HasOpen(process, file));

    private static bool HasOpen(string process, string file)
    {
        try
        {
            return Directory.EnumerateFiles($"/proc/{process}/fd").Any(descriptor => new FileInfo(descriptor).LinkTarget == file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another user's process, or one that has just ended.
            return false;
        }
    }

    private static string? ParentOf(string process)
    {
        var parent = File.ReadLines($"/proc/{process}/status").FirstOrDefault(static line => line.StartsWith("PPid:", StringComparison.Ordinal))?["PPid:".Length..].Trim();
        return parent is null or "0" or "1" ? null : parent;
    }
}
