using CsCheck;
using Millrace.Streams.Connectors;

namespace Millrace.Streams.Tests;

/// <summary>State, timers and windows survive kills under back pressure and changes of parallelism: the result is that of an undisturbed run.</summary>
public sealed class RescaleTests
{
    private const int PerSplit = 1200;
    private const int Splits = 4;
    private const long Bucket = 500;

    private static readonly Lazy<List<string>> s_expected = new(() =>
    {
        var all = Enumerable.Range(0, Splits).SelectMany(split => Enumerable.Range(0, PerSplit).Select(n => Make(split, n))).ToList();
        var windows = all.GroupBy(tx => (tx.AccountId, End: ((tx.Timestamp / 1000) + 1) * 1000))
            .Select(group => new Activity(group.Key.AccountId, group.Key.End, group.Count(), group.Sum(tx => tx.Amount)));
        var running = all.GroupBy(tx => tx.AccountId).SelectMany(account =>
        {
            var total = 0L;
            return account.GroupBy(tx => ((tx.Timestamp / Bucket) + 1) * Bucket).OrderBy(bucket => bucket.Key)
                .Select(bucket => new Activity("running " + account.Key, bucket.Key, bucket.Count(), total += bucket.Sum(tx => tx.Amount))).ToList();
        });
        return [.. windows.Concat(running).Select(one => one.ToString()).Order(StringComparer.Ordinal)];
    });

    [Fact]
    public Task From_one_subtask_to_three_to_two_state_timers_and_windows_are_kept() =>
        Gen.Int[50, PerSplit - 50].Array[2].SampleAsync(
            async limits =>
            {
                using var folder = new TempFolder();
                var output = new TransactionalOutput();
                foreach (var (width, limit) in ((int[])[1, 3]).Zip(limits.Order()))
                {
                    var client = await Define(folder.Path, output, width, () => limit).StartAsync("rescale");
                    await UntilAsync(() => client.GetSnapshot().Checkpoints.Completed > 0, client);
                    await client.CancelAsync();
                }

                await Define(folder.Path, output, 2, () => PerSplit).ExecuteAsync("rescale").WaitAsync(TimeSpan.FromSeconds(60));
                Assert.Equal(s_expected.Value, output.Committed());
            },
            seed: "0000000000002", iter: 8, threads: 1);

    [Theory]
    [InlineData(1, 3)]
    [InlineData(3, 2)]
    public async Task A_checkpoint_under_back_pressure_waits_for_its_barriers_and_is_exact(int first, int second)
    {
        using var folder = new TempFolder();
        var output = new TransactionalOutput();
        var gate = new Gate(output);
        var limit = 100;
        var client = await Define(folder.Path, gate, first, () => Volatile.Read(ref limit)).StartAsync("rescale");
        await UntilAsync(() => client.GetSnapshot().Checkpoints.Completed > 0, client);

        // The sink takes nothing more: what the source still reads piles up until there is no room left.
        gate.Close();
        Volatile.Write(ref limit, PerSplit / 2);
        await UntilAsync(() => gate.IsHolding, client);
        var checkpoint = client.TriggerCheckpointAsync(TestContext.Current.CancellationToken);
        Assert.False(checkpoint.IsCompleted);
        var before = output.Committed();
        gate.Open();
        await checkpoint.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.True(output.Committed().Count >= before.Count);
        await client.CancelAsync();

        await Define(folder.Path, output, second, () => PerSplit).ExecuteAsync("rescale").WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(s_expected.Value, output.Committed());
    }

    private static Tx Make(int split, int n) => new($"a{(n + (split * 5)) % 13}", n * 10L, ((n * 3) + split) % 11);

