using Microsoft.Extensions.Logging;
using Millrace.Streams.Checkpoints;
using Millrace.Streams.Connectors;
using Millrace.Streams.Graph;

namespace Millrace.Streams.Runtime;

/// <summary>Finds the splits of one source and deals them out: each new one to the subtask with the fewest, in the order of their ids.</summary>
internal sealed class Discovery(ISourceTransformation source, ISplitEnumerator enumerator, int parallelism) : IAsyncDisposable
{
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private readonly int[] _counts = new int[parallelism];

    public ISourceTransformation Source => source;

    /// <summary>What each subtask begins with.</summary>
    public List<SplitSnapshot>[] Initial { get; } = [.. Enumerable.Range(0, parallelism).Select(static _ => new List<SplitSnapshot>())];

    public async Task StartAsync(IEnumerable<SplitSnapshot> restored, bool isFirst, CancellationToken cancellationToken)
    {
        foreach (var split in restored.OrderBy(static one => one.Id, StringComparer.Ordinal))
        {
            Initial[Choose(split.Id)].Add(split);
        }

        foreach (var split in await DiscoverAsync(isFirst, cancellationToken))
        {
            Initial[Choose(split.Id)].Add(new SplitSnapshot(split.Id, split.Position, long.MinValue));
        }
    }

    public async Task RepeatAsync(
        string job, IReadOnlyList<Subtask> subtasks, TimeProvider timeProvider, ILogger logger, CancellationToken cancellationToken)
    {
        if (source.DiscoveryInterval is not { } interval)
        {
            return;
        }

        var readers = subtasks.Where(one => ReferenceEquals(one.Vertex.Head, source)).OrderBy(static one => one.Index).ToList();
        while (true)
        {
            await Task.Delay(interval, timeProvider, cancellationToken);
            try
            {
                var found = await DiscoverAsync(isFirst: false, cancellationToken);
                if (found.Count == 0)
                {
                    continue;
                }

                StreamsLog.SplitsFound(logger, job, source.Name, found.Count);
                foreach (var split in found)
                {
                    readers[Choose(split.Id)].Post(new AssignSplits([split]));
                }
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // The job reads on what it has; a source that is gone altogether fails in its readers.
                StreamsLog.DiscoveryFailed(logger, exception, job, source.Name);
            }
        }
    }

    public ValueTask DisposeAsync() => enumerator.DisposeAsync();

    private async Task<List<SourceSplit>> DiscoverAsync(bool isFirst, CancellationToken cancellationToken)
    {
        var found = await enumerator.DiscoverAsync(_known, isFirst, cancellationToken);
        return [.. found.Where(one => !_known.Contains(one.Id)).OrderBy(static one => one.Id, StringComparer.Ordinal)];
    }

    private int Choose(string splitId)
    {
        _known.Add(splitId);
        var least = Array.IndexOf(_counts, _counts.Min());
        _counts[least]++;
        return least;
    }
}
