using System.Text.Json.Nodes;

namespace Millrace.Streams.Monitoring;

/// <summary>Checkpoints in the words of Flink's REST API.</summary>
internal static class FlinkCheckpointJson
{
    public static JsonObject Checkpoints(CheckpointStatistics checkpoints) => new()
    {
        ["counts"] = new JsonObject
        {
            ["restored"] = checkpoints.RestoredId is null ? 0 : 1,
            ["total"] = checkpoints.Completed + checkpoints.Failed + checkpoints.InProgress,
            ["in_progress"] = checkpoints.InProgress,
            ["completed"] = checkpoints.Completed,
            ["failed"] = checkpoints.Failed,
        },
        ["summary"] = Summary([.. checkpoints.History.Where(static one => one.Status == CheckpointStatus.Completed)]),
        ["latest"] = new JsonObject
        {
            ["completed"] = checkpoints.Latest is { } latest ? Checkpoint(latest) : null,
            ["savepoint"] = null,
            ["failed"] = checkpoints.History.FirstOrDefault(static one => one.Status == CheckpointStatus.Failed) is { } failed ? Checkpoint(failed) : null,
            ["restored"] = checkpoints.RestoredId is { } id ? new JsonObject { ["id"] = id } : null,
        },
        ["history"] = FlinkMonitoring.List(checkpoints.History, Checkpoint),
    };

    /// <summary>How a job takes checkpoints; Flink answers 404 where it takes none.</summary>
    public static JsonObject Config(CheckpointConfig config) => config.Interval is not { } interval
        ? FlinkMonitoring.Errors("Checkpointing is not enabled for this job.")
        : new JsonObject
        {
            ["mode"] = config.Mode == CheckpointingMode.AtLeastOnce ? "at_least_once" : "exactly_once",
            ["interval"] = Millis(interval),
            ["timeout"] = Millis(config.CheckpointTimeout),
            ["min_pause"] = Millis(config.MinPauseBetweenCheckpoints),
            ["max_concurrent"] = 1,
            // Checkpoints in a folder outlive the job, however it ends.
            ["externalization"] = new JsonObject { ["enabled"] = config.CheckpointStorage is not null, ["delete_on_cancellation"] = config.CheckpointStorage is null },
            ["state_backend"] = "HashMapStateBackend",
            ["checkpoint_storage"] = config.CheckpointStorage is null ? "JobManagerCheckpointStorage" : "FileSystemCheckpointStorage",
            ["unaligned_checkpoints"] = false,
            ["tolerable_failed_checkpoints"] = config.TolerableCheckpointFailures,
            ["aligned_checkpoint_timeout"] = 0,
            ["checkpoints_after_tasks_finish"] = true,
        };

    // Over the checkpoints that are remembered, where Flink's is over all of them.
    private static JsonObject Summary(IReadOnlyList<CheckpointSummary> completed) => new()
    {
        ["checkpointed_size"] = Spread([.. completed.Select(static one => one.Bytes)]),
        ["state_size"] = Spread([.. completed.Select(static one => one.StateBytes)]),
        ["end_to_end_duration"] = Spread([.. completed.Select(static one => Millis(one.Duration))]),
    };

    private static JsonObject Spread(long[] values)
    {
        Array.Sort(values);
        double Quantile(double share) => values.Length == 0 ? 0 : values[Math.Min(values.Length - 1, (int)Math.Ceiling(share * values.Length) - 1)];
        return new JsonObject
        {
            ["min"] = values.FirstOrDefault(),
            ["max"] = values.LastOrDefault(),
            ["avg"] = values.Length == 0 ? 0 : (long)values.Average(),
            ["p50"] = Quantile(.5),
            ["p90"] = Quantile(.9),
            ["p95"] = Quantile(.95),
            ["p99"] = Quantile(.99),
            ["p999"] = Quantile(.999),
        };
    }

    // Flink's durations are whole milliseconds: its own clients read them as long.
    private static long Millis(TimeSpan time) => (long)Math.Round(time.TotalMilliseconds);

    private static JsonObject Checkpoint(CheckpointSummary one)
    {
        var status = one.Status switch
        {
            CheckpointStatus.InProgress => "IN_PROGRESS",
            CheckpointStatus.Completed => "COMPLETED",
            _ => "FAILED",
        };
        var result = new JsonObject
        {
            ["className"] = status.ToLowerInvariant(),
            ["id"] = one.Id,
            ["status"] = status,
            ["is_savepoint"] = false,
            ["savepointFormat"] = null,
            ["checkpoint_type"] = "CHECKPOINT",
            ["trigger_timestamp"] = one.TriggerTime.ToUnixTimeMilliseconds(),
            ["latest_ack_timestamp"] = (one.TriggerTime + one.AlignmentDuration).ToUnixTimeMilliseconds(),
            ["checkpointed_size"] = one.Bytes,
            ["state_size"] = one.StateBytes,
            ["end_to_end_duration"] = Millis(one.Duration),
            ["alignment_duration"] = Millis(one.AlignmentDuration),
            ["store_duration"] = Millis(one.StoreDuration),
            ["commit_duration"] = Millis(one.CommitDuration),
            ["discarded"] = false,
        };
        if (one.Failure is { } failure)
        {
            result["failure_message"] = failure;
            result["failure_timestamp"] = (one.TriggerTime + one.Duration).ToUnixTimeMilliseconds();
        }

        return result;
    }
}
