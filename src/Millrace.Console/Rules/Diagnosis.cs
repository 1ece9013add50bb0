using Millrace.Console.Backends;
using Millrace.Console.Backends.Connect;
using Millrace.Console.Backends.Kafka;
using Millrace.Console.Backends.Streams;
using Millrace.Console.Pipeline;
using Millrace.Console.Sampling;

namespace Millrace.Console.Rules;

/// <summary>Looks at what the systems answered and says what is wrong.</summary>
internal static class Diagnosis
{
    private const int GrowingSamples = 8;

    public static IReadOnlyList<Finding> Findings(LiveState state, ConsoleOptions options, DateTimeOffset now) =>
    [
        .. Unreachable("kafka", state.Kafka.Problem, "topics")
            .Concat(Unreachable("connect", state.Connectors.Problem, "connectors"))
            .Concat(Unreachable("streams", state.Jobs.Problem, "jobs"))
            .Concat(Unreachable("clickhouse", state.Tables.Problem, "analytics"))
            .Concat(state.Kafka is { Problem: null, Value: { } kafka } ? Partitions(kafka).Concat(Groups(kafka, state, options)) : [])
            .Concat(state.Connectors is { Problem: null, Value: { } connectors } ? connectors.SelectMany(Connectors) : [])
            .Concat(state.Jobs is { Problem: null, Value: { } jobs } ? Newest(jobs).SelectMany(job => Jobs(job, state, options, now)) : [])
            .OrderByDescending(static finding => finding.Severity).ThenBy(static finding => finding.Key, StringComparer.Ordinal),
    ];

    private static IEnumerable<Finding> Unreachable(string id, BackendProblem? problem, string page)
    {
        if (problem is not null)
            yield return new($"{id}.unreachable", Severity.Critical, problem.System, $"{problem.System} does not answer", $"{problem.Address}: {problem.What}", problem.Advice, page);
    }

    private static IEnumerable<Finding> Partitions(KafkaSnapshot kafka)
    {
        foreach (var topic in kafka.Topics)
        {
            var offline = topic.Partitions.Count(static partition => partition.Leader < 0);
            var behind = topic.Partitions.Count(static partition => partition.Leader >= 0 && partition.InSync.Count < partition.Replicas.Count);
            if (offline > 0)
            {
                yield return new($"topic.offline/{topic.Name}", Severity.Critical, topic.Name, $"{topic.Name}: {Wording.Count(offline, "partition")} without a leader",
                    "Records of these partitions can be neither written nor read.", "Bring their brokers back.", TopicPage(topic.Name));
            }

            if (behind > 0)
            {
                yield return new($"topic.behind/{topic.Name}", Severity.Warning, topic.Name, $"{topic.Name}: {Wording.Count(behind, "partition")} with too few replicas in sync",
                    "One more broker lost could mean refused writes.", "See whether a broker is down, or its disk or network is slow.", TopicPage(topic.Name));
            }
        }
    }

    private static IEnumerable<Finding> Groups(KafkaSnapshot kafka, LiveState state, ConsoleOptions options)
    {
        // Jobs give partitions to their subtasks themselves and commit without being members: such a group is read, though it looks empty.
        var ofJobs = (state.Jobs.Value ?? []).Where(static job => job.IsRunning).Select(job => JobTopics.GroupOf(job, JobTopics.Of(job, kafka).Inputs, kafka)?.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var group in kafka.Groups)
        {
            var page = $"groups/{Uri.EscapeDataString(group.Id)}";
            var behind = $"{group.Lag:N0} records behind, the oldest unread one is {(group.LagTime.AtLeast ? "at least " : "")}{Wording.Duration(group.LagTime.Time)} old.";
            if (group.Lag > 0 && group.LagTime.Time > options.LagLimit)
            {
                if (group.Members.Count == 0 && !ofJobs.Contains(group.Id))
                {
                    yield return new($"group.empty/{group.Id}", Severity.Warning, group.Id, $"{group.Id}: nobody reads, and records wait", behind,
                        "Start its consumers; or delete the group if it is no longer used.", page);
                }
                else
                {
                    var falling = state.Metrics.Series(MetricNames.GroupLag(group.Id)) is { Length: > 10 } lag && lag[^1].Value < lag[^10].Value;
                    yield return new($"group.lag/{group.Id}", Severity.Warning, group.Id, $"{group.Id} is {Wording.Duration(group.LagTime.Time)} behind", behind,
                        falling ? "It is catching up; watch it." : "Look for a failing or slow consumer; add members while there are partitions without one of their own.", page);
                }
            }
            else if (group.Lag > 0 && Growing(state.Metrics.Series(MetricNames.GroupLagSeconds(group.Id)), options) is { } growth)
            {
                yield return new($"group.growing/{group.Id}", Severity.Warning, group.Id, $"{group.Id} falls behind", $"{behind} In the last {Wording.Duration(growth.Over)} that grew by {Wording.Duration(growth.By)}.",
                    "It reads less than comes in: look for a failing or slow consumer, or add members while there are partitions without one of their own.", page);
            }
            else if (group.State is "PreparingRebalance" or "CompletingRebalance")
            {
                yield return new($"group.rebalance/{group.Id}", Severity.Notice, group.Id, $"{group.Id} is rebalancing", "Its members wait for their partitions.",
                    "This passes in seconds; if not, a member does not answer in time.", page);
            }
        }
    }

