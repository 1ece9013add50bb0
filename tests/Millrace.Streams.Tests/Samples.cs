using System.Collections.Concurrent;

namespace Millrace.Streams.Tests;

internal sealed record Tx(string AccountId, long Timestamp, long Amount);

internal sealed record Activity(string AccountId, long WindowEnd, long Count, long Sum);

internal sealed class CountAndSum : IAggregateFunction<Tx, (long Count, long Sum), (long Count, long Sum)>
{
    public (long Count, long Sum) CreateAccumulator() => default;

    public (long Count, long Sum) Add(Tx value, (long Count, long Sum) accumulator) => (accumulator.Count + 1, accumulator.Sum + value.Amount);

    public (long Count, long Sum) GetResult((long Count, long Sum) accumulator) => accumulator;

    public (long Count, long Sum) Merge((long Count, long Sum) first, (long Count, long Sum) second) =>
        (first.Count + second.Count, first.Sum + second.Sum);
}

internal sealed class ToActivity : ProcessWindowFunction<(long Count, long Sum), Activity, string>
{
    public override void Process(string key, Context ctx, IReadOnlyList<(long Count, long Sum)> elements, ICollector<Activity> output) =>
        output.Collect(new Activity(key, ctx.Window.End, elements[0].Count, elements[0].Sum));
}

internal static class Jobs
{
    public static async Task<List<T>> CollectAsync<T>(Func<StreamExecutionEnvironment, DataStream<T>> define, int parallelism = 1)
    {
        var env = StreamExecutionEnvironment.GetExecutionEnvironment();
        env.Parallelism = parallelism;
        env.RestartStrategy = RestartStrategy.None;
        var results = new ConcurrentQueue<T>();
        define(env).ForEach(results.Enqueue);
        await env.ExecuteAsync("test", TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(60));
        return [.. results];
    }

    public static WatermarkStrategy<Tx> InOrder { get; } =
        WatermarkStrategy.ForMonotonousTimestamps<Tx>().WithTimestampAssigner((tx, _) => tx.Timestamp);
}
