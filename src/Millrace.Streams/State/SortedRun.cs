using System.IO.Hashing;
using Millrace.Streams.Runtime;
using Millrace.Streams.Serialization;

namespace Millrace.Streams.State;

/// <summary>
/// Builds a sorted run: the changes of a subtask's states since the last checkpoint. Runs are what checkpoints consist of: an operator's state is its runs, oldest first;
/// a later entry replaces an earlier one, and a deletion removes it. They are sorted by state, key group, key and namespace, so that runs can be merged
/// without understanding what is in them, and a key-group range can be taken out.
/// </summary>
/// <remarks>
/// Format: version byte 1, number of states; per state its name, its format, number of entries, length of the entries in bytes; per entry key group (2 bytes),
/// key (length, bytes), namespace (length, bytes), value length + 1 or 0 for a deletion, value.
/// </remarks>
internal sealed class SortedRunBuilder(int maxParallelism)
{
    public const byte Version = 1;

    private readonly StateWriter _bytes = new(4096);
    private readonly List<Entry> _entries = [];
    private int _keyStart;

    public StateWriter Key { get; } = new();

    public StateWriter Namespace { get; } = new();

    public StateWriter Value { get; } = new(1024);

    public bool HasEntries => _entries.Count > 0;

    public void Begin()
    {
        Key.Clear();
        Namespace.Clear();
        Value.Clear();
    }

    public void Put() => Append(isDelete: false);

    public void Delete() => Append(isDelete: true);

    /// <summary>Writes the entries so far as one state's section and starts the next.</summary>
    public void WriteSection(StateWriter target, string name, string format)
    {
        var bytes = _bytes.Written;
        _entries.Sort(new ByAddress(_bytes));
        target.WriteString(name);
        target.WriteString(format);
        var count = 0;
        var length = 0;
        for (var index = 0; index < _entries.Count; index++)
        {
            if (IsLastOfAddress(bytes, index))
            {
                count++;
                length += _entries[index].Length;
            }
        }

        target.WriteLength(count);
        target.WriteLength(length);
        for (var index = 0; index < _entries.Count; index++)
        {
            if (IsLastOfAddress(bytes, index))
            {
                target.WriteRaw(bytes.Slice(_entries[index].Start, _entries[index].Length));
            }
        }

        _entries.Clear();
        _bytes.Clear();
    }

    private void Append(bool isDelete)
    {
        var group = KeyGroups.OfHash(XxHash3.HashToUInt64(Key.Written), maxParallelism);
        _keyStart = _bytes.Length;
        _bytes.WriteByte((byte)(group >> 8));
        _bytes.WriteByte((byte)group);
        _bytes.WriteBytes(Key.Written);
        _bytes.WriteBytes(Namespace.Written);
        var addressLength = _bytes.Length - _keyStart;
        if (isDelete)
        {
            _bytes.WriteLength(0);
        }
        else
        {
            _bytes.WriteLength(Value.Length + 1);
            _bytes.WriteRaw(Value.Written);
        }

        _entries.Add(new Entry(_keyStart, addressLength, _bytes.Length - _keyStart));
    }

    // An entry that was removed and made again is listed twice, both times with the value of now: one of them is enough.
    private bool IsLastOfAddress(ReadOnlySpan<byte> bytes, int index) =>
        index == _entries.Count - 1 || !bytes.Slice(_entries[index].Start, _entries[index].AddressLength)
            .SequenceEqual(bytes.Slice(_entries[index + 1].Start, _entries[index + 1].AddressLength));

    [System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
    private readonly record struct Entry(int Start, int AddressLength, int Length);

    private sealed class ByAddress(StateWriter bytes) : IComparer<Entry>
    {
        public int Compare(Entry x, Entry y) => bytes.Written.Slice(x.Start, x.AddressLength).SequenceCompareTo(bytes.Written.Slice(y.Start, y.AddressLength));
    }
}

/// <summary>An entry of a sorted run, as positions in its bytes.</summary>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
internal readonly record struct RunEntry(int Group, int Start, int AddressLength, int KeyStart, int KeyLength, int NsStart, int NsLength, int ValueStart, int ValueLength, int End)
{
    public bool IsDelete => ValueLength < 0;
}

/// <summary>One state's part of a sorted run.</summary>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
internal readonly record struct RunSection(string Name, string Format, int Count, int Start, int Length);

/// <summary>Reads sorted runs. Everything is checked against the bytes that are there: a run comes from a disk.</summary>
internal static class SortedRun
{
    public static List<RunSection> Sections(ReadOnlySpan<byte> run)
    {
        var reader = new StateReader(run);
        var version = reader.ReadByte();
        if (version != SortedRunBuilder.Version)
        {
            throw new InvalidDataException($"The state has format version {version}; this program reads version {SortedRunBuilder.Version}. Use a newer Millrace.");
        }

        var sections = new List<RunSection>();
        for (var left = reader.ReadLength(); left > 0; left--)
        {
            var name = reader.ReadString();
            var format = reader.ReadString();
            var count = reader.ReadLength();
            var length = reader.ReadLength();
            var start = run.Length - reader.Remaining;
            reader.ReadRaw(length);
            sections.Add(new RunSection(name, format, count, start, length));
        }

        return sections;
    }

    /// <summary>How many entries a run has, deletions included.</summary>
    public static long CountOf(ReadOnlySpan<byte> run) => Sections(run).Sum(static section => (long)section.Count);

    /// <summary>Reads the entry at a position and moves the position behind it.</summary>
    public static RunEntry ReadEntry(ReadOnlySpan<byte> run, ref int position)
    {
        var start = position;
        var reader = new StateReader(run[start..]);
        var group = (reader.ReadByte() << 8) | reader.ReadByte();
        var keyLength = reader.ReadLength();
        var keyStart = run.Length - reader.Remaining;
        reader.ReadRaw(keyLength);
        var nsLength = reader.ReadLength();
        var nsStart = run.Length - reader.Remaining;
        reader.ReadRaw(nsLength);
        var addressLength = run.Length - reader.Remaining - start;
        var valueLength = reader.ReadLength() - 1;
        var valueStart = run.Length - reader.Remaining;
        reader.ReadRaw(Math.Max(valueLength, 0));
        position = run.Length - reader.Remaining;
        return new RunEntry(group, start, addressLength, keyStart, keyLength, nsStart, nsLength, valueStart, valueLength, position);
    }
}
