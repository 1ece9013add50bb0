using System.Runtime.InteropServices;

namespace Millrace.Streams.Checkpoints;

/// <summary>Keeps checkpoints as files: written under a temporary name, flushed, renamed, and the folder flushed, so that a name never stands for half a file.</summary>
internal sealed partial class FileCheckpointStore : CheckpointStore
{
    private const string Temporary = ".tmp";

    private readonly string _folder;

    public FileCheckpointStore(string folder)
    {
        _folder = folder;
        try
        {
            Directory.CreateDirectory(folder);
            foreach (var left in Directory.EnumerateFiles(folder, "*" + Temporary))
            {
                File.Delete(left);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"The checkpoint folder '{folder}' cannot be used: {exception.Message} Give the process a folder that it may write to.", exception);
        }
    }

    public override string Description => _folder;

    public override bool IsDurable => true;

    public override async Task WriteAsync(string name, IReadOnlyList<ReadOnlyMemory<byte>> parts, CancellationToken cancellationToken)
    {
        var target = Path.Combine(_folder, name);
        var temporary = target + Temporary;
        try
        {
            using (var handle = File.OpenHandle(temporary, FileMode.Create, FileAccess.Write, FileShare.None, FileOptions.Asynchronous))
            {
                await RandomAccess.WriteAsync(handle, parts, 0, cancellationToken);
                RandomAccess.FlushToDisk(handle);
            }

            File.Move(temporary, target, overwrite: true);
            FlushFolder();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"Checkpoint file '{target}' cannot be written: {exception.Message}", exception);
        }
    }

    public override byte[] Read(string name, long offset, int length)
    {
        using var handle = File.OpenHandle(Path.Combine(_folder, name));
        var bytes = new byte[length];
        var read = 0;
        while (read < length)
        {
            var count = RandomAccess.Read(handle, bytes.AsSpan(read), offset + read);
            if (count == 0)
            {
                throw new InvalidDataException($"'{name}' ends at {offset + read}, {length - read} bytes early.");
            }

            read += count;
        }

        return bytes;
    }

    public override long Length(string name) => new FileInfo(Path.Combine(_folder, name)).Length;

    public override IReadOnlyList<string> List() => [.. Directory.EnumerateFiles(_folder).Select(path => Path.GetFileName(path))];

    public override void Delete(string name) => File.Delete(Path.Combine(_folder, name));

    // A rename is safe only once the folder that holds the name is; .NET has no call for that. Windows needs none.
    private void FlushFolder()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var descriptor = Libc.Open(_folder, 0);
        if (descriptor >= 0)
        {
            _ = Libc.Fsync(descriptor);
            _ = Libc.Close(descriptor);
        }
    }

    private static partial class Libc
    {
        [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        internal static partial int Open(string path, int flags);

        [LibraryImport("libc", EntryPoint = "fsync")]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        internal static partial int Fsync(int descriptor);

        [LibraryImport("libc", EntryPoint = "close")]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        internal static partial int Close(int descriptor);
    }
}
