using System.Globalization;
using Microsoft.Extensions.Logging;
using Millrace.Streams.Checkpoints;
using Millrace.Streams.Graph;
using Millrace.Streams.Monitoring;

namespace Millrace.Streams.Runtime;

/// <summary>Runs a job over its restarts, and knows how it is doing.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage(
    "Design", "CA1001", Justification = "The source of cancellation has no timer and no wait handle, and clients may ask for the end at any time.")]
internal sealed class JobMaster
{
    private const int RememberedFailures = 20;

    private readonly JobGraph _graph;
    private readonly StreamExecutionOptions _options;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _cancel = new();
    private readonly CheckpointTracker _tracker = new();
    private readonly LoadSampler _load = new();
    private readonly TaskCompletionSource<JobExecutionResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private readonly LinkedList<JobFailure> _failures = new();
    private JobRun? _run;
    private IReadOnlyList<Subtask> _last = [];
    private bool _stopRequested;
    private volatile JobStatus _status = JobStatus.Created;
    private DateTimeOffset? _endTime;
    private int _restarts;

    public JobMaster(JobGraph graph, StreamExecutionOptions options)
    {
        _graph = graph;
        _options = options;
        _logger = options.LoggerFactory.CreateLogger("Millrace.Streams.Job");
        StartTime = options.TimeProvider.GetUtcNow();
    }

    public string JobId { get; } = Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture);

    public string JobName => _graph.JobName;

    public DateTimeOffset StartTime { get; }

    public JobStatus Status => _status;

    public Task<JobExecutionResult> Completion => _completion.Task;

    public void Start() => _ = Task.Run(RunAsync);

    public void Cancel()
    {
        if (!Completion.IsCompleted)
        {
            _status = JobStatus.Cancelling;
            _cancel.Cancel();
        }
    }

    public void BeginStop()
    {
        lock (_lock)
        {
            _stopRequested = true;
            if (_run is { } run)
            {
                run.RequestStop();
                return;
            }
        }

        // Between two runs there is nothing to save.
        Cancel();
    }

    public Task<long> TriggerCheckpointAsync(CancellationToken cancellationToken)
    {
        if (!_graph.Checkpointing.IsEnabled)
        {
            throw new InvalidOperationException($"Job '{JobName}' takes no checkpoints: call EnableCheckpointing.");
        }

        lock (_lock)
        {
            return (_run ?? throw new InvalidOperationException($"Job '{JobName}' is {_status}, not running.")).RequestCheckpoint().WaitAsync(cancellationToken);
        }
    }

    public JobSnapshot GetSnapshot()
    {
        IReadOnlyList<Subtask> subtasks;
        JobFailure[] failures;
        lock (_lock)
        {
            subtasks = _run?.Subtasks ?? _last;
            failures = [.. _failures];
        }

        return new JobSnapshot(
            JobId, JobName, _status, StartTime, _endTime, _restarts, _graph.MaxParallelism, VertexSnapshots.Of(_graph, subtasks, _load),
            _tracker.Statistics(_graph.Checkpointing.IsEnabled) with { Config = _graph.Checkpointing }, failures);
    }

    private async Task RunAsync()
    {
        await using var sampler = _options.TimeProvider.CreateTimer(
            _ => _load.Sample(_run?.Subtasks ?? []), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        try
        {
            var store = _graph.Checkpointing.IsEnabled ? CheckpointStore.Open(_graph.Checkpointing.CheckpointStorage) : null;
            var inARow = 0;
            while (true)
            {
                var started = _options.TimeProvider.GetUtcNow();
                var completedBefore = _tracker.Completed;
                try
                {
                    var outcome = await RunOnceAsync(store);
                    End(outcome == RunOutcome.Finished ? JobStatus.Finished : JobStatus.Canceled, null);
                    return;
                }
                catch (Exception exception) when (!_cancel.IsCancellationRequested)
                {
                    var task = (exception as TaskFailedException)?.Task;
                    var cause = exception is TaskFailedException { InnerException: { } inner } ? inner : exception;
                    Remember(task, cause);
                    var isHealthy = _tracker.Completed > completedBefore || _options.TimeProvider.GetUtcNow() - started >= _graph.RestartStrategy.ResetAfter;
                    inARow = isHealthy ? 1 : inARow + 1;
                    if (cause is CheckpointException || inARow > _graph.RestartStrategy.MaxAttempts)
                    {
                        StreamsLog.JobFailed(_logger, cause, JobName, task);
                        End(JobStatus.Failed, cause is CheckpointException ? cause : new JobExecutionException(
                            $"Job '{JobName}' failed{(task is null ? string.Empty : $" in {task}")} after {_restarts} restarts: {cause.Message}", cause));
                        return;
                    }

                    _restarts++;
                    _status = JobStatus.Restarting;
                    var delay = _graph.RestartStrategy.DelayBefore(inARow);
                    StreamsLog.JobRestarts(_logger, cause, JobName, task, inARow, _graph.RestartStrategy.MaxAttempts, delay);
                    await Task.Delay(delay, _options.TimeProvider, _cancel.Token);
                }
            }
        }
        catch (OperationCanceledException) when (_cancel.IsCancellationRequested)
        {
            End(JobStatus.Canceled, null);
        }
        catch (Exception exception)
        {
            if (_cancel.IsCancellationRequested)
            {
                End(JobStatus.Canceled, null);
                return;
            }

            Remember(null, exception);
            End(JobStatus.Failed, exception);
        }
    }

    private async Task<RunOutcome> RunOnceAsync(CheckpointStore? store)
    {
        await using var run = await JobRun.PrepareAsync(_graph, _options, store, _tracker, _restarts, JobId, _cancel.Token);
        try
        {
            lock (_lock)
            {
                _run = run;
                _status = JobStatus.Running;
                if (_stopRequested)
                {
                    run.RequestStop();
                }
            }

            _load.Sample(run.Subtasks);
            return await run.RunAsync(_cancel.Token);
        }
        finally
        {
            lock (_lock)
            {
                _run = null;
                _last = run.Subtasks;
            }
        }
    }

    private void Remember(string? task, Exception exception)
    {
        lock (_lock)
        {
            _failures.AddFirst(new JobFailure(
                _options.TimeProvider.GetUtcNow(), task, $"{exception.GetType().FullName}: {exception.Message}", exception.ToString()));
            if (_failures.Count > RememberedFailures)
            {
                _failures.RemoveLast();
            }
        }
    }

    private void End(JobStatus status, Exception? exception)
    {
        _status = status;
        _endTime = _options.TimeProvider.GetUtcNow();
        StreamsLog.JobEnded(_logger, JobName, status);
        if (exception is null)
        {
            _completion.TrySetResult(new JobExecutionResult(JobId, JobName, status, _endTime.Value - StartTime, _restarts));
        }
        else
        {
            _completion.TrySetException(exception);

            // Those who only watch snapshots do not await the completion.
            _ = _completion.Task.Exception;
        }
    }
}
