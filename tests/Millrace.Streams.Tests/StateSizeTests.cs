using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Streams.Operators;
using Millrace.Streams.Runtime;
using Millrace.Streams.Serialization;
using Millrace.Streams.State;

namespace Millrace.Streams.Tests;

/// <summary>State that was cleared costs nothing any more: neither on the heap nor in checkpoints.</summary>
public sealed class StateSizeTests
{
    private const int Keys = 5000;
    private const long Hour = 3_600_000;

    [Fact]
    public async Task A_checkpoint_shrinks_to_its_base_when_timers_clear_the_state()
    {
        using var folder = new TempFolder();
        var allowed = 100;
        var env = StreamExecutionEnvironment.GetExecutionEnvironment();
        env.EnableCheckpointing(TimeSpan.FromHours(1));
        env.CheckpointConfig.CheckpointStorage = folder.Path;
        env.AutoWatermarkInterval = TimeSpan.FromMilliseconds(2);

        // Elements 0–99 are of a few keys; then come all keys at once; then, a day later, again only a few.
        env.FromSource(
                new GeneratorSource<Tx>(
                    1, int.MaxValue, (_, n) => new Tx($"a{(n < 100 || n >= 100 + Keys ? n % 10 : n)}", n < 100 + Keys ? n : (24 * Hour) + n, n), (_, n) => n < Volatile.Read(ref allowed)),
                Jobs.InOrder, "source").Uid("source")
            .KeyBy(tx => tx.AccountId).Process(new RememberForAnHour()).Uid("remember").ForEach(_ => { });
        var client = await env.StartAsync("size", TestContext.Current.CancellationToken);
        var small = await SizeAfterAsync(100);
        var full = await SizeAfterAsync(100 + Keys);
        Assert.True(full > 20 * small, $"{small} → {full}");

        // Merging is work beside the job: each checkpoint takes up what is done.
        var again = long.MaxValue;
        for (var round = 1; round <= 200 && again > 4 * small; round++)
        {
            again = await SizeAfterAsync(100 + Keys + (10 * round));
        }

        Assert.True(again <= 4 * small, $"{small} → {full} → {again}");
        await client.StopAsync();

        async Task<long> SizeAfterAsync(int elements)
        {
            Volatile.Write(ref allowed, elements);
            for (var tried = 0; client.GetSnapshot().Vertices.Sum(static vertex => vertex.Subtasks.Sum(static one => one.RecordsIn)) < 2 * elements; tried++)
            {
                Assert.True(tried < 15_000 && !client.Completion.IsCompleted, $"{client.GetSnapshot()}");
                await Task.Delay(2);
            }

            var id = await client.TriggerCheckpointAsync(TestContext.Current.CancellationToken);
            return client.GetSnapshot().Checkpoints.History.First(one => one.Id == id).StateBytes;
        }
    }

    [Fact]
    public void A_timer_that_is_moved_again_and_again_leaves_nothing_behind()
    {
        var context = new OperatorContext
        {
            JobName = "job",
            OperatorName = "one",
            Uid = "one",
            SubtaskIndex = 0,
            Parallelism = 1,
            MaxParallelism = 128,
            TimeProvider = TimeProvider.System,
            LoggerFactory = NullLoggerFactory.Instance,
            Metrics = new SubtaskMetrics(),
            TracksChanges = true,
        };
        var backend = new KeyedStateBackend<string>(context, TypeSerializers.For<string>()) { CurrentKey = "a" };
        var timers = new TimerService<string, VoidNamespace>(context, backend);
        for (var n = 0; n < 10_000; n++)
        {
            timers.DeleteEventTimeTimer(Hour + n - 1);
            timers.RegisterEventTimeTimer(Hour + n);
        }

        Assert.Equal(1, timers.Count);
        Assert.InRange(timers.Queued, 1, 2000);
        Assert.True(timers.TryTakeEventTimer(2 * Hour, out var time, out var key, out _));
        Assert.Equal((Hour + 9_999, "a"), (time, key));
        Assert.False(timers.TryTakeEventTimer(2 * Hour, out _, out _, out _));
        Assert.Equal(0, timers.Queued);
    }

    private sealed class RememberForAnHour : KeyedProcessFunction<string, Tx, long>
    {
        private IValueState<string> _text = null!;
        private IMapState<long, long> _map = null!;

        public override void Open()
        {
            _text = GetState(new ValueStateDescriptor<string>("text"));
            _map = GetMapState(new MapStateDescriptor<long, long>("map"));
        }

        public override void ProcessElement(Tx value, Context ctx, ICollector<long> output)
        {
            _text.Update(new string('x', 100));
            _map.Put(1, value.Amount);
            _map.Put(2, value.Amount);
            ctx.TimerService.RegisterEventTimeTimer((value.Timestamp / Hour * Hour) + (2 * Hour));
        }

        public override void OnTimer(long timestamp, OnTimerContext ctx, ICollector<long> output)
        {
            _text.Clear();
            _map.Clear();
        }
    }
}

/// <summary>A folder that is deleted at the end.</summary>
internal sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("millrace-streams-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
