using Microsoft.Extensions.Logging;
using Millrace.Streams.Connectors;
using Millrace.Streams.Graph;
using Millrace.Streams.Runtime;
using Millrace.Streams.State;

namespace Millrace.Streams.Checkpoints;

/// <summary>Finds the checkpoint to go back to, checks that it belongs to the job, and deals it out to subtasks.</summary>
internal sealed class CheckpointRestore(JobGraph graph, CheckpointStore store, ILogger logger)
{
    /// <summary>The checkpoint to restore and the one before it, and the highest id that was ever used.</summary>
    public (CheckpointManifest? Restored, CheckpointManifest? Previous, long LastId) Find(CommittedCheckpoint? committed)
    {
        var ids = store.List().Select(CheckpointFile.IdOf).OfType<long>().OrderDescending().ToList();
        var lastId = Math.Max(ids.FirstOrDefault(), committed?.CheckpointId ?? 0);
        if (graph.CommitPoint is { } commitPoint)
        {
            var manifest = FindCommitted(committed, ids, commitPoint);
            DeleteNewerThan(committed?.CheckpointId ?? 0, ids);
            return (manifest, ReadableBelow(manifest?.CheckpointId ?? 0, ids), lastId);
        }

        CheckpointException? last = null;
        foreach (var id in ids)
        {
            try
            {
                var manifest = CheckpointFile.ReadManifest(store, id);
                Check(manifest);
                return (manifest, ReadableBelow(id, ids), lastId);
            }
            catch (CheckpointException exception) when (exception.InnerException is not null)
            {
                // Damage is no reason to give up the older one; a checkpoint that does not belong here is.
                StreamsLog.CheckpointDamaged(logger, exception, graph.JobName, id);
                last = exception;
            }
        }

        return last is null ? (null, null, lastId) : throw last;
    }

    /// <summary>What an operator's subtask gets back.</summary>
    public OperatorRestore ForSubtask(CheckpointManifest? manifest, Transformation node, int subtask, int parallelism, IReadOnlyList<SplitSnapshot> splits)
    {
        var stored = manifest?.Operators.FirstOrDefault(one => string.Equals(one.Uid, node.Uid, StringComparison.Ordinal));
        if (stored is null)
        {
            return OperatorRestore.Nothing with { Splits = splits };
        }

        var range = KeyGroups.RangeOf(subtask, parallelism, graph.MaxParallelism);
        var runs = CheckpointCatalog.RunsFor(stored, range).Select(run => (CheckpointFile.ReadRun(store, run), run.Range)).ToList();

        // The lowest watermark of the subtasks that had these keys: never later than what they had seen.
        var watermark = stored.Subtasks
            .Where(one => KeyGroups.RangeOf(one.Index, stored.Parallelism, graph.MaxParallelism).Intersect(range) is not null)
            .Select(static one => one.Watermark).DefaultIfEmpty(long.MinValue).Min();
        return new OperatorRestore
        {
            Watermark = watermark,
            KeySerializer = stored.KeySerializer,
            Runs = runs.Count > 1 ? [(SortedRunMerger.Merge(runs, dropsDeletions: true), range)] : runs,
            Splits = splits,
            AllowNonRestoredState = graph.Checkpointing.AllowNonRestoredState,
        };
    }

    private CheckpointManifest? FindCommitted(CommittedCheckpoint? committed, List<long> ids, ICommitPointFactory commitPoint)
    {
        if (committed is null)
        {
            // Without a commit nothing of an earlier run is visible, so the state that led to it must not be used either. But a commit may have been forgotten.
            RefuseForgottenCommits(ids, commitPoint);
            return null;
        }

        if (!string.Equals(committed.JobName, graph.JobName, StringComparison.Ordinal))
        {
            throw new CheckpointException(
                $"{commitPoint.Description} holds commits of the job '{committed.JobName}', but this job is '{graph.JobName}'. Give each job its own consumer group and transactional id.");
        }

        if (!ids.Contains(committed.CheckpointId))
        {
            var lost = $"{commitPoint.Description} says that checkpoint {committed.CheckpointId} was committed, but '{store.Description}' does not have it (it has {(ids.Count == 0 ? "none" : string.Join(", ", ids))}). ";
            if (!graph.Checkpointing.AllowStartWithoutCheckpoint)
            {
                throw new CheckpointException(
                    lost + "Point CheckpointStorage to the folder of the last run; or, to go on where the group is with empty state, set CheckpointConfig.AllowStartWithoutCheckpoint; or, to start over, delete the group's offsets or use a new group.");
            }

            StreamsLog.StartsWithoutCheckpoint(logger, graph.JobName, lost);
            return null;
        }

        var manifest = CheckpointFile.ReadManifest(store, committed.CheckpointId);
        Check(manifest);
        return manifest;
    }

