using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Millrace.Console.Sampling;

/// <summary>One value of a metric at one moment.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Sample(DateTimeOffset Time, double Value);

/// <summary>Keeps the last samples of each metric in a ring, so that pages can draw history without any database.</summary>
internal sealed class MetricStore(int capacity)
{
    // Rates are taken over this long: short enough to feel live, long enough not to flicker with batches.
    private static readonly TimeSpan RateWindow = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, Ring> _rings = new(StringComparer.Ordinal);

    public void Record(string metric, DateTimeOffset time, double value) => _rings.GetOrAdd(metric, static (_, size) => new Ring(size), capacity).Add(new Sample(time, value));

    /// <summary>Records a counter and, under <paramref name="rateMetric"/>, its growth per second.</summary>
    /// <param name="metric">The counter.</param>
    /// <param name="rateMetric">Its growth.</param>
    /// <param name="time">When it had the value.</param>
    /// <param name="value">The value.</param>
    /// <param name="share">What part of the growth counts; while that is not known, only standing still is told.</param>
    public void RecordCounter(string metric, string rateMetric, DateTimeOffset time, double value, double? share = 1)
    {
        Record(metric, time, value);
        if (RateOf(metric) is { } rate && (rate == 0 ? 0 : rate * share) is { } counted) Record(rateMetric, time, counted);
    }

    public double? Latest(string metric) => _rings.TryGetValue(metric, out var ring) && ring.Last() is { } sample ? sample.Value : null;

    public Sample[] Series(string metric) => _rings.TryGetValue(metric, out var ring) ? ring.ToArray() : [];

    /// <summary>All metrics whose name begins so, with their latest value.</summary>
    public IEnumerable<(string Metric, double Value)> Latest() =>
        _rings.Select(static pair => (pair.Key, pair.Value.Last())).Where(static pair => pair.Item2 is not null).Select(static pair => (pair.Key, pair.Item2!.Value.Value));

    /// <summary>Forgets metrics of things that are gone.</summary>
    public void Prune(DateTimeOffset before)
    {
        foreach (var (metric, ring) in _rings)
        {
            if (ring.Last() is { } last && last.Time < before) _rings.TryRemove(metric, out _);
        }
    }

    private double? RateOf(string metric) => _rings.TryGetValue(metric, out var ring) ? ring.Rate(RateWindow) : null;

    private sealed class Ring(int capacity)
    {
        private readonly Lock _lock = new();
        private Sample[] _samples = new Sample[Math.Min(16, capacity)];
        private int _count;
        private int _next;

        public void Add(Sample sample)
        {
            lock (_lock)
            {
                if (_count == _samples.Length && _count < capacity) Grow();
                _samples[_next] = sample;
                _next = (_next + 1) % _samples.Length;
                if (_count < _samples.Length) _count++;
            }
        }

        public Sample? Last()
        {
            lock (_lock) return _count == 0 ? null : At(_count - 1);
        }

        public Sample[] ToArray()
        {
            lock (_lock)
            {
                var copy = new Sample[_count];
                for (var i = 0; i < _count; i++) copy[i] = At(i);
                return copy;
            }
        }

        public double? Rate(TimeSpan window)
        {
            lock (_lock)
            {
                if (_count < 2) return null;
                var last = At(_count - 1);
                var from = _count - 2;
                while (from > 0 && last.Time - At(from).Time < window) from--;
                var first = At(from);
                var seconds = (last.Time - first.Time).TotalSeconds;
                // A counter that falls was reset (a topic made anew, a job restarted).
                return seconds <= 0 ? null : Math.Max(0, (last.Value - first.Value) / seconds);
            }
        }

        private Sample At(int index) => _samples[(_next - _count + index + _samples.Length) % _samples.Length];

        private void Grow()
        {
            var larger = new Sample[Math.Min(capacity, _samples.Length * 4)];
            for (var i = 0; i < _count; i++) larger[i] = At(i);
            _samples = larger;
            _next = _count % larger.Length;
        }
    }
}
