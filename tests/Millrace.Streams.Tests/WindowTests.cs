using Millrace.Streams.Testing;

namespace Millrace.Streams.Tests;

public sealed class WindowTests
{
    private static readonly OutputTag<Tx> s_late = new("late");

    [Fact]
    public async Task A_window_fires_when_the_watermark_reaches_its_last_millisecond()
    {
        var harness = OperatorTestHarness.For<Tx, Activity>(input => Windowed(input).Aggregate(new CountAndSum(), new ToActivity()));
        harness.ProcessElement(new Tx("a", 0, 1), 0);
        harness.ProcessElement(new Tx("a", 999, 2), 999);
        harness.ProcessElement(new Tx("b", 1000, 4), 1000);
        await harness.ProcessWatermarkAsync(998);
        Assert.Empty(harness.Output);
        await harness.ProcessWatermarkAsync(999);
        Assert.Equal([(new Activity("a", 1000, 2, 3), 999L)], harness.OutputWithTimestamps);
        await harness.ProcessWatermarkAsync(5000);
        Assert.Equal(new Activity("b", 2000, 1, 4), harness.Output[1]);
        Assert.Equal([998L, 999, 5000], harness.Watermarks);
    }

    [Fact]
    public async Task Late_elements_are_counted_or_go_to_the_side_output()
    {
        var counted = OperatorTestHarness.For<Tx, Activity>(input => Windowed(input).Aggregate(new CountAndSum(), new ToActivity()));
        await counted.ProcessWatermarkAsync(999);
        counted.ProcessElement(new Tx("a", 999, 1), 999);
        Assert.Equal(1, counted.LateRecordsDropped);

        var aside = OperatorTestHarness.For<Tx, Activity>(input => Windowed(input).SideOutputLateData(s_late).Aggregate(new CountAndSum(), new ToActivity()));
        var late = aside.SideOutput(s_late);
        await aside.ProcessWatermarkAsync(999);
        aside.ProcessElement(new Tx("a", 999, 1), 999);
        Assert.Equal([new Tx("a", 999, 1)], late);
        Assert.Equal(0, aside.LateRecordsDropped);
    }

    [Fact]
    public async Task Allowed_lateness_fires_again_with_the_corrected_result_and_then_forgets()
    {
        var harness = OperatorTestHarness.For<Tx, Activity>(
            input => Windowed(input).AllowedLateness(TimeSpan.FromSeconds(1)).Aggregate(new CountAndSum(), new ToActivity()));
        harness.ProcessElement(new Tx("a", 1, 1), 1);
        await harness.ProcessWatermarkAsync(1500);
        harness.ProcessElement(new Tx("a", 2, 1), 2);
        Assert.Equal([new Activity("a", 1000, 1, 1), new Activity("a", 1000, 2, 2)], harness.Output);
        await harness.ProcessWatermarkAsync(1999);
        harness.ProcessElement(new Tx("a", 3, 1), 3);
        Assert.Equal(2, harness.Output.Count);
        Assert.Equal(1, harness.LateRecordsDropped);
    }

