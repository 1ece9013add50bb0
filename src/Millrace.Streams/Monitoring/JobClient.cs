using Millrace.Streams.Graph;
using Millrace.Streams.Runtime;

namespace Millrace.Streams;

/// <summary>A started job: watch it and end it. Safe for use by several threads.</summary>
public sealed class JobClient
{
    private readonly JobMaster _master;

    internal JobClient(JobGraph graph, StreamExecutionOptions options) => _master = new JobMaster(graph, options);

    /// <summary>The id of this run, 32 hexadecimal digits.</summary>
    public string JobId => _master.JobId;

    /// <summary>The name of the job.</summary>
    public string JobName => _master.JobName;

    /// <summary>When it was started.</summary>
    public DateTimeOffset StartTime => _master.StartTime;

    /// <summary>Its state.</summary>
    public JobStatus Status => _master.Status;

    /// <summary>Completes when the job has ended; fails when the job failed for good.</summary>
    public Task<JobExecutionResult> Completion => _master.Completion;

    /// <summary>The job at this moment: graph, rates, watermarks, back pressure, checkpoints, failures.</summary>
    public JobSnapshot GetSnapshot() => _master.GetSnapshot();

    /// <summary>Ends the job at once. What was done since the last checkpoint is done again at the next start.</summary>
    public async Task CancelAsync()
    {
        _master.Cancel();
        await ((Task)Completion).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Ends the job after a last checkpoint, so that the next start repeats nothing. Without checkpointing it is the same as <see cref="CancelAsync"/>.</summary>
    public async Task StopAsync()
    {
        _master.BeginStop();
        await ((Task)Completion).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Takes a checkpoint now and tells its id once it is committed.</summary>
    /// <exception cref="InvalidOperationException">Checkpointing is off, or the job does not run.</exception>
    /// <exception cref="CheckpointException">The checkpoint failed.</exception>
    public Task<long> TriggerCheckpointAsync(CancellationToken cancellationToken = default) => _master.TriggerCheckpointAsync(cancellationToken);

    internal void BeginStop() => _master.BeginStop();

    internal void Run() => _master.Start();
}
