using Millrace.Streams.Runtime;

namespace Millrace.Streams.Monitoring;

/// <summary>What part of the last second subtasks were busy, idle, or held back.</summary>
internal sealed class LoadSampler
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Subtask, LoadSample> _samples = [];

    public void Sample(IReadOnlyList<Subtask> subtasks)
    {
        lock (_lock)
        {
            foreach (var gone in _samples.Keys.Except(subtasks).ToList())
            {
                _samples.Remove(gone);
            }

            foreach (var subtask in subtasks)
            {
                var ticks = subtask.Metrics.Ticks();
                var before = _samples.GetValueOrDefault(subtask);
                _samples[subtask] = new LoadSample(ticks, before is null ? (0, 0, 1) : Ratios(before.Ticks, ticks));
            }
        }
    }

    public (double Busy, double BackPressured, double Idle) Of(Subtask subtask)
    {
        lock (_lock)
        {
            return _samples.GetValueOrDefault(subtask)?.Ratios ?? (0, 0, 1);
        }
    }

    private static (double Busy, double BackPressured, double Idle) Ratios(
        (long Busy, long Idle, long BackPressured) before, (long Busy, long Idle, long BackPressured) now)
    {
        var busy = (double)Math.Max(0, now.Busy - before.Busy);
        var held = (double)Math.Max(0, now.BackPressured - before.BackPressured);
        var idle = (double)Math.Max(0, now.Idle - before.Idle);
        var all = busy + held + idle;
        return all > 0 ? (busy / all, held / all, idle / all) : (0, 0, 1);
    }

    private sealed record LoadSample((long Busy, long Idle, long BackPressured) Ticks, (double Busy, double BackPressured, double Idle) Ratios);
}
