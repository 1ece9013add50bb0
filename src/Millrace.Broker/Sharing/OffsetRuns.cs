using System.Collections;
using System.Runtime.InteropServices;

namespace Millrace.Broker.Sharing;

/// <summary>Disjoint runs of offsets in ascending order. Neighbours of the same state are one run, so that a share partition costs what its differences cost.</summary>
internal sealed class OffsetRuns : IReadOnlyList<DeliveryRun>
{
    private readonly List<DeliveryRun> _runs;

    public OffsetRuns() => _runs = [];

    private OffsetRuns(List<DeliveryRun> runs) => _runs = runs;

    public int Count => _runs.Count;

    public DeliveryRun this[int index] => _runs[index];

    public OffsetRuns Clone() => new([.. _runs]);

    /// <summary>The index of the first run that ends at or after <paramref name="offset"/>; the number of runs if there is none.</summary>
    public int IndexOf(long offset)
    {
        var (low, high) = (0, _runs.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_runs[middle].Last < offset) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    /// <summary>The parts of runs that lie in a range.</summary>
    public IEnumerable<DeliveryRun> Within(long first, long last)
    {
        for (var i = IndexOf(first); i < _runs.Count && _runs[i].First <= last; i++)
            yield return _runs[i] with { First = Math.Max(first, _runs[i].First), Last = Math.Min(last, _runs[i].Last) };
    }

    /// <summary>Gives the offsets of <paramref name="run"/> its state, whatever they had.</summary>
    public void Set(in DeliveryRun run)
    {
        var from = IndexOf(run.First);
        var to = from;
        DeliveryRun? left = null;
        DeliveryRun? right = null;
        for (; to < _runs.Count && _runs[to].First <= run.Last; to++)
        {
            var old = _runs[to];
            if (old.First < run.First) left = old with { Last = run.First - 1 };
            if (old.Last > run.Last) right = old with { First = run.Last + 1 };
        }

        if (from == _runs.Count)
        {
            if (left is null && right is null) Append(run);
            return;
        }

        Span<DeliveryRun> pieces = new DeliveryRun[3];
        var count = 0;
        if (left is { } l) pieces[count++] = l;
        pieces[count++] = run;
        if (right is { } r) pieces[count++] = r;
        Replace(from, to - from, pieces[..count]);
        Merge(Math.Max(from - 1, 0), Math.Min(from + count, _runs.Count - 1));
    }

    /// <summary>Forgets all offsets before <paramref name="offset"/>.</summary>
    public void RemoveBefore(long offset)
    {
        var keep = IndexOf(offset);
        _runs.RemoveRange(0, keep);
        if (_runs.Count > 0 && _runs[0].First < offset) _runs[0] = _runs[0] with { First = offset };
    }

    /// <summary>Forgets all offsets from <paramref name="offset"/> on.</summary>
    public void RemoveFrom(long offset)
    {
        var at = IndexOf(offset);
        if (at == _runs.Count) return;
        var keep = _runs[at].First < offset ? at + 1 : at;
        _runs.RemoveRange(keep, _runs.Count - keep);
        if (keep > at) _runs[at] = _runs[at] with { Last = offset - 1 };
    }

    public IEnumerator<DeliveryRun> GetEnumerator() => _runs.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private void Append(in DeliveryRun run)
    {
        if (_runs.Count > 0 && _runs[^1].Last + 1 == run.First && _runs[^1].HasStateOf(run)) _runs[^1] = _runs[^1] with { Last = run.Last };
        else _runs.Add(run);
    }

    private void Replace(int at, int removed, ReadOnlySpan<DeliveryRun> pieces)
    {
        var common = Math.Min(removed, pieces.Length);
        pieces[..common].CopyTo(CollectionsMarshal.AsSpan(_runs)[at..]);
        if (removed > common) _runs.RemoveRange(at + common, removed - common);
        else if (pieces.Length > common) _runs.InsertRange(at + common, pieces[common..].ToArray());
    }

    private void Merge(int from, int to)
    {
        for (var i = to; i > from; i--)
        {
            if (_runs[i - 1].Last + 1 != _runs[i].First || !_runs[i - 1].HasStateOf(_runs[i])) continue;
            _runs[i - 1] = _runs[i - 1] with { Last = _runs[i].Last };
            _runs.RemoveAt(i);
        }
    }
}
