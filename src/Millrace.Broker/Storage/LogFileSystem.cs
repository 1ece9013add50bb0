using System.Text;

namespace Millrace.Broker.Storage;

/// <summary>What logs need of a file system. Virtual for the same reason as <see cref="LogFile"/>.</summary>
internal class LogFileSystem
{
    public static LogFileSystem Default { get; } = new();

    public virtual LogFile Open(string path) => new(path);

    /// <summary>Replaces a small file so that a crash leaves the old or the new contents.</summary>
    public virtual void Replace(string path, ReadOnlySpan<byte> contents)
    {
        var temporary = path + ".tmp";
        using (var file = File.OpenHandle(temporary, FileMode.Create, FileAccess.Write))
        {
            RandomAccess.Write(file, contents, 0);
            RandomAccess.FlushToDisk(file);
        }

        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Writes a file that can be rebuilt: no flush, no rename.</summary>
    public virtual void Write(string path, ReadOnlySpan<byte> contents)
    {
        using var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write);
        RandomAccess.Write(file, contents, 0);
    }

    public void Replace(string path, string contents) => Replace(path, Encoding.UTF8.GetBytes(contents));

    public virtual void DeleteFile(string path) => File.Delete(path);

    public virtual void DeleteDirectory(string path) => Directory.Delete(path, recursive: true);
}
