using System.IO.Hashing;
using Millrace.Streams.Graph;
using Millrace.Streams.Runtime;
using Millrace.Streams.State;

namespace Millrace.Streams.Checkpoints;

/// <summary>
/// Knows which runs make up the state of each subtask, writes checkpoints, merges runs when there are many, and deletes files that no kept checkpoint needs.
/// A checkpoint stores only what changed; the rest of its manifest points to files of earlier ones.
/// </summary>
internal sealed class CheckpointCatalog(JobGraph graph, CheckpointStore store, TimeProvider timeProvider)
{
    private const int RunsBeforeMerge = 8;
    private const int LeastRunsToMerge = 4;
    private const int EntriesNotWorthAMerge = 1024;
    private const int Kept = 2;

    private readonly Dictionary<(string Uid, int Subtask), Chain> _chains = [];
    private readonly List<CheckpointManifest> _kept = [];
    private readonly HashSet<string> _files = new(StringComparer.Ordinal);
    private Task<Merged?> _merge = Task.FromResult<Merged?>(null);
    private long _mergeNumber;

    /// <summary>The highest id ever used: an id is never used twice, or a commit whose outcome is unknown could mean two things.</summary>
    public long LastId { get; private set; }

    /// <summary>Starts from a checkpoint, or from nothing.</summary>
    public void StartFrom(CheckpointManifest? restored, CheckpointManifest? previous, IReadOnlyDictionary<string, int> parallelism, long lastId)
    {
        _chains.Clear();
        _kept.Clear();
        _files.Clear();
        _files.UnionWith(store.List());
        LastId = lastId;
        if (previous is not null)
        {
            _kept.Add(previous);
        }

        if (restored is null)
        {
            return;
        }

        _kept.Add(restored);
        foreach (var one in restored.Operators)
        {
            if (!parallelism.TryGetValue(one.Uid, out var width))
            {
                continue;
            }

            for (var subtask = 0; subtask < width; subtask++)
            {
                var range = KeyGroups.RangeOf(subtask, width, restored.MaxParallelism);
                ChainOf(one.Uid, subtask).Runs.AddRange(RunsFor(one, range));
            }
        }
    }

    /// <summary>An operator's runs that hold key groups of a range, oldest first per former subtask.</summary>
    public static IEnumerable<RunReference> RunsFor(OperatorManifest one, KeyGroupRange range) =>
        from subtask in one.Subtasks
        from run in subtask.Runs
        let common = run.Range.Intersect(range)
        where common is not null
        select run with { FromGroup = common.Value.From, ToGroup = common.Value.To };

    /// <summary>Takes what a subtask changed. It is part of the next checkpoint that is written, whatever becomes of the one that it was taken for.</summary>
    public void AddChanges(int subtask, OperatorSnapshot snapshot)
    {
        var chain = ChainOf(snapshot.Uid, subtask);
        chain.Latest = snapshot;
        if (snapshot.Keyed is { } run)
        {
            chain.Pending.Add(run);
        }
    }

    public long NextId() => ++LastId;

    /// <summary>Writes a checkpoint; when this returns it is on disk.</summary>
    public async Task<(CheckpointManifest Manifest, long Bytes)> WriteAsync(long checkpointId, CancellationToken cancellationToken)
    {
        await ApplyMergeAsync();
        var name = CheckpointFile.NameOf(checkpointId);
        var runs = new List<byte[]>();
        var added = new List<(Chain Chain, List<RunReference> References)>();
        var offset = (long)CheckpointFile.HeaderLength;
        foreach (var ((uid, subtask), chain) in _chains)
        {
            var range = RangeOf(uid, subtask);
            var references = new List<RunReference>();
            foreach (var run in chain.Pending)
            {
                references.Add(new RunReference(name, offset, run.Length, XxHash3.HashToUInt64(run), range.From, range.To) { Entries = SortedRun.CountOf(run) });
                runs.Add(run);
                offset += run.Length;
            }

            added.Add((chain, references));
        }

        var newRuns = added.ToDictionary(entry => entry.Chain, entry => entry.References);
        var manifest = BuildManifest(checkpointId, newRuns);
        var bytes = await CheckpointFile.WriteAsync(store, manifest, runs, cancellationToken);
        _files.Add(name);
        foreach (var (chain, references) in added)
        {
            chain.Runs.AddRange(references);
            chain.Pending.Clear();
        }

        return (manifest, bytes);
    }

    /// <summary>The checkpoint counts now: forget the ones before the last, and tidy up.</summary>
    public void Confirm(CheckpointManifest manifest)
    {
        _kept.Add(manifest);
        while (_kept.Count > Kept)
        {
            _kept.RemoveAt(0);
        }

        DeleteUnused();
        if (_merge.IsCompleted)
        {
            StartMerge();
        }
    }

    /// <summary>Waits for work in the background, so that nothing writes to the folder after the run.</summary>
    public async Task CloseAsync() => await ((Task)_merge).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private void DeleteUnused()
    {
        if (!_merge.IsCompleted)
        {
            return;
        }

        var used = _kept.SelectMany(static one => one.Runs).Concat(_chains.Values.SelectMany(static chain => chain.Runs))
            .Select(static run => run.File).Concat(_kept.Select(static one => CheckpointFile.NameOf(one.CheckpointId))).ToHashSet(StringComparer.Ordinal);
        foreach (var file in _files.Where(file => !used.Contains(file) && IsOurs(file)).ToList())
        {
            store.Delete(file);
            _files.Remove(file);
        }
    }

