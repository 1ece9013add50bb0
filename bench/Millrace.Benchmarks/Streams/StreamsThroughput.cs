using System.Diagnostics;
using System.Globalization;
using Millrace.Streams;
using Millrace.Streams.Connectors;

namespace Millrace.Benchmarks.Streams;

/// <summary>Records per second through whole jobs in this process: <c>dotnet run -c Release --project bench/Millrace.Benchmarks -- streams</c>.</summary>
internal static class StreamsThroughput
{
    private const int Records = 10_000_000;
    private const int Keys = 100_000;

    public static async Task RunAsync()
    {
        await MeasureAsync("map + filter, chained", 1, static (env, parallelism) => Source(env, parallelism)
            .Map(static e => e with { Value = e.Value + 1 }).Filter(static e => e.Value % 2 == 0).ForEach(static _ => { }));
        await MeasureAsync("keyBy + reduce, 1 → 1", 1, static (env, parallelism) => Source(env, parallelism)
            .KeyBy(static e => e.Key).Reduce(static (a, b) => a with { Value = a.Value + b.Value }).ForEach(static _ => { }));
        await MeasureAsync("keyBy + reduce, 2 → 2", 2, static (env, parallelism) => Source(env, parallelism)
            .KeyBy(static e => e.Key).Reduce(static (a, b) => a with { Value = a.Value + b.Value }).ForEach(static _ => { }));
        await MeasureAsync("tumbling window of 1 s + count, 2 → 2", 2, static (env, parallelism) => Window(env, parallelism));
        await MeasureAsync("the same with checkpoints every 200 ms", 2, static (env, parallelism) => Window(env, parallelism), checkpoints: true);
    }

    private static SingleOutputStreamOperator<Event> Source(StreamExecutionEnvironment env, int parallelism) => env.FromSource(
        new Numbers(parallelism, Records / parallelism),
        WatermarkStrategy.ForMonotonousTimestamps<Event>().WithTimestampAssigner(static (e, _) => e.Timestamp), "numbers");

    private static void Window(StreamExecutionEnvironment env, int parallelism) => Source(env, parallelism)
        .KeyBy(static e => e.Key).Window(TumblingEventTimeWindows.Of(TimeSpan.FromSeconds(1))).Aggregate(new Count()).ForEach(static _ => { });

    private static async Task MeasureAsync(string name, int parallelism, Action<StreamExecutionEnvironment, int> define, bool checkpoints = false)
    {
        var folder = Directory.CreateTempSubdirectory("millrace-bench-");
        var env = StreamExecutionEnvironment.GetExecutionEnvironment();
        env.Parallelism = parallelism;
        if (checkpoints)
        {
            env.EnableCheckpointing(TimeSpan.FromMilliseconds(200));
            env.CheckpointConfig.CheckpointStorage = folder.FullName;
        }

        define(env, parallelism);
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var start = Stopwatch.GetTimestamp();
        var client = await env.StartAsync("bench");
        await client.Completion;
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var cores = (Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalSeconds;
        var statistics = client.GetSnapshot().Checkpoints;
        var longest = statistics.History.Where(static one => one.Status == CheckpointStatus.Completed)
            .Select(static one => one.Duration.TotalMilliseconds).DefaultIfEmpty().Max();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{name,-42} {Records / seconds / 1e6,6:0.00} M/s   {Records / cores / 1e6,6:0.00} M/s per core{(checkpoints ? $"   {statistics.Completed} checkpoints, longest {longest:0} ms" : string.Empty)}"));
        folder.Delete(recursive: true);
    }

    [System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
    private readonly record struct Event(int Key, long Timestamp, long Value);

    private sealed class Count : IAggregateFunction<Event, long, long>
    {
        public long CreateAccumulator() => 0;

        public long Add(Event value, long accumulator) => accumulator + 1;

        public long GetResult(long accumulator) => accumulator;

        public long Merge(long first, long second) => first + second;
    }

    private sealed class Numbers(int splits, int perSplit) : ISource<Event>
    {
        private readonly int _perSplit = perSplit;

        public bool IsBounded => true;

        public TimeSpan? DiscoveryInterval => null;

        public ISplitEnumerator CreateEnumerator(SourceContext context) => new Enumerator(splits);

        public ISourceReader<Event> CreateReader(SourceReaderContext context) => new Reader(this);

        private sealed class Enumerator(int splits) : ISplitEnumerator
        {
            public Task<IReadOnlyList<SourceSplit>> DiscoverAsync(IReadOnlySet<string> known, bool isFirst, CancellationToken cancellationToken) =>
                Task.FromResult<IReadOnlyList<SourceSplit>>([.. Enumerable.Range(0, splits).Select(static n => new SourceSplit($"{n}", "0"))]);

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }

        private sealed class Reader(Numbers source) : ISourceReader<Event>
        {
            private string _id = string.Empty;
            private int _position;

            public void AddSplits(IReadOnlyList<SourceSplit> splits) => _id = splits[0].Id;

            public SourceReadResult Read(ISourceOutput<Event> output, int maxRecords)
            {
                var end = Math.Min(source._perSplit, _position + maxRecords);
                for (; _position < end; _position++)
                {
                    output.Collect(_id, new Event((int)((uint)_position * 2654435761u % Keys), _position / 1000L, _position), long.MinValue);
                }

                return _position < source._perSplit ? SourceReadResult.MoreAvailable : SourceReadResult.EndOfInput;
            }

            public ValueTask WaitForDataAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

            public IReadOnlyList<SourceSplit> Snapshot() => [new SourceSplit(_id, _position.ToString(CultureInfo.InvariantCulture))];

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
