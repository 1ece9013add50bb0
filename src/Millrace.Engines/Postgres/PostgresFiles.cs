namespace Millrace.Engines;

/// <summary>Places PostgreSQL's program and data where the server's user can use them.</summary>
internal static class PostgresFiles
{
    /// <summary>
    /// Where the program is usable by <paramref name="user"/>: in place, or, if a private directory (such as /root) is above it, in a copy outside.
    /// </summary>
    internal static string Home(string home, UnprivilegedUser? user)
    {
        if (user is null || UnprivilegedUser.CanReach(Path.Combine(home, "bin", "postgres")))
            return home;
        var name = Path.GetFileName(Path.GetDirectoryName(home.TrimEnd('/'))) is { Length: > 0 } package ? package : "postgres";
        var copy = Path.Combine(SharedCache(), name);
        if (File.Exists(Path.Combine(copy, "bin", "postgres")))
            return copy;

        // Two may copy at once: the one that renames later takes the other's copy.
        var temporary = $"{copy}.{Guid.NewGuid():N}";
        Copy(home, temporary);
        try
        {
            Directory.Move(temporary, copy);
        }
        catch (IOException) when (Directory.Exists(copy))
        {
            Directory.Delete(temporary, recursive: true);
        }

        return copy;
    }

    /// <summary>
    /// The data directory's name for a process of <paramref name="user"/>. If a private directory is above it, the name is
    /// <c>/proc/self/cwd</c>: each PostgreSQL process keeps its data directory as its working directory, and that one needs no path.
    /// </summary>
    internal static string DataName(string dataDirectory, UnprivilegedUser? user) =>
        user is null || UnprivilegedUser.CanReach(dataDirectory) ? dataDirectory : "/proc/self/cwd";

    private static string SharedCache()
    {
        foreach (var candidate in new[] { "/var/cache/millrace/engines", Path.Combine(Path.GetTempPath(), "millrace-engines") })
        {
            try
            {
                CreateOpen(candidate);
                if (UnprivilegedUser.CanReach(Path.Combine(candidate, "x")))
                    return candidate;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A read-only root file system: the next place may do.
            }
        }

        throw new EmbeddedPostgresException(
            "PostgreSQL refuses to run as root, and no place was found for a copy of it that another user can read: set MILLRACE_ENGINE_CACHE to a folder that every user can reach.");
    }

    private static void Copy(string from, string to)
    {
        CreateOpen(to);
        foreach (var entry in new DirectoryInfo(from).EnumerateFileSystemInfos())
        {
            var target = Path.Combine(to, entry.Name);
            if (entry.LinkTarget is { } link)
                File.CreateSymbolicLink(target, link);
            else if (entry is DirectoryInfo)
                Copy(entry.FullName, target);
            else
                File.Copy(entry.FullName, target, overwrite: true);
        }
    }

    private static void CreateOpen(string path)
    {
        if (Directory.Exists(path))
            return;
        CreateOpen(Path.GetDirectoryName(path)!);
        Directory.CreateDirectory(path);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
                | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        }
    }
}
