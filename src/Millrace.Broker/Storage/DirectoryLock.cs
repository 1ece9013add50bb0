namespace Millrace.Broker.Storage;

/// <summary>Keeps a second process out of a data directory.</summary>
internal sealed class DirectoryLock : IDisposable
{
    private readonly FileStream _file;

    private DirectoryLock(FileStream file) => _file = file;

    /// <summary>Takes the lock.</summary>
    /// <exception cref="IOException">Another process has the directory.</exception>
    public static DirectoryLock Take(string directory)
    {
        try
        {
            return new DirectoryLock(new FileStream(Path.Combine(directory, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e)
        {
            throw new IOException($"The data directory {directory} is in use by another process. Stop it, or choose another directory with --data DIR (DataDirectory).", e);
        }
    }

    public void Dispose() => _file.Dispose();
}
