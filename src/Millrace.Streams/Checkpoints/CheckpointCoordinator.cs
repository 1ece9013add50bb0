using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Millrace.Streams.Connectors;
using Millrace.Streams.Graph;
using Millrace.Streams.Runtime;

namespace Millrace.Streams.Checkpoints;

/// <summary>How a run of a job ended without a failure.</summary>
internal enum RunOutcome
{
    Finished,
    Stopped,
}

/// <summary>
/// Takes checkpoints, one at a time: trigger the sources, collect the snapshots, write them ("prepared"), let the commit point commit, tell the subtasks.
/// The last checkpoint of a bounded job is taken after all sources ended, so that its outputs are committed too; until then ended sources go on passing barriers.
/// Without checkpointing the same rounds run without state, so that sinks flush before sources commit their offsets: at least once.
/// </summary>
internal sealed class CheckpointCoordinator
{
    private static readonly TimeSpan s_intervalWithoutState = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_mostTimeToHear = TimeSpan.FromSeconds(10);

    private readonly JobGraph _graph;
    private readonly IReadOnlyList<Subtask> _subtasks;
    private readonly CheckpointCatalog? _catalog;
    private readonly ICommitPoint? _commitPoint;
    private readonly CheckpointTracker _tracker;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly ConcurrentQueue<TaskCompletionSource<long>> _requests = new();
    private readonly HashSet<Subtask> _openSources;
    private readonly Lock _lock = new();
    private TaskCompletionSource _wake = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Pending? _pending;
    private Task _heard = Task.CompletedTask;
    private bool _stopRequested;
    private long _idWithoutCatalog;
    private long _lastActivity;
    private int _failuresInARow;

    public CheckpointCoordinator(
        JobGraph graph, IReadOnlyList<Subtask> subtasks, CheckpointCatalog? catalog, ICommitPoint? commitPoint, CheckpointTracker tracker,
        TimeProvider timeProvider, ILogger logger)
    {
        _graph = graph;
        _subtasks = subtasks;
        _catalog = catalog;
        _commitPoint = commitPoint;
        _tracker = tracker;
        _timeProvider = timeProvider;
        _logger = logger;
        _openSources = [.. subtasks.Where(static one => one.IsSource)];
    }

    public void RequestStop()
    {
        _stopRequested = true;
        Wake();
    }

    public Task<long> RequestCheckpoint()
    {
        var request = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        _requests.Enqueue(request);
        Wake();
        return request.Task;
    }

    public void OnSnapshot(Subtask subtask, long checkpointId, IReadOnlyList<OperatorSnapshot> snapshots)
    {
        lock (_lock)
        {
            // Changes count even if they come too late for their checkpoint: the subtask will not report them again.
            foreach (var snapshot in snapshots)
            {
                _catalog?.AddChanges(subtask.Index, snapshot);
            }

            if (_pending is { } pending && pending.Id == checkpointId)
            {
                foreach (var snapshot in snapshots)
                {
                    if (snapshot.Splits is { } splits)
                    {
                        pending.Positions.TryAdd(snapshot.Uid, []);
                        pending.Positions[snapshot.Uid].AddRange(splits.Select(static split => split.ToSplit()));
                    }
                }

                pending.Missing.Remove(subtask);
                if (pending.Missing.Count == 0)
                {
                    pending.AllSnapshots.TrySetResult();
                }
            }
        }
    }

    public void OnEndOfInput(Subtask subtask)
    {
        lock (_lock)
        {
            _openSources.Remove(subtask);
        }

        Wake();
    }

