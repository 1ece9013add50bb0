using Millrace.Streams.Graph;

namespace Millrace.Streams.Runtime;

internal sealed class JobMaster(JobGraph graph, StreamExecutionOptions options)
{
    public string JobId { get; } = Guid.NewGuid().ToString("N");

    public string JobName => graph.JobName;

    public DateTimeOffset StartTime { get; } = options.TimeProvider.GetUtcNow();

    public JobStatus Status => JobStatus.Created;

    public Task<JobExecutionResult> Completion => throw new NotImplementedException();

    public JobSnapshot GetSnapshot() => throw new NotImplementedException();

    public void Cancel() => throw new NotImplementedException();

    public void BeginStop() => throw new NotImplementedException();

    public void Start() => throw new NotImplementedException();

    public Task<long> TriggerCheckpointAsync(CancellationToken cancellationToken) => throw new NotImplementedException();
}
