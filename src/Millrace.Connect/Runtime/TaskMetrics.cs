namespace Millrace.Connect;

/// <summary>Counts of one task, for GET /connectors/{name}/metrics. Written by the task's flow, read by anyone.</summary>
internal sealed class TaskMetrics(TimeProvider time)
{
    private static readonly TimeSpan RateWindow = TimeSpan.FromSeconds(5);
    private readonly Lock _lock = new();
    private readonly SortedSet<string> _topics = new(StringComparer.Ordinal);
    private long _records;
    private long _transactions;
    private long _errors;
    private long _skipped;
    private long _windowStart = time.GetTimestamp();
    private long _windowRecords;
    private double _rate;

    internal Func<IReadOnlyDictionary<string, object?>>? Extra { get; set; }

    internal void Committed(int records)
    {
        lock (_lock)
        {
            _records += records;
            _transactions++;
            Roll(records);
        }
    }

    /// <summary>The topics that the task has written to or read from.</summary>
    internal string[] Topics
    {
        get
        {
            lock (_lock) return [.. _topics];
        }
    }

    internal void Saw(string topic)
    {
        lock (_lock) _topics.Add(topic);
    }

    internal void Failed() => Interlocked.Increment(ref _errors);

    internal void Skipped() => Interlocked.Increment(ref _skipped);

    internal Dictionary<string, object?> Read()
    {
        Dictionary<string, object?> result;
        lock (_lock)
        {
            Roll(0);
            result = new(StringComparer.Ordinal)
            {
                ["records"] = _records,
                ["records_per_second"] = Math.Round(_rate, 1),
                ["commits"] = _transactions,
                ["errors"] = Interlocked.Read(ref _errors),
                ["skipped"] = Interlocked.Read(ref _skipped),
            };
        }

        try
        {
            foreach (var (key, value) in Extra?.Invoke() ?? new Dictionary<string, object?>(StringComparer.Ordinal)) result[key] = value;
        }
        catch (ObjectDisposedException)
        {
            // The task has just ended: its counts are still true.
        }

        return result;
    }

    // The rate is that of the last whole window: long enough to be steady, short enough to be live.
    private void Roll(int records)
    {
        _windowRecords += records;
        var elapsed = time.GetElapsedTime(_windowStart);
        if (elapsed < RateWindow) return;
        _rate = _windowRecords / elapsed.TotalSeconds;
        _windowRecords = 0;
        _windowStart = time.GetTimestamp();
    }
}