    // Told before the limit is reached: the lag in time has grown all along, and at more than half of the clock's pace, so it will not catch up by itself.
    private static (TimeSpan By, TimeSpan Over)? Growing(Sample[] lag, ConsoleOptions options)
    {
        if (lag.Length <= GrowingSamples) return null;
        var recent = lag.AsSpan()[^(GrowingSamples + 1)..];
        var (over, by) = (recent[^1].Time - recent[0].Time, TimeSpan.FromSeconds(recent[^1].Value - recent[0].Value));
        if (recent[^1].Value < Math.Min(5, options.LagLimit.TotalSeconds / 2) || by < over / 2) return null;
        for (var i = 1; i < recent.Length; i++)
        {
            if (recent[i].Value < recent[i - 1].Value) return null;
        }

        return (by, over);
    }

    private static IEnumerable<Finding> Connectors(Connector connector)
    {
        var page = $"connectors/{Uri.EscapeDataString(connector.Name)}";
        if (connector.State == "FAILED")
        {
            yield return new($"connector.failed/{connector.Name}", Severity.Critical, connector.Name, $"Connector {connector.Name} failed", Wording.FirstLine(connector.Trace),
                "Mend the cause, then restart it.", page);
        }

        foreach (var task in connector.Tasks.Where(static task => task.State == "FAILED"))
        {
            yield return new($"connector.task/{connector.Name}/{task.Id}", Severity.Critical, connector.Name, $"Task {task.Id} of connector {connector.Name} failed", Wording.FirstLine(task.Trace),
                "Mend the cause, then restart the connector.", page);
        }

        if (connector.State == "PAUSED")
        {
            yield return new($"connector.paused/{connector.Name}", Severity.Notice, connector.Name, $"Connector {connector.Name} is paused",
                connector.IsSource ? "Changes wait in the database; a replication slot keeps its log until then." : "Records wait in their topics.", "Resume it when ready.", page);
        }
        else if (connector is { State: "RUNNING", Tasks.Count: 0 })
        {
            yield return new($"connector.idle/{connector.Name}", Severity.Warning, connector.Name, $"Connector {connector.Name} has no tasks", "It runs, but nothing does its work.",
                "Look at the worker's log; restart the connector.", page);
        }
    }

    // A job that was restarted stands in the list several times; its latest run is what counts.
    private static IEnumerable<Job> Newest(IReadOnlyList<Job> jobs) =>
        jobs.GroupBy(static job => job.Name, StringComparer.Ordinal).Select(static runs => runs.OrderBy(static job => job.IsOver).ThenByDescending(static job => job.Started).First());

    private static IEnumerable<Finding> Jobs(Job job, LiveState state, ConsoleOptions options, DateTimeOffset now)
    {
        var page = $"jobs/{job.Id}";
        if (job.State is "FAILED" or "FAILING" or "RESTARTING" or "SUSPENDED")
        {
            yield return new($"job.state/{job.Name}", Severity.Critical, job.Name, $"Job {job.Name} is {job.State.ToLowerInvariant()}",
                job.Failure is null ? "It gave no reason." : Wording.FirstLine(job.Failure), "Read the failure on its page; mend it and start the job again from its last checkpoint.", page);
        }

        if (!job.IsRunning) yield break;
        if (job.Checkpoints.History is [{ Status: "FAILED" } failed, ..])
        {
            yield return new($"job.checkpoint/{job.Name}", Severity.Critical, job.Name, $"Job {job.Name}: checkpoint {failed.Id} failed", failed.Failure ?? "It gave no reason.",
                "Until one succeeds, a restart goes back to the one before, and outputs of exactly-once sinks stay hidden.", page);
        }
        else if (job.Checkpoints.Interval is { } interval && (job.Checkpoints.LastCompleted?.Triggered ?? job.Started) is { } last && now - last > (interval * 3) + TimeSpan.FromSeconds(10))
        {
            yield return new($"job.checkpoint/{job.Name}", Severity.Warning, job.Name, $"Job {job.Name}: no checkpoint for {Wording.Duration(now - last)}", $"One is due every {Wording.Duration(interval)}.",
                "Look for back pressure: barriers wait behind records.", page);
        }

        foreach (var vertex in job.Vertices.Where(static vertex => vertex.BackPressure.Level == "high"))
        {
            yield return new($"job.pressure/{job.Name}/{vertex.Id}", Severity.Warning, job.Name, $"Job {job.Name}: {Wording.Short(vertex.Name, 40)} is held up",
                $"It waits {vertex.BackPressure.Ratio:P0} of its time for what follows.", "The vertex after it is the slow one: raise its parallelism or make its work cheaper.", page);
        }

        if (job.Watermark is { } watermark && now - watermark > options.LagLimit * 4 && IsFlowing(job, state))
        {
            yield return new($"job.watermark/{job.Name}", Severity.Warning, job.Name, $"Job {job.Name}: event time is {Wording.Duration(now - watermark)} behind the clock",
                "Records arrive, but windows close late.", "Look for a partition without records (idleness), or a backlog being read.", page);
        }
    }

    private static bool IsFlowing(Job job, LiveState state) =>
        job.Vertices.Any(vertex => state.Metrics.Latest(MetricNames.VertexWriteRate(job.Id, vertex.Id)) > 0 || state.Metrics.Latest(MetricNames.VertexReadRate(job.Id, vertex.Id)) > 0);

    private static string TopicPage(string topic) => $"topics/{Uri.EscapeDataString(topic)}";
}
