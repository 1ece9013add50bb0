using System.Collections.Concurrent;

namespace Millrace.Streams.Monitoring;

/// <summary>The jobs of a process, for those who watch them. Safe for use by several threads.</summary>
public sealed class JobRegistry
{
    // Ended jobs are kept to be looked at, but not for ever.
    private const int MostEnded = 50;

    private readonly ConcurrentDictionary<string, JobClient> _jobs = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>All jobs, running and ended, oldest first.</summary>
    public IReadOnlyList<JobClient> Jobs => [.. _jobs.Values.OrderBy(static job => job.StartTime)];

    /// <summary>The job with an id, or <see langword="null"/>.</summary>
    public JobClient? Find(string jobId) => _jobs.GetValueOrDefault(jobId);

    internal void Add(JobClient job)
    {
        _jobs[job.JobId] = job;
        foreach (var old in Jobs.Where(static one => one.Completion.IsCompleted).SkipLast(MostEnded))
        {
            _jobs.TryRemove(old.JobId, out _);
        }
    }
}
