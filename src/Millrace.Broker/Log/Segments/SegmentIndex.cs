using Millrace.Broker.Storage;

namespace Millrace.Broker.Log.Segments;

/// <summary>
/// A sorted index beside a segment, kept in its binary form. The active segment's index lives in memory and is written when the segment is
/// sealed or the log is closed: after a crash it is rebuilt, so writing each entry at once would buy nothing. A sealed segment's index is read
/// when it is first asked for, and held weakly.
/// </summary>
/// <remarks>One writer appends while readers look up without a lock: entries are complete before the length moves.</remarks>
internal abstract class SegmentIndex(LogFileSystem files, string path, long baseOffset, int entrySize)
{
    private readonly WeakReference<byte[]?> _loaded = new(null);
    private byte[]? _active;
    private int _length;

    public long BaseOffset { get; } = baseOffset;

    public string Path { get; set; } = path;

    protected int EntrySize { get; } = entrySize;

    /// <summary>Entries so far in the active index.</summary>
    public int Count => Volatile.Read(ref _length) / EntrySize;

    public bool IsActive => Volatile.Read(ref _active) is not null;

    /// <summary>Starts an empty index in memory.</summary>
    public void Reset()
    {
        Volatile.Write(ref _length, 0);
        Volatile.Write(ref _active, []);
    }

    /// <summary>Takes the file's entries into memory, to go on appending.</summary>
    /// <exception cref="InvalidDataException">The file is malformed.</exception>
    public void LoadActive()
    {
        var bytes = LoadFile();
        Volatile.Write(ref _active, bytes);
        Volatile.Write(ref _length, bytes.Length);
    }

    /// <summary>Writes the file. The entries stay in memory.</summary>
    public void Save()
    {
        if (_active is { } active)
            files.Write(Path, active.AsSpan(0, _length));
    }

    /// <summary>Lets go of the memory. The file was saved before.</summary>
    public void Seal()
    {
        _loaded.SetTarget(_active?.AsSpan(0, _length).ToArray());
        Volatile.Write(ref _active, null);
    }

    /// <summary>Checks that a sealed index can be read.</summary>
    /// <exception cref="InvalidDataException">It cannot.</exception>
    public void Check() => LoadFile();

    protected ReadOnlySpan<byte> Entries()
    {
        // The length is read first: an array that is seen later holds at least that much.
        var length = Volatile.Read(ref _length);
        if (Volatile.Read(ref _active) is { } active)
            return active.AsSpan(0, Math.Min(length, active.Length));
        if (!_loaded.TryGetTarget(out var bytes) || bytes is null)
        {
            bytes = LoadFile();
            _loaded.SetTarget(bytes);
        }

        return bytes;
    }

    protected Span<byte> NewEntry()
    {
        var active = _active ?? throw new InvalidOperationException($"{Path} is sealed.");
        if (active.Length - _length < EntrySize)
        {
            Array.Resize(ref active, Math.Max(EntrySize * 32, active.Length * 2));
            Volatile.Write(ref _active, active);
        }

        return active.AsSpan(_length, EntrySize);
    }

    protected void Publish() => Volatile.Write(ref _length, _length + EntrySize);

    /// <summary>Names what is wrong with the entries, or null.</summary>
    protected abstract string? Validate(ReadOnlySpan<byte> entries);

    private byte[] LoadFile()
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(Path);
        }
        catch (FileNotFoundException e)
        {
            throw new InvalidDataException($"{Path} is missing.", e);
        }

        var error = bytes.Length % EntrySize != 0 ? $"its size {bytes.Length} is no multiple of {EntrySize}" : Validate(bytes);
        return error is null ? bytes : throw new InvalidDataException($"{Path}: {error}.");
    }
}
