using System.Buffers.Binary;
using Millrace.Broker.Storage;

namespace Millrace.Broker.Log.Segments;

/// <summary>
/// The <c>.txnindex</c> file: the aborted transactions whose markers lie in the segment. Entries of 34 bytes: version 0, producer id, first
/// offset, last offset (the marker's), last stable offset after the marker.
/// </summary>
/// <remarks>Aborts are rare, so entries are few: they are kept in memory and copied on write; the file is written with the other indexes.</remarks>
internal sealed class TransactionIndex(LogFileSystem files, string path)
{
    private const int Size = 34;
    private AbortedTransaction[] _entries = [];

    public string Path { get; set; } = path;

    public IReadOnlyList<AbortedTransaction> Entries => Volatile.Read(ref _entries);

    /// <summary>Reads the file; no file means no aborted transaction.</summary>
    /// <exception cref="InvalidDataException">The file is malformed.</exception>
    public void Load()
    {
        if (!File.Exists(Path))
        {
            _entries = [];
            return;
        }

        var bytes = File.ReadAllBytes(Path).AsSpan();
        if (bytes.Length % Size != 0)
            throw new InvalidDataException($"{Path}: its size {bytes.Length} is no multiple of {Size}.");
        var entries = new AbortedTransaction[bytes.Length / Size];
        for (var i = 0; i < entries.Length; i++)
        {
            var entry = bytes.Slice(i * Size, Size);
            if (BinaryPrimitives.ReadInt16BigEndian(entry) != 0)
                throw new InvalidDataException($"{Path}: entry {i} has an unknown version.");
            entries[i] = new AbortedTransaction(
                BinaryPrimitives.ReadInt64BigEndian(entry[2..]),
                BinaryPrimitives.ReadInt64BigEndian(entry[10..]),
                BinaryPrimitives.ReadInt64BigEndian(entry[18..]),
                BinaryPrimitives.ReadInt64BigEndian(entry[26..]));
        }

        Volatile.Write(ref _entries, entries);
    }

    public void Append(in AbortedTransaction transaction) => Volatile.Write(ref _entries, [.. _entries, transaction]);

    public void Reset() => Volatile.Write(ref _entries, []);

    /// <summary>Writes the file, or removes it where there is no entry.</summary>
    public void Save()
    {
        var entries = _entries;
        if (entries.Length == 0)
        {
            files.DeleteFile(Path);
            return;
        }

        var bytes = new byte[entries.Length * Size];
        for (var i = 0; i < entries.Length; i++)
        {
            var entry = bytes.AsSpan(i * Size);
            BinaryPrimitives.WriteInt64BigEndian(entry[2..], entries[i].ProducerId);
            BinaryPrimitives.WriteInt64BigEndian(entry[10..], entries[i].FirstOffset);
            BinaryPrimitives.WriteInt64BigEndian(entry[18..], entries[i].LastOffset);
            BinaryPrimitives.WriteInt64BigEndian(entry[26..], entries[i].LastStableOffset);
        }

        files.Write(Path, bytes);
    }
}
