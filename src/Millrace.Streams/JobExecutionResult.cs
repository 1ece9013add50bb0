namespace Millrace.Streams;

/// <summary>How a job ended.</summary>
/// <param name="JobId">The id of the run, as monitoring shows it.</param>
/// <param name="JobName">The name of the job.</param>
/// <param name="Status"><see cref="JobStatus.Finished"/> or <see cref="JobStatus.Canceled"/>.</param>
/// <param name="Duration">How long it ran.</param>
/// <param name="Restarts">How often it was restarted.</param>
public sealed record JobExecutionResult(string JobId, string JobName, JobStatus Status, TimeSpan Duration, int Restarts);
