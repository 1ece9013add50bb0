using System.Runtime.InteropServices;

namespace Millrace.Engines;

/// <summary>The operating system's user that PostgreSQL runs as when this process is root.</summary>
/// <param name="Name">The user's name.</param>
/// <param name="Uid">The user's number.</param>
/// <param name="Gid">The number of the user's first group.</param>
internal sealed partial record UnprivilegedUser(string Name, uint Uid, uint Gid)
{
    /// <summary>The user to switch to, or null if this process is not root and just goes on as itself.</summary>
    /// <exception cref="EmbeddedPostgresException">The named user does not exist.</exception>
    internal static UnprivilegedUser? Find(string? name)
    {
        if (!OperatingSystem.IsLinux() || GetEffectiveUserId() != 0)
            return null;
        var users = File.ReadLines("/etc/passwd").Select(Parse).OfType<UnprivilegedUser>().Where(static user => user.Uid != 0).ToList();
        if (name is not null)
        {
            return users.Find(user => user.Name == name)
                ?? throw new EmbeddedPostgresException($"PostgreSQL refuses to run as root, and the user '{name}' that it should run as is not in /etc/passwd: create it, or name another one.");
        }

        return users.Find(static user => user.Name == "postgres") ?? users.Find(static user => user.Name == "nobody")
            // Every Debian and Ubuntu has nobody; a container made from scratch may have no users at all, and the kernel does not care.
            ?? new UnprivilegedUser("nobody", 65534, 65534);
    }

    /// <summary>Gives a file or a directory, with all that is in it, to this user.</summary>
    internal void Own(string path)
    {
        if (ChangeOwner(path, Uid, Gid) != 0)
            throw new EmbeddedPostgresException($"{path} can't be given to the user {Name}: {Marshal.GetLastPInvokeErrorMessage()}.");
        if (!Directory.Exists(path) || File.GetAttributes(path).HasFlag(FileAttributes.ReparsePoint))
            return;
        foreach (var inner in Directory.EnumerateFileSystemEntries(path))
            Own(inner);
    }

    /// <summary>True if this user may walk down to the path: every directory above it can be searched by others.</summary>
    internal static bool CanReach(string path)
    {
        for (var directory = Path.GetDirectoryName(Path.GetFullPath(path)); directory is not null; directory = Path.GetDirectoryName(directory))
        {
            if (OperatingSystem.IsWindows() || !File.GetUnixFileMode(directory).HasFlag(UnixFileMode.OtherExecute))
                return false;
        }

        return true;
    }

    /// <summary>The command line that runs a program as this user.</summary>
    internal string[] Command(string program, IEnumerable<string> arguments) =>
        // setpriv is part of util-linux, which Debian and Ubuntu call essential. su and runuser would need a login shell and PAM.
        ["setpriv", $"--reuid={Uid}", $"--regid={Gid}", "--clear-groups", "--", program, .. arguments];

    private static UnprivilegedUser? Parse(string line)
    {
        var parts = line.Split(':');
        return parts.Length >= 4 && uint.TryParse(parts[2], out var uid) && uint.TryParse(parts[3], out var gid) ? new UnprivilegedUser(parts[0], uid, gid) : null;
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEffectiveUserId();

    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint owner, uint group);
}