    private static bool IsOurs(string file) => CheckpointFile.IdOf(file) is not null || file.StartsWith("merge-", StringComparison.Ordinal);

    private CheckpointManifest BuildManifest(long checkpointId, Dictionary<Chain, List<RunReference>> added)
    {
        var operators = new List<OperatorManifest>();
        foreach (var vertex in graph.Vertices)
        {
            foreach (var node in vertex.Operators)
            {
                var subtasks = new List<SubtaskManifest>();
                string? keySerializer = null;
                for (var subtask = 0; subtask < vertex.Parallelism; subtask++)
                {
                    if (_chains.TryGetValue((node.Uid, subtask), out var chain))
                    {
                        keySerializer ??= chain.Latest?.KeySerializer;
                        subtasks.Add(new SubtaskManifest(
                            subtask, chain.Latest?.Watermark ?? long.MinValue, [.. chain.Runs, .. added[chain]], chain.Latest?.Splits ?? []));
                    }
                }

                if (subtasks.Count > 0)
                {
                    operators.Add(new OperatorManifest(node.Uid, node.Name, vertex.Parallelism, keySerializer, subtasks));
                }
            }
        }

        return new CheckpointManifest(
            CheckpointManifest.CurrentFormat, graph.JobName, checkpointId, timeProvider.GetUtcNow(), graph.MaxParallelism, operators)
        {
            LastCommitted = _kept.LastOrDefault()?.CheckpointId ?? 0,
        };
    }

    // Many small runs make restores slow, so the newest ones of like size become one, in the background, and the next checkpoint refers to that. Entries that were replaced or deleted
    // since stay in older runs until those are merged too: so when they are more than half of all, everything becomes one run.
    private void StartMerge()
    {
        var worst = _chains.Where(static one => one.Value.Runs.Count > 1).OrderByDescending(static one => one.Value.IsMostlyGarbage).ThenByDescending(static one => one.Value.Runs.Count)
            .FirstOrDefault(static one => one.Value.IsMostlyGarbage || one.Value.Runs.Count >= RunsBeforeMerge);
        if (worst.Value is not { } chain)
        {
            return;
        }

        var first = chain.IsMostlyGarbage ? 0 : FirstOfLikeSize(chain.Runs);
        var runs = chain.Runs.GetRange(first, chain.Runs.Count - first);
        var range = RangeOf(worst.Key.Uid, worst.Key.Subtask);
        var name = $"merge-{LastId:D10}-{++_mergeNumber}.runs";
        _merge = Task.Run<Merged?>(async () =>
        {
            var bytes = SortedRunMerger.Merge([.. runs.Select(run => (CheckpointFile.ReadRun(store, run), run.Range))], dropsDeletions: first == 0);
            await store.WriteAsync(name, [bytes], CancellationToken.None);
            return new Merged(worst.Key, runs, new RunReference(name, 0, bytes.Length, XxHash3.HashToUInt64(bytes), range.From, range.To) { Entries = SortedRun.CountOf(bytes) });
        });
    }

    private static int FirstOfLikeSize(List<RunReference> runs)
    {
        var first = runs.Count - 1;
        long size = runs[first].Length;
        while (first > 0 && (runs[first - 1].Length <= 2 * size || runs.Count - first < LeastRunsToMerge))
        {
            size += runs[--first].Length;
        }

        return first;
    }

    private async Task ApplyMergeAsync()
    {
        if (!_merge.IsCompleted || await _merge is not { } merged)
        {
            return;
        }

        _merge = Task.FromResult<Merged?>(null);
        _files.Add(merged.Result.File);
        var runs = _chains[merged.Key].Runs;
        var first = runs.IndexOf(merged.Sources[0]);
        if (first >= 0 && runs.Skip(first).Take(merged.Sources.Count).SequenceEqual(merged.Sources))
        {
            runs.RemoveRange(first, merged.Sources.Count);
            runs.Insert(first, merged.Result);
        }
    }

    private KeyGroupRange RangeOf(string uid, int subtask)
    {
        var vertex = graph.Vertices.First(one => one.Operators.Any(node => string.Equals(node.Uid, uid, StringComparison.Ordinal)));
        return KeyGroups.RangeOf(subtask, vertex.Parallelism, graph.MaxParallelism);
    }

    private Chain ChainOf(string uid, int subtask)
    {
        if (!_chains.TryGetValue((uid, subtask), out var chain))
        {
            _chains[(uid, subtask)] = chain = new Chain();
        }

        return chain;
    }

    private sealed record Merged((string Uid, int Subtask) Key, List<RunReference> Sources, RunReference Result);

    private sealed class Chain
    {
        public List<RunReference> Runs { get; } = [];

        public List<byte[]> Pending { get; } = [];

        public OperatorSnapshot? Latest { get; set; }

        public bool IsMostlyGarbage => Latest is { } latest && Runs.Sum(static run => run.Entries) > (2 * latest.LiveEntries) + EntriesNotWorthAMerge;
    }
}