    /// <summary>Runs until the job has finished or stopped.</summary>
    public async Task<RunOutcome> RunAsync(CancellationToken cancellationToken)
    {
        var interval = _graph.Checkpointing.Interval ?? s_intervalWithoutState;
        var next = _timeProvider.GetUtcNow() + interval;
        try
        {
            while (true)
            {
                var ended = AllSourcesEnded();
                var wait = next - _timeProvider.GetUtcNow();
                if (wait > TimeSpan.Zero && !ended && !_stopRequested && _requests.IsEmpty)
                {
                    await SleepAsync(wait, cancellationToken);
                    continue;
                }

                if (_stopRequested && _catalog is null && !ended)
                {
                    return RunOutcome.Stopped;
                }

                var stopping = _stopRequested;
                var isDue = wait <= TimeSpan.Zero;
                var start = _timeProvider.GetUtcNow();
                var activity = _subtasks.Sum(static one => Volatile.Read(ref one.Metrics.Activity));
                var committed = true;
                if (ended || stopping || !_requests.IsEmpty || activity != _lastActivity)
                {
                    committed = await TakeAsync(activity, cancellationToken);
                }

                if ((ended && committed) || stopping)
                {
                    await AllHaveHeardAsync(cancellationToken);
                    return ended && committed ? RunOutcome.Finished : RunOutcome.Stopped;
                }

                // Between two checkpoints lies the interval from start to start, and the pause from end to start.
                var afterPause = _timeProvider.GetUtcNow() + _graph.Checkpointing.MinPauseBetweenCheckpoints;
                var nextStart = (isDue ? start : next - interval) + interval;
                next = nextStart > afterPause ? nextStart : afterPause;
            }
        }
        finally
        {
            while (_requests.TryDequeue(out var request))
            {
                request.TrySetException(new InvalidOperationException($"Job '{_graph.JobName}' ended before the checkpoint was taken."));
            }
        }
    }

    private async Task<bool> TakeAsync(long activity, CancellationToken cancellationToken)
    {
        var id = _catalog?.NextId() ?? ++_idWithoutCatalog;
        var requests = new List<TaskCompletionSource<long>>();
        while (_requests.TryDequeue(out var request))
        {
            requests.Add(request);
        }

        var pending = new Pending(id, [.. _subtasks]);
        lock (_lock)
        {
            _pending = pending;
        }

        var record = new CheckpointSummary(
            id, CheckpointStatus.InProgress, _timeProvider.GetUtcNow(), TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, 0, 0, null);
        _tracker.Update(record);
        try
        {
            record = await AlignAsync(pending, record, cancellationToken);
            record = await StoreAndCommitAsync(pending, record, cancellationToken);
        }
        catch (Exception exception) when (exception is CheckpointException or TimeoutException && !pending.IsCommitting)
        {
            Fail(record, exception, requests);
            return false;
        }
        catch (Exception exception)
        {
            _tracker.Update(record with { Status = CheckpointStatus.Failed, Failure = exception.Message });
            requests.ForEach(request => request.TrySetException(new CheckpointException($"Checkpoint {id} failed: {exception.Message}", exception)));
            throw;
        }

        _failuresInARow = 0;
        _lastActivity = activity;
        _tracker.Update(record with { Status = CheckpointStatus.Completed });
        StreamsLog.CheckpointCompleted(_logger, _graph.JobName, id, record.Duration, record.Bytes);
        Settle(id, isCommitted: true);
        requests.ForEach(request => request.TrySetResult(id));
        return true;
    }

    private async Task<CheckpointSummary> AlignAsync(Pending pending, CheckpointSummary record, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        foreach (var source in _subtasks)
        {
            if (source.IsSource)
            {
                source.Post(new TriggerCheckpoint(pending.Id));
            }
        }

        try
        {
            await pending.AllSnapshots.Task.WaitAsync(_graph.Checkpointing.CheckpointTimeout, _timeProvider, cancellationToken);
        }
        catch (TimeoutException exception)
        {
            string late;
            lock (_lock)
            {
                late = string.Join(", ", pending.Missing.Select(static one => one.Description));
            }

            throw new TimeoutException($"after {_graph.Checkpointing.CheckpointTimeout} these tasks had not reached the barrier: {late}", exception);
        }

        return record with { AlignmentDuration = Stopwatch.GetElapsedTime(start) };
    }

