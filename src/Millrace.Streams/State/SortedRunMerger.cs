using Millrace.Streams.Runtime;
using Millrace.Streams.Serialization;

namespace Millrace.Streams.State;

/// <summary>Merges runs, oldest first, into one. Knows bytes only, so it can run beside the job.</summary>
internal static class SortedRunMerger
{
    /// <summary>Merges runs.</summary>
    /// <param name="runs">The runs, oldest first, each with the key groups to take from it.</param>
    /// <param name="dropsDeletions">Whether the oldest run of all is among them, so that a deletion has nothing left to delete.</param>
    public static byte[] Merge(IReadOnlyList<(byte[] Run, KeyGroupRange Range)> runs, bool dropsDeletions)
    {
        var formats = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var sections = new List<Dictionary<string, RunSection>>();
        foreach (var (run, _) in runs)
        {
            var byName = SortedRun.Sections(run).ToDictionary(section => section.Name, StringComparer.Ordinal);
            sections.Add(byName);
            foreach (var section in byName.Values)
            {
                formats[section.Name] = section.Format;
            }
        }

        var target = new StateWriter(runs.Sum(entry => entry.Run.Length));
        var entries = new StateWriter(4096);
        target.WriteByte(SortedRunBuilder.Version);
        target.WriteLength(formats.Count);
        foreach (var (name, format) in formats)
        {
            var cursors = new List<Cursor>();
            for (var index = 0; index < runs.Count; index++)
            {
                if (sections[index].TryGetValue(name, out var section))
                {
                    cursors.Add(new Cursor(runs[index].Run, runs[index].Range, section));
                }
            }

            entries.Clear();
            var count = MergeSection(cursors, entries, dropsDeletions);
            target.WriteString(name);
            target.WriteString(format);
            target.WriteLength(count);
            target.WriteLength(entries.Length);
            target.WriteRaw(entries.Written);
        }

        return target.ToArray();
    }

    private static int MergeSection(List<Cursor> cursors, StateWriter target, bool dropsDeletions)
    {
        var count = 0;
        while (true)
        {
            Cursor? least = null;
            foreach (var cursor in cursors)
            {
                // Among equal addresses the newest run wins; the older entries are passed over below.
                if (cursor.HasCurrent && (least is null || cursor.Address.SequenceCompareTo(least.Address) <= 0))
                {
                    least = cursor;
                }
            }

            if (least is null)
            {
                return count;
            }

            if (!(dropsDeletions && least.Current.IsDelete))
            {
                target.WriteRaw(least.Bytes);
                count++;
            }

            foreach (var cursor in cursors)
            {
                if (cursor != least && cursor.HasCurrent && cursor.Address.SequenceEqual(least.Address))
                {
                    cursor.Next();
                }
            }

            least.Next();
        }
    }

    private sealed class Cursor
    {
        private readonly byte[] _run;
        private readonly KeyGroupRange _range;
        private readonly int _end;
        private int _position;

        public Cursor(byte[] run, KeyGroupRange range, RunSection section)
        {
            _run = run;
            _range = range;
            _position = section.Start;
            _end = section.Start + section.Length;
            Next();
        }

        public bool HasCurrent { get; private set; }

        public RunEntry Current { get; private set; }

        public ReadOnlySpan<byte> Address => _run.AsSpan(Current.Start, Current.AddressLength);

        public ReadOnlySpan<byte> Bytes => _run.AsSpan(Current.Start, Current.End - Current.Start);

        public void Next()
        {
            while (_position < _end)
            {
                Current = SortedRun.ReadEntry(_run, ref _position);
                if (_range.Contains(Current.Group))
                {
                    HasCurrent = true;
                    return;
                }
            }

            HasCurrent = false;
        }
    }
}
