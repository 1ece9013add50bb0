using System.Globalization;

namespace Millrace.Streams.Connectors;

/// <summary>Given elements, in one split; its position is how many were read.</summary>
internal sealed class CollectionSource<T>(T[] elements) : ISource<T>
{
    private const string SplitId = "collection";

    public bool IsBounded => true;

    public TimeSpan? DiscoveryInterval => null;

    public ISplitEnumerator CreateEnumerator(SourceContext context) => new Enumerator();

    public ISourceReader<T> CreateReader(SourceReaderContext context) => new Reader(elements);

    private sealed class Enumerator : ISplitEnumerator
    {
        public Task<IReadOnlyList<SourceSplit>> DiscoverAsync(IReadOnlySet<string> known, bool isFirst, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<SourceSplit>>(known.Contains(SplitId) ? [] : [new SourceSplit(SplitId, "0")]);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class Reader(T[] elements) : ISourceReader<T>
    {
        private int _position = -1;

        public void AddSplits(IReadOnlyList<SourceSplit> splits) => _position = int.Parse(splits[0].Position, CultureInfo.InvariantCulture);

        public SourceReadResult Read(ISourceOutput<T> output, int maxRecords)
        {
            if (_position < 0)
            {
                return SourceReadResult.EndOfInput;
            }

            for (var left = maxRecords; left > 0 && _position < elements.Length; left--)
            {
                output.Collect(SplitId, elements[_position++], long.MinValue);
            }

            return _position < elements.Length ? SourceReadResult.MoreAvailable : SourceReadResult.EndOfInput;
        }

        public ValueTask WaitForDataAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public IReadOnlyList<SourceSplit> Snapshot() =>
            _position < 0 ? [] : [new SourceSplit(SplitId, _position.ToString(CultureInfo.InvariantCulture))];

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