    private async Task<CheckpointSummary> StoreAndCommitAsync(Pending pending, CheckpointSummary record, CancellationToken cancellationToken)
    {
        CheckpointManifest? manifest = null;
        var start = Stopwatch.GetTimestamp();
        if (_catalog is not null)
        {
            (manifest, var bytes) = await _catalog.WriteAsync(pending.Id, cancellationToken);
            record = record with { Bytes = bytes, StateBytes = manifest.StateBytes, StoreDuration = Stopwatch.GetElapsedTime(start) };
        }

        start = Stopwatch.GetTimestamp();
        if (_commitPoint is not null)
        {
            // From here on a failure is none to pass over: whether the checkpoint counts is known to the commit point only, and the next run asks it.
            pending.IsCommitting = true;
            var positions = pending.Positions.ToDictionary(
                static entry => entry.Key, static entry => (IReadOnlyList<SourceSplit>)entry.Value, StringComparer.Ordinal);
            await _commitPoint.CommitAsync(pending.Id, positions, cancellationToken);
            record = record with { CommitDuration = Stopwatch.GetElapsedTime(start) };
        }

        if (manifest is not null)
        {
            _catalog!.Confirm(manifest);
        }

        return record;
    }

    private void Fail(CheckpointSummary record, Exception exception, List<TaskCompletionSource<long>> requests)
    {
        StreamsLog.CheckpointFailed(_logger, _graph.JobName, record.Id, exception.Message);
        _tracker.Update(record with { Status = CheckpointStatus.Failed, Failure = exception.Message });
        lock (_lock)
        {
            _pending = null;
        }

        _commitPoint?.Abort(record.Id);
        Settle(record.Id, isCommitted: false);
        var failure = new CheckpointException($"Checkpoint {record.Id} of job '{_graph.JobName}' failed: {exception.Message}", exception);
        requests.ForEach(request => request.TrySetException(failure));
        if (++_failuresInARow > _graph.Checkpointing.TolerableCheckpointFailures)
        {
            throw new IOException($"{_failuresInARow} checkpoints in a row failed; the last: {exception.Message}", exception);
        }
    }

    // Every subtask hears of it, so that none waits for barriers of a checkpoint that is over.
    private void Settle(long id, bool isCommitted)
    {
        var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var left = _subtasks.Count;
        _heard = heard.Task;
        foreach (var subtask in _subtasks)
        {
            subtask.Post(new CheckpointSettled(id, isCommitted, () =>
            {
                if (Interlocked.Decrement(ref left) == 0)
                {
                    heard.TrySetResult();
                }
            }));
        }
    }

    // Sources publish their positions when they hear of a checkpoint: the last one must reach them before they are closed.
    private async Task AllHaveHeardAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _heard.WaitAsync(s_mostTimeToHear, _timeProvider, cancellationToken);
        }
        catch (TimeoutException)
        {
            // The checkpoint counts all the same.
        }
    }

    private bool AllSourcesEnded()
    {
        lock (_lock)
        {
            return _openSources.Count == 0;
        }
    }

    private void Wake() => Volatile.Read(ref _wake).TrySetResult();

    private async Task SleepAsync(TimeSpan duration, CancellationToken cancellationToken)
    {
        var wake = _wake;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(wake.Task, Task.Delay(duration, _timeProvider, stop.Token));
        await stop.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
        if (wake.Task.IsCompleted)
        {
            Volatile.Write(ref _wake, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }
    }

    private sealed class Pending(long id, HashSet<Subtask> missing)
    {
        public long Id => id;

        public bool IsCommitting { get; set; }

        public HashSet<Subtask> Missing => missing;

        public Dictionary<string, List<SourceSplit>> Positions { get; } = new(StringComparer.Ordinal);

        public TaskCompletionSource AllSnapshots { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
