namespace Millrace.Streams.Checkpoints;

/// <summary>A folder of named, immutable byte strings. A name is there with all its bytes, safe on disk, or not at all.</summary>
internal abstract class CheckpointStore
{
    public abstract string Description { get; }

    /// <summary>Whether what is stored survives the process.</summary>
    public abstract bool IsDurable { get; }

    public static CheckpointStore Open(string? storage)
    {
        if (storage is null)
        {
            return new MemoryCheckpointStore();
        }

        if (Uri.TryCreate(storage, UriKind.Absolute, out var uri) && !uri.IsFile)
        {
            throw new CheckpointException(
                $"CheckpointStorage '{storage}': the scheme '{uri.Scheme}' is not supported. Use a local folder (or a mounted one), as a path or a file: URI.");
        }

        return new FileCheckpointStore(Path.GetFullPath(uri is { IsFile: true } ? uri.LocalPath : storage));
    }

    public abstract Task WriteAsync(string name, IReadOnlyList<ReadOnlyMemory<byte>> parts, CancellationToken cancellationToken);

    public abstract byte[] Read(string name, long offset, int length);

    public abstract long Length(string name);

    public abstract IReadOnlyList<string> List();

    public abstract void Delete(string name);
}

/// <summary>Keeps checkpoints for as long as the process lives: enough for the restart of a failed task.</summary>
internal sealed class MemoryCheckpointStore : CheckpointStore
{
    private readonly Dictionary<string, byte[]> _files = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    public override string Description => "memory";

    public override bool IsDurable => false;

    public override Task WriteAsync(string name, IReadOnlyList<ReadOnlyMemory<byte>> parts, CancellationToken cancellationToken)
    {
        var bytes = new byte[parts.Sum(static part => part.Length)];
        var position = 0;
        foreach (var part in parts)
        {
            part.CopyTo(bytes.AsMemory(position));
            position += part.Length;
        }

        lock (_lock)
        {
            _files[name] = bytes;
        }

        return Task.CompletedTask;
    }

    public override byte[] Read(string name, long offset, int length)
    {
        lock (_lock)
        {
            return _files[name].AsSpan((int)offset, length).ToArray();
        }
    }

    public override long Length(string name)
    {
        lock (_lock)
        {
            return _files[name].Length;
        }
    }

    public override IReadOnlyList<string> List()
    {
        lock (_lock)
        {
            return [.. _files.Keys];
        }
    }

    public override void Delete(string name)
    {
        lock (_lock)
        {
            _files.Remove(name);
        }
    }
}