    [Fact]
    public async Task Sliding_windows_hold_an_element_several_times()
    {
        var harness = OperatorTestHarness.For<Tx, Activity>(input => input.KeyBy(tx => tx.AccountId)
            .Window(SlidingEventTimeWindows.Of(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1))).Aggregate(new CountAndSum(), new ToActivity()));
        harness.ProcessElement(new Tx("a", 1500, 1), 1500);
        await harness.ProcessWatermarkAsync(long.MaxValue);
        Assert.Equal([2000L, 3000], harness.Output.Select(one => one.WindowEnd));
    }

    [Fact]
    public async Task Sessions_merge_when_an_element_closes_the_gap()
    {
        var harness = OperatorTestHarness.For<Tx, Activity>(input => input.KeyBy(tx => tx.AccountId)
            .Window(EventTimeSessionWindows.WithGap(TimeSpan.FromMilliseconds(10))).Aggregate(new CountAndSum(), new ToActivity()));
        foreach (var time in new long[] { 0, 18, 9, 100 })
        {
            harness.ProcessElement(new Tx("a", time, 1), time);
        }

        await harness.ProcessWatermarkAsync(50);
        Assert.Equal([new Activity("a", 28, 3, 3)], harness.Output);
        await harness.ProcessWatermarkAsync(200);
        Assert.Equal(new Activity("a", 110, 1, 1), harness.Output[1]);
    }

    [Fact]
    public async Task Processing_time_windows_follow_the_clock()
    {
        var harness = OperatorTestHarness.For<Tx, Activity>(input => input.KeyBy(tx => tx.AccountId)
            .Window(TumblingProcessingTimeWindows.Of(TimeSpan.FromSeconds(1))).Aggregate(new CountAndSum(), new ToActivity()), now: 500);
        harness.ProcessElement(new Tx("a", 0, 1), long.MinValue);
        await harness.SetProcessingTimeAsync(998);
        Assert.Empty(harness.Output);
        await harness.SetProcessingTimeAsync(999);
        Assert.Single(harness.Output);
    }

    [Fact]
    public async Task A_restored_window_goes_on_and_stays_as_late_as_it_was()
    {
        var first = OperatorTestHarness.For<Tx, Activity>(input => Windowed(input).Aggregate(new CountAndSum(), new ToActivity()));
        first.ProcessElement(new Tx("a", 1500, 1), 1500);
        await first.ProcessWatermarkAsync(999);
        first.Snapshot();
        first.ProcessElement(new Tx("a", 1600, 1), 1600);

        var second = OperatorTestHarness.For<Tx, Activity>(input => Windowed(input).Aggregate(new CountAndSum(), new ToActivity()), first.Snapshot());
        second.ProcessElement(new Tx("a", 10, 1), 10);
        Assert.Equal(1, second.LateRecordsDropped);
        await second.ProcessWatermarkAsync(2000);
        Assert.Equal([new Activity("a", 2000, 2, 2)], second.Output);
    }

    [Fact]
    public async Task Timers_fire_once_in_order_with_their_key_and_can_be_deleted()
    {
        var harness = OperatorTestHarness.For<Tx, string>(input => input.KeyBy(tx => tx.AccountId).Process(new Alarm()));
        harness.ProcessElement(new Tx("b", 0, 20), 0);
        harness.ProcessElement(new Tx("a", 0, 10), 0);
        harness.ProcessElement(new Tx("a", 0, 10), 0);
        harness.ProcessElement(new Tx("c", 0, 15), 0);
        harness.ProcessElement(new Tx("c", 0, -15), 0);
        await harness.ProcessWatermarkAsync(100);
        Assert.Equal(["a at 10, watermark 100", "b at 20, watermark 100"], harness.Output);

        var restored = OperatorTestHarness.For<Tx, string>(input => input.KeyBy(tx => tx.AccountId).Process(new Alarm()), Pending());
        await restored.ProcessWatermarkAsync(100);
        Assert.Equal(["z at 30, watermark 100"], restored.Output);

        static HarnessSnapshot Pending()
        {
            var before = OperatorTestHarness.For<Tx, string>(input => input.KeyBy(tx => tx.AccountId).Process(new Alarm()));
            before.ProcessElement(new Tx("z", 0, 30), 0);
            return before.Snapshot();
        }
    }

    private static WindowedStream<Tx, string> Windowed(DataStream<Tx> input) =>
        input.KeyBy(tx => tx.AccountId).Window(TumblingEventTimeWindows.Of(TimeSpan.FromSeconds(1)));

    private sealed class Alarm : KeyedProcessFunction<string, Tx, string>
    {
        public override void ProcessElement(Tx value, Context ctx, ICollector<string> output)
        {
            if (value.Amount > 0)
            {
                ctx.TimerService.RegisterEventTimeTimer(value.Amount);
            }
            else
            {
                ctx.TimerService.DeleteEventTimeTimer(-value.Amount);
            }
        }

        public override void OnTimer(long timestamp, OnTimerContext ctx, ICollector<string> output) =>
            output.Collect($"{ctx.CurrentKey} at {timestamp}, watermark {ctx.TimerService.CurrentWatermark}");
    }
}
