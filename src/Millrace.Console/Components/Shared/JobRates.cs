using Millrace.Console.Backends.Streams;
using Millrace.Console.Sampling;

namespace Millrace.Console.Components.Shared;

/// <summary>Rates of a job from the counters of its vertices.</summary>
internal static class JobRates
{
    /// <summary>Records that enter the job. Flink counts a source's reads as zero and only its writes, so those stand in.</summary>
    public static double? In(Job job, MetricStore metrics)
    {
        double? sum = null;
        foreach (var source in job.Vertices.Where(static vertex => vertex.Inputs.Count == 0))
        {
            var read = metrics.Latest(MetricNames.VertexReadRate(job.Id, source.Id));
            var rate = read is > 0 ? read : metrics.Latest(MetricNames.VertexWriteRate(job.Id, source.Id)) ?? read;
            if (rate is not null) sum = (sum ?? 0) + rate;
        }

        return sum;
    }

    /// <summary>The vertices by their distance from the sources, for drawing.</summary>
    public static IReadOnlyList<IReadOnlyList<JobVertex>> Levels(Job job)
    {
        var level = job.Vertices.ToDictionary(static vertex => vertex.Id, static _ => 0, StringComparer.Ordinal);
        for (var round = 0; round < job.Vertices.Count; round++)
        {
            foreach (var vertex in job.Vertices)
            {
                foreach (var input in vertex.Inputs)
                {
                    if (level.TryGetValue(input.FromId, out var from) && level[vertex.Id] <= from && from < job.Vertices.Count) level[vertex.Id] = from + 1;
                }
            }
        }

        return [.. job.Vertices.GroupBy(vertex => level[vertex.Id]).OrderBy(static group => group.Key).Select(static group => group.ToArray())];
    }
}
