namespace Millrace.Streams.Tests;

public sealed class DataStreamTests
{
    [Fact]
    public async Task Map_filter_and_flatMap_keep_order_within_a_chain()
    {
        var result = await Jobs.CollectAsync(env => env.FromCollection(Enumerable.Range(0, 1000))
            .Map(n => n * 2).Filter(n => n % 3 == 0).FlatMap<int>(n => [n, n + 1]));
        Assert.Equal(Enumerable.Range(0, 1000).Select(n => n * 2).Where(n => n % 3 == 0).SelectMany(n => new[] { n, n + 1 }), result);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task KeyBy_brings_all_elements_of_a_key_together(int parallelism)
    {
        var result = await Jobs.CollectAsync(
            env => env.FromCollection(Enumerable.Range(0, 10_000)).Map(n => (Key: n % 17, Value: 1L)).KeyBy(e => e.Key).Reduce((a, b) => (a.Key, a.Value + b.Value)),
            parallelism);
        Assert.Equal(10_000, result.Count);
        foreach (var group in result.GroupBy(e => e.Key))
        {
            Assert.Equal(Enumerable.Range(1, group.Count()).Select(n => (long)n), group.Select(e => e.Value));
        }
    }

    [Fact]
    public async Task Union_and_rebalance_lose_nothing()
    {
        var result = await Jobs.CollectAsync(
            env => env.FromCollection(Enumerable.Range(0, 5000)).Union(env.FromCollection(Enumerable.Range(5000, 5000))).Rebalance().Map(n => n), 3);
        Assert.Equal(Enumerable.Range(0, 10_000), result.Order());
    }

    [Fact]
    public async Task Broadcast_gives_every_subtask_every_element()
    {
        var result = await Jobs.CollectAsync(env => env.FromCollection(Enumerable.Range(0, 100)).Broadcast().Map(n => n).SetParallelism(3));
        Assert.Equal(Enumerable.Range(0, 100).SelectMany(n => new[] { n, n, n }), result.Order());
    }

    [Fact]
    public async Task Tumbling_windows_aggregate_by_event_time()
    {
        var result = await Jobs.CollectAsync(
            env => env.FromSource(new GeneratorSource<Tx>(3, 2000, (split, n) => new Tx($"a{n % 5}", n * 10L, 1)), Jobs.InOrder, "source")
                .KeyBy(tx => tx.AccountId).Window(TumblingEventTimeWindows.Of(TimeSpan.FromSeconds(1))).Aggregate(new CountAndSum(), new ToActivity()),
            2);
        var expected = from account in Enumerable.Range(0, 5) from second in Enumerable.Range(0, 20) select new Activity($"a{account}", (second + 1) * 1000, 60, 60);
        Assert.Equal(expected.OrderBy(a => a.ToString()), result.OrderBy(a => a.ToString()));
    }

    [Fact]
    public async Task Connected_streams_share_state()
    {
        var result = await Jobs.CollectAsync(env =>
        {
            var left = env.FromCollection(Enumerable.Range(0, 100)).KeyBy(n => n);
            var right = env.FromCollection(Enumerable.Range(50, 100).Select(n => (long)n)).KeyBy(n => (int)n);
            return left.Connect(right).Process(new Join());
        });
        Assert.Equal(Enumerable.Range(50, 50), result.Order());
    }

    [Fact]
    public async Task A_side_output_is_a_stream_of_its_own()
    {
        var tag = new OutputTag<string>("odd");
        var result = await Jobs.CollectAsync(env =>
        {
            var main = env.FromCollection(Enumerable.Range(0, 10)).Process(new Split(tag));
            return main.Map(n => n.ToString()).Union(main.SideOutput(tag));
        });
        Assert.Equal(Enumerable.Range(0, 10).Select(n => n % 2 == 0 ? $"{n}" : $"odd {n}").Order(), result.Order());
    }

    [Fact]
    public async Task A_failing_function_fails_the_job_with_its_name()
    {
        var failure = await Assert.ThrowsAsync<JobExecutionException>(() => Jobs.CollectAsync(env => env.FromElements(1, 0).Map(n => 1 / n).Name("Divider")));
        Assert.Contains("Divider", failure.Message, StringComparison.Ordinal);
        Assert.IsType<DivideByZeroException>(failure.InnerException);
    }

    [Fact]
    public async Task A_window_over_elements_without_timestamps_says_what_to_do()
    {
        var failure = await Assert.ThrowsAsync<JobExecutionException>(() => Jobs.CollectAsync(env => env.FromElements(1)
            .KeyBy(n => n).Window(TumblingEventTimeWindows.Of(TimeSpan.FromSeconds(1))).Reduce((a, _) => a)));
        Assert.Contains("WatermarkStrategy with a timestamp assigner", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_operators_with_one_uid_are_refused()
    {
        var env = StreamExecutionEnvironment.GetExecutionEnvironment();
        env.FromElements(1).Uid("x").Map(n => n).Uid("x").ForEach(_ => { });
        var failure = Assert.Throws<InvalidOperationException>(() => { _ = env.StartAsync("job"); });
        Assert.Contains("'x'", failure.Message, StringComparison.Ordinal);
    }

    private sealed class Join : KeyedCoProcessFunction<int, int, long, int>
    {
        private IValueState<bool> _left = null!;
        private IValueState<bool> _right = null!;

        public override void Open()
        {
            _left = GetState(new ValueStateDescriptor<bool>("left"));
            _right = GetState(new ValueStateDescriptor<bool>("right"));
        }

        public override void ProcessElement1(int value, Context ctx, ICollector<int> output)
        {
            _left.Update(true);
            if (_right.Value)
            {
                output.Collect(ctx.CurrentKey);
            }
        }

        public override void ProcessElement2(long value, Context ctx, ICollector<int> output)
        {
            _right.Update(true);
            if (_left.Value)
            {
                output.Collect(ctx.CurrentKey);
            }
        }
    }

    private sealed class Split(OutputTag<string> odd) : ProcessFunction<int, int>
    {
        public override void ProcessElement(int value, Context ctx, ICollector<int> output)
        {
            if (value % 2 == 0)
            {
                output.Collect(value);
            }
            else
            {
                ctx.Output(odd, $"odd {value}");
            }
        }
    }
}
