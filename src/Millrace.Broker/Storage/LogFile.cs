using Microsoft.Win32.SafeHandles;

namespace Millrace.Broker.Storage;

/// <summary>One open file of a log. Virtual, so that a test can let a disk run full or fail.</summary>
internal class LogFile : IDisposable
{
    private readonly SafeFileHandle _handle;

    public LogFile(string path)
    {
        Path = path;
        // ReadWrite sharing keeps .NET from taking an advisory lock for each file: the directory has one lock.
        _handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
    }

    public string Path { get; private set; }

    public long Length => RandomAccess.GetLength(_handle);

    /// <summary>Writes all bytes, or throws and leaves an unknown part of them behind.</summary>
    public virtual void Write(ReadOnlySpan<byte> bytes, long position) => RandomAccess.Write(_handle, bytes, position);

    /// <summary>Writes several buffers with one call of the system.</summary>
    public virtual void Write(IReadOnlyList<ReadOnlyMemory<byte>> buffers, long position) => RandomAccess.Write(_handle, buffers, position);

    /// <summary>Reads until the buffer is full or the file ends.</summary>
    public virtual int Read(Span<byte> buffer, long position)
    {
        var total = 0;
        while (total < buffer.Length)
        {
            var read = RandomAccess.Read(_handle, buffer[total..], position + total);
            if (read == 0)
                break;
            total += read;
        }

        return total;
    }

    public virtual void SetLength(long length) => RandomAccess.SetLength(_handle, length);

    /// <summary>Writes through to the disk.</summary>
    public virtual void Flush() => RandomAccess.FlushToDisk(_handle);

    /// <summary>Gives the open file another name.</summary>
    public void Rename(string path)
    {
        File.Move(Path, path, overwrite: true);
        Path = path;
    }

    /// <summary>Notes that the file's directory was renamed.</summary>
    public void Moved(string path) => Path = path;

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
            _handle.Dispose();
    }
}
