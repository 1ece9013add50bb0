namespace Millrace.Streams.State;

/// <summary>Gives a function its keyed states.</summary>
internal interface IKeyedStateStore
{
    IValueState<T> GetState<T>(ValueStateDescriptor<T> descriptor);

    IListState<T> GetListState<T>(ListStateDescriptor<T> descriptor);

    IMapState<TMapKey, TMapValue> GetMapState<TMapKey, TMapValue>(MapStateDescriptor<TMapKey, TMapValue> descriptor)
        where TMapKey : notnull;

    IReducingState<T> GetReducingState<T>(ReducingStateDescriptor<T> descriptor);

    IAggregatingState<TIn, TResult> GetAggregatingState<TIn, TAccumulator, TResult>(AggregatingStateDescriptor<TIn, TAccumulator, TResult> descriptor);
}
