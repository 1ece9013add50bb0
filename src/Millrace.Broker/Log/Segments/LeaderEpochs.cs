using System.Globalization;
using System.Text;
using Millrace.Broker.Storage;

namespace Millrace.Broker.Log.Segments;

/// <summary>The file <c>leader-epoch-checkpoint</c>: each leader epoch and the offset where it starts (KIP-101).</summary>
internal sealed class LeaderEpochs
{
    public const string FileName = "leader-epoch-checkpoint";
    private readonly LogFileSystem _files;
    private readonly string _directory;
    private (int Epoch, long Start)[] _entries;
    private bool _dirty;

    private LeaderEpochs(LogFileSystem files, string directory, (int Epoch, long Start)[] entries)
    {
        _files = files;
        _directory = directory;
        _entries = entries;
    }

    public int? Latest => Volatile.Read(ref _entries) is { Length: > 0 } entries ? entries[^1].Epoch : null;

    /// <summary>The epochs of a log that has no batch yet.</summary>
    public static LeaderEpochs None(LogFileSystem files, string directory) => new(files, directory, []);

    /// <summary>Reads the file; no file means no epoch yet.</summary>
    /// <exception cref="InvalidDataException">The file is malformed.</exception>
    public static LeaderEpochs Load(LogFileSystem files, string directory)
    {
        var path = Path.Combine(directory, FileName);
        var entries = new List<(int, long)>();
        var lines = File.Exists(path) ? File.ReadAllLines(path) : ["0", "0"];
        if (lines.Length < 2 || lines[0] != "0")
            throw new InvalidDataException($"{path}: not a leader epoch checkpoint of version 0.");
        foreach (var line in lines.Skip(2))
        {
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            if (space < 0 || !int.TryParse(line[..space], CultureInfo.InvariantCulture, out var epoch)
                || !long.TryParse(line[(space + 1)..], CultureInfo.InvariantCulture, out var start))
            {
                throw new InvalidDataException($"{path}: the line '{line}' is not 'epoch offset'.");
            }

            entries.Add((epoch, start));
        }

        return new LeaderEpochs(files, directory, [.. entries]);
    }

    /// <summary>Notes the epoch of an appended batch.</summary>
    public void Note(int epoch, long offset)
    {
        if (epoch < 0 || epoch <= Latest)
            return;
        Volatile.Write(ref _entries, [.. _entries.Where(e => e.Start < offset), (epoch, offset)]);
        _dirty = true;
    }

    /// <summary>Forgets what begins at or after the new end of the log.</summary>
    public void TruncateTo(long endOffset)
    {
        if (_entries.Length == 0 || _entries[^1].Start < endOffset)
            return;
        Volatile.Write(ref _entries, [.. _entries.Where(e => e.Start < endOffset)]);
        _dirty = true;
    }

    /// <summary>Moves the start of the first epoch that is still there to the start of the log.</summary>
    public void StartAt(long startOffset)
    {
        var last = Array.FindLastIndex(_entries, e => e.Start <= startOffset);
        if (last < 0 || (last == 0 && _entries[0].Start == startOffset))
            return;
        Volatile.Write(ref _entries, [(_entries[last].Epoch, startOffset), .. _entries[(last + 1)..]]);
        _dirty = true;
    }

    public int EpochOf(long offset)
    {
        var entries = Volatile.Read(ref _entries);
        var index = Array.FindLastIndex(entries, e => e.Start <= offset);
        return index < 0 ? -1 : entries[index].Epoch;
    }

    /// <summary>Where the newest epoch that is not after <paramref name="epoch"/> ends.</summary>
    public EpochEndOffset EndOf(int epoch, long logEndOffset)
    {
        var entries = Volatile.Read(ref _entries);
        if (epoch < 0 || entries.Length == 0 || epoch > entries[^1].Epoch)
            return new EpochEndOffset(-1, -1);
        var index = Array.FindLastIndex(entries, e => e.Epoch <= epoch);
        if (index < 0)
            return new EpochEndOffset(epoch, entries[0].Start);
        return new EpochEndOffset(entries[index].Epoch, index + 1 < entries.Length ? entries[index + 1].Start : logEndOffset);
    }

    /// <summary>Writes the file if something changed.</summary>
    public void Save()
    {
        if (!_dirty)
            return;
        var entries = _entries;
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"0\n{entries.Length}\n");
        foreach (var (epoch, start) in entries)
            text.Append(CultureInfo.InvariantCulture, $"{epoch} {start}\n");
        _files.Replace(Path.Combine(_directory, FileName), text.ToString());
        _dirty = false;
    }
}
