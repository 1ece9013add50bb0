namespace Millrace.Streams.Checkpoints;

/// <summary>Remembers what became of a job's checkpoints, over its restarts.</summary>
internal sealed class CheckpointTracker
{
    private const int Remembered = 20;

    private readonly Lock _lock = new();
    private readonly LinkedList<CheckpointSummary> _history = new();
    private long _completed;
    private long _failed;

    public long? RestoredId { get; set; }

    public long Completed => Volatile.Read(ref _completed);

    public void Update(CheckpointSummary summary)
    {
        lock (_lock)
        {
            if (_history.First is { } first && first.Value.Id == summary.Id)
            {
                first.Value = summary;
            }
            else
            {
                _history.AddFirst(summary);
                if (_history.Count > Remembered)
                {
                    _history.RemoveLast();
                }
            }

            _completed += summary.Status == CheckpointStatus.Completed ? 1 : 0;
            _failed += summary.Status == CheckpointStatus.Failed ? 1 : 0;
        }
    }

    public CheckpointStatistics Statistics(bool isEnabled)
    {
        lock (_lock)
        {
            return new CheckpointStatistics(
                isEnabled, _completed, _failed, _history.Count(static one => one.Status == CheckpointStatus.InProgress), RestoredId, [.. _history]);
        }
    }
}