    private void RefuseForgottenCommits(List<long> ids, ICommitPointFactory commitPoint)
    {
        if (ReadableBelow(long.MaxValue, ids) is not { } newest)
        {
            return;
        }

        CheckOwner(newest);
        if (newest.LastCommitted <= 0)
        {
            return;
        }

        var forgotten = $"'{store.Description}' holds state of job '{newest.JobName}', whose checkpoint {newest.LastCommitted} was committed, but {commitPoint.Description} knows of no commit. "
            + "Were the group's offsets deleted, or have they expired (offsets.retention.minutes), or is it another group, transactional id or cluster than before? ";
        if (!graph.Checkpointing.AllowStartWithoutCheckpoint)
        {
            throw new CheckpointException(
                forgotten + "Name the former one again; or, to begin with empty state and delete that folder's checkpoints, set CheckpointConfig.AllowStartWithoutCheckpoint.");
        }

        StreamsLog.StartsWithoutCheckpoint(logger, graph.JobName, forgotten);
    }

    private CheckpointManifest? ReadableBelow(long id, List<long> ids)
    {
        foreach (var older in ids.Where(one => one < id))
        {
            try
            {
                return CheckpointFile.ReadManifest(store, older);
            }
            catch (CheckpointException exception)
            {
                StreamsLog.CheckpointDamaged(logger, exception, graph.JobName, older);
            }
        }

        return null;
    }

    private void DeleteNewerThan(long committed, List<long> ids)
    {
        foreach (var id in ids.Where(one => one > committed).ToList())
        {
            RefuseForeign(id);
            StreamsLog.CheckpointDiscarded(logger, graph.JobName, id);
            store.Delete(CheckpointFile.NameOf(id));
            ids.Remove(id);
        }
    }

    // What this job never committed is of no use to it, but another job's checkpoint may be all that the other job has.
    private void RefuseForeign(long id)
    {
        CheckpointManifest manifest;
        try
        {
            manifest = CheckpointFile.ReadManifest(store, id);
        }
        catch (CheckpointException)
        {
            // A file that a crash left unfinished.
            return;
        }

        CheckOwner(manifest);
    }

    private void CheckOwner(CheckpointManifest manifest)
    {
        if (!string.Equals(manifest.JobName, graph.JobName, StringComparison.Ordinal))
        {
            throw new CheckpointException(
                $"Checkpoint {manifest.CheckpointId} in '{store.Description}' belongs to the job '{manifest.JobName}', but this job is '{graph.JobName}'. Give each job its own CheckpointStorage folder, or rename the job back.");
        }
    }

    private void Check(CheckpointManifest manifest)
    {
        CheckOwner(manifest);
        var where = $"Checkpoint {manifest.CheckpointId} in '{store.Description}'";
        if (graph.IsMaxParallelismExplicit && graph.MaxParallelism != manifest.MaxParallelism)
        {
            throw new CheckpointException(
                $"{where} has {manifest.MaxParallelism} key groups, but the job's MaxParallelism is {graph.MaxParallelism}. It is fixed with the first checkpoint: set it to {manifest.MaxParallelism}.");
        }

        if (graph.Vertices.FirstOrDefault(vertex => vertex.Parallelism > manifest.MaxParallelism) is { } wide)
        {
            throw new CheckpointException(
                $"{where} has {manifest.MaxParallelism} key groups, so no operator can have more subtasks, but '{wide.Name}' has {wide.Parallelism}.");
        }

        if (graph.Checkpointing.AllowNonRestoredState)
        {
            return;
        }

        var uids = graph.Operators.Select(static node => node.Uid).ToHashSet(StringComparer.Ordinal);
        if (manifest.Operators.FirstOrDefault(one => one.HasState && !uids.Contains(one.Uid)) is { } orphan)
        {
            throw new CheckpointException(
                $"{where} has state of the operator '{orphan.Uid}' ('{orphan.Name}'), which the job does not have (it has {string.Join(", ", uids.Order(StringComparer.Ordinal))}). "
                + "Give the operator that continues it the same Uid, or set CheckpointConfig.AllowNonRestoredState to drop the state.");
        }
    }
}
