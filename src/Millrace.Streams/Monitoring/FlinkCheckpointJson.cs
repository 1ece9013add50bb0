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
        ["latest"] = new JsonObject
        {
            ["completed"] = checkpoints.Latest is { } latest ? Checkpoint(latest) : null,
            ["savepoint"] = null,
            ["failed"] = checkpoints.History.FirstOrDefault(static one => one.Status == CheckpointStatus.Failed) is { } failed ? Checkpoint(failed) : null,
            ["restored"] = checkpoints.RestoredId is { } id ? new JsonObject { ["id"] = id } : null,
        },
        ["history"] = FlinkMonitoring.List(checkpoints.History, Checkpoint),
    };

    private static JsonObject Checkpoint(CheckpointSummary one)
    {
        var result = new JsonObject
        {
            ["id"] = one.Id,
            ["status"] = one.Status switch
            {
                CheckpointStatus.InProgress => "IN_PROGRESS",
                CheckpointStatus.Completed => "COMPLETED",
                _ => "FAILED",
            },
            ["is_savepoint"] = false,
            ["checkpoint_type"] = "CHECKPOINT",
            ["trigger_timestamp"] = one.TriggerTime.ToUnixTimeMilliseconds(),
            ["latest_ack_timestamp"] = (one.TriggerTime + one.AlignmentDuration).ToUnixTimeMilliseconds(),
            ["checkpointed_size"] = one.Bytes,
            ["state_size"] = one.StateBytes,
            ["end_to_end_duration"] = Math.Round(one.Duration.TotalMilliseconds, 1),
            ["alignment_duration"] = Math.Round(one.AlignmentDuration.TotalMilliseconds, 1),
            ["store_duration"] = Math.Round(one.StoreDuration.TotalMilliseconds, 1),
            ["commit_duration"] = Math.Round(one.CommitDuration.TotalMilliseconds, 1),
            ["discarded"] = false,
        };
        if (one.Failure is { } failure)
        {
            result["failure_message"] = failure;
        }

        return result;
    }
}
