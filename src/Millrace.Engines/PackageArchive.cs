using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json;

namespace Millrace.Engines;

/// <summary>Unpacks an npm tarball into a folder that appears at once and complete.</summary>
internal static class PackageArchive
{
    // npm tarballs hold no symbolic links; the PostgreSQL package lists them here, as pairs of paths below the package.
    private const string LinkList = "native/pg-symlinks.json";

    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Executable = Readable | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Unpacks <paramref name="tarball"/> to <paramref name="home"/>.</summary>
    /// <exception cref="InvalidDataException">The tarball tries to write outside its folder, or is damaged.</exception>
    internal static async Task UnpackAsync(string tarball, string home, EnginePackage package, IProgress<EngineProgress>? progress, CancellationToken ct)
    {
        var temporary = home + ".unpacking";
        if (Directory.Exists(temporary))
            Directory.Delete(temporary, recursive: true);
        CreateDirectory(temporary);

        await using (var file = File.OpenRead(tarball))
        await using (var gzip = new GZipStream(file, CompressionMode.Decompress))
        await using (var tar = new TarReader(gzip))
        {
            while (await tar.GetNextEntryAsync(copyData: false, ct) is { } entry)
            {
                if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile))
                    continue;
                await WriteAsync(temporary, entry, ct);
                progress?.Report(new EngineProgress(package, EngineStage.Unpacking, file.Position, file.Length));
            }
        }

        RestoreLinks(temporary);
        Directory.Move(temporary, home);
    }

    private static async Task WriteAsync(string root, TarEntry entry, CancellationToken ct)
    {
        // npm's rule: the first folder's name (usually "package") is dropped.
        var slash = entry.Name.IndexOf('/', StringComparison.Ordinal);
        var path = Inside(root, entry.Name[(slash + 1)..]);
        CreateDirectory(Path.GetDirectoryName(path)!);
        var mode = entry.Mode.HasFlag(UnixFileMode.UserExecute) ? Executable : Readable;
        await using (var output = File.Create(path))
        {
            if (entry.DataStream is { } data)
                await data.CopyToAsync(output, ct);
        }

        // The umask may have taken bits away; an unprivileged user must be able to read what root provisions.
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, mode);
    }

    private static void RestoreLinks(string root)
    {
        var list = Path.Combine(root, LinkList);
        if (!File.Exists(list))
            return;
        using var document = JsonDocument.Parse(File.ReadAllBytes(list));
        foreach (var pair in document.RootElement.EnumerateArray())
        {
            var source = Inside(root, pair.GetProperty("source").GetString() ?? "");
            var target = Inside(root, pair.GetProperty("target").GetString() ?? "");
            if (Path.Exists(target) || source == target)
                continue;
            File.CreateSymbolicLink(target, Path.GetRelativePath(Path.GetDirectoryName(target)!, source));
        }
    }

    private static string Inside(string root, string relative)
    {
        var path = Path.GetFullPath(Path.Combine(root, relative));
        return relative.Length > 0 && path.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? path
            : throw new InvalidDataException($"the package holds a path outside its folder: '{relative}'");
    }

    private static void CreateDirectory(string path)
    {
        if (Directory.Exists(path))
            return;
        CreateDirectory(Path.GetDirectoryName(path)!);
        Directory.CreateDirectory(path);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, Executable);
    }
}