    private static StreamExecutionEnvironment Define(string folder, ISink<Activity> output, int parallelism, Func<int> limit)
    {
        var env = StreamExecutionEnvironment.GetExecutionEnvironment();
        env.EnableCheckpointing(TimeSpan.FromMilliseconds(10));
        env.CheckpointConfig.CheckpointStorage = folder;
        env.Parallelism = parallelism;
        env.RestartStrategy = RestartStrategy.None;
        env.AutoWatermarkInterval = TimeSpan.FromMilliseconds(2);
        var keyed = env.FromSource(new GeneratorSource<Tx>(Splits, PerSplit, Make, (_, n) => n < limit()), Jobs.InOrder, "source").Uid("source").KeyBy(tx => tx.AccountId);
        var windows = keyed.Window(TumblingEventTimeWindows.Of(TimeSpan.FromSeconds(1))).Aggregate(new CountAndSum(), new ToActivity()).Uid("windows");
        keyed.Process(new RunningTotal()).Uid("running").Union(windows).SinkTo(output).Uid("sink");
        return env;
    }

    private static async Task UntilAsync(Func<bool> condition, JobClient client)
    {
        for (var tried = 0; !condition(); tried++)
        {
            Assert.True(tried < 15_000 && !client.Completion.IsFaulted, $"not seen; {client.GetSnapshot()}");
            await Task.Delay(2);
        }
    }

    /// <summary>Counts per bucket of event time in a map; the bucket's timer adds it to a running total.</summary>
    private sealed class RunningTotal : KeyedProcessFunction<string, Tx, Activity>
    {
        private IMapState<long, (long Count, long Sum)> _buckets = null!;
        private IValueState<long> _total = null!;

        public override void Open()
        {
            _buckets = GetMapState(new MapStateDescriptor<long, (long Count, long Sum)>("buckets"));
            _total = GetState(new ValueStateDescriptor<long>("total"));
        }

        public override void ProcessElement(Tx value, Context ctx, ICollector<Activity> output)
        {
            var end = ((value.Timestamp / Bucket) + 1) * Bucket;
            _buckets.TryGet(end, out var bucket);
            _buckets.Put(end, (bucket.Count + 1, bucket.Sum + value.Amount));
            ctx.TimerService.RegisterEventTimeTimer(end - 1);
        }

        public override void OnTimer(long timestamp, OnTimerContext ctx, ICollector<Activity> output)
        {
            Assert.True(_buckets.TryGet(timestamp + 1, out var bucket));
            _total.Update(_total.Value + bucket.Sum);
            _buckets.Remove(timestamp + 1);
            output.Collect(new Activity("running " + ctx.CurrentKey, timestamp + 1, bucket.Count, _total.Value));
        }
    }

    /// <summary>A sink that can be made to take nothing.</summary>
    private sealed class Gate(ISink<Activity> inner) : ISink<Activity>
    {
        private volatile TaskCompletionSource? _closed;
        private volatile bool _isHolding;

        public ICommitPointFactory? CommitPoint => inner.CommitPoint;

        public bool IsHolding => _isHolding;

        public void Close() => _closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Open() => _closed?.TrySetResult();

        public ISinkWriter<Activity> CreateWriter(SinkContext context) => new Writer(this, inner.CreateWriter(context));

        private sealed class Writer(Gate gate, ISinkWriter<Activity> inner) : ISinkWriter<Activity>
        {
            public void Write(Activity value, long timestamp) => inner.Write(value, timestamp);

            public async ValueTask PumpAsync(CancellationToken cancellationToken)
            {
                if (gate._closed is { Task: { IsCompleted: false } closed })
                {
                    gate._isHolding = true;
                    await closed.WaitAsync(cancellationToken);
                }

                await inner.PumpAsync(cancellationToken);
            }

            public ValueTask PrepareCommitAsync(long checkpointId, CancellationToken cancellationToken) => inner.PrepareCommitAsync(checkpointId, cancellationToken);

            public ValueTask OnCheckpointSettledAsync(long checkpointId, bool committed, CancellationToken cancellationToken) =>
                inner.OnCheckpointSettledAsync(checkpointId, committed, cancellationToken);

            public ValueTask DisposeAsync() => inner.DisposeAsync();
        }
    }
}
