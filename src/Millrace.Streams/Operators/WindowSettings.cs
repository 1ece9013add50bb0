namespace Millrace.Streams.Operators;

/// <summary>What is common to window operators.</summary>
internal sealed record WindowSettings<T>(WindowAssigner Assigner, long AllowedLateness, OutputTag<T>? LateTag)
{
    /// <summary>When a window's state is dropped. Lateness has a meaning in event time only.</summary>
    public long CleanupTime(TimeWindow window)
    {
        if (!Assigner.IsEventTime)
        {
            return window.MaxTimestamp;
        }

        var time = window.MaxTimestamp + AllowedLateness;
        return time >= window.MaxTimestamp ? time : long.MaxValue;
    }
}

internal sealed class ReduceAggregate<T>(Func<T, T, T> reduce) : IAggregateFunction<T, (bool Any, T Value), T>
{
    public (bool Any, T Value) CreateAccumulator() => default;

    public (bool Any, T Value) Add(T value, (bool Any, T Value) accumulator) => (true, accumulator.Any ? reduce(accumulator.Value, value) : value);

    public T GetResult((bool Any, T Value) accumulator) => accumulator.Value;

    public (bool Any, T Value) Merge((bool Any, T Value) first, (bool Any, T Value) second) => Add(second.Value, first);
}

internal sealed class ListAggregate<T> : IAggregateFunction<T, List<T>, List<T>>
{
    public List<T> CreateAccumulator() => [];

    public List<T> Add(T value, List<T> accumulator)
    {
        accumulator.Add(value);
        return accumulator;
    }

    public List<T> GetResult(List<T> accumulator) => accumulator;

    public List<T> Merge(List<T> first, List<T> second)
    {
        first.AddRange(second);
        return first;
    }
}
