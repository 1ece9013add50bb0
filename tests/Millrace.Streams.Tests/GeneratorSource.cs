using System.Globalization;
using Millrace.Streams.Connectors;

namespace Millrace.Streams.Tests;

/// <summary>A replayable source with several splits: element = f(split, index). Can be throttled and can be told to fail.</summary>
internal sealed class GeneratorSource<T>(int splits, int perSplit, Func<int, int, T> make, Func<int, int, bool>? mayRead = null, Action<int, int>? onRead = null) : ISource<T>
{
    public bool IsBounded => true;

    public TimeSpan? DiscoveryInterval => null;

    public ISplitEnumerator CreateEnumerator(SourceContext context) => new Enumerator(splits);

    public ISourceReader<T> CreateReader(SourceReaderContext context) => new Reader(this);

    private sealed class Enumerator(int splits) : ISplitEnumerator
    {
        public Task<IReadOnlyList<SourceSplit>> DiscoverAsync(IReadOnlySet<string> known, bool isFirst, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<SourceSplit>>([.. Enumerable.Range(0, splits).Select(n => n.ToString(CultureInfo.InvariantCulture)).Where(id => !known.Contains(id))
                .Select(id => new SourceSplit(id, "0"))]);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class Reader(GeneratorSource<T> source) : ISourceReader<T>
    {
        private readonly List<(string Id, int Split)> _splits = [];
        private readonly Dictionary<string, int> _positions = [];

        public void AddSplits(IReadOnlyList<SourceSplit> splits)
        {
            foreach (var split in splits)
            {
                _splits.Add((split.Id, int.Parse(split.Id, CultureInfo.InvariantCulture)));
                _positions[split.Id] = int.Parse(split.Position, CultureInfo.InvariantCulture);
            }
        }

        public SourceReadResult Read(ISourceOutput<T> output, int maxRecords)
        {
            var open = false;
            var any = false;
            foreach (var (id, split) in _splits)
            {
                var position = _positions[id];
                for (var left = 16; left > 0 && position < source.PerSplit; left--)
                {
                    if (source.MayRead?.Invoke(split, position) == false)
                    {
                        break;
                    }

                    source.OnRead?.Invoke(split, position);
                    output.Collect(id, source.Make(split, position), long.MinValue);
                    position++;
                    any = true;
                }

                _positions[id] = position;
                if (position == source.PerSplit)
                {
                    output.FinishSplit(id);
                }

                open |= position < source.PerSplit;
            }

            return !open ? SourceReadResult.EndOfInput : any ? SourceReadResult.MoreAvailable : SourceReadResult.NothingAvailable;
        }

        public async ValueTask WaitForDataAsync(CancellationToken cancellationToken) => await Task.Delay(1, cancellationToken);

        public IReadOnlyList<SourceSplit> Snapshot() => [.. _positions.Select(one => new SourceSplit(one.Key, one.Value.ToString(CultureInfo.InvariantCulture)))];

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private int PerSplit => perSplit;

    private Func<int, int, T> Make => make;

    private Func<int, int, bool>? MayRead => mayRead;

    private Action<int, int>? OnRead => onRead;
}
