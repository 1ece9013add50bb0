using Microsoft.Extensions.Logging;

namespace Millrace.Streams;

/// <summary>What a function may know about the subtask that it runs in, and its way to keyed state.</summary>
public abstract class RuntimeContext
{
    /// <summary>The name of the job.</summary>
    public abstract string JobName { get; }

    /// <summary>The name of the operator.</summary>
    public abstract string OperatorName { get; }

    /// <summary>The number of this subtask, from 0.</summary>
    public abstract int SubtaskIndex { get; }

    /// <summary>How many subtasks the operator has.</summary>
    public abstract int Parallelism { get; }

    /// <summary>How often the job was restarted before this run: 0 in the first.</summary>
    public abstract int Attempt { get; }

    /// <summary>A logger named after the operator.</summary>
    public abstract ILogger Logger { get; }

    /// <summary>Obtains keyed state that holds one value per key.</summary>
    /// <exception cref="InvalidOperationException">The stream is not keyed.</exception>
    public abstract IValueState<T> GetState<T>(ValueStateDescriptor<T> descriptor);

    /// <summary>Obtains keyed state that holds a list per key.</summary>
    /// <exception cref="InvalidOperationException">The stream is not keyed.</exception>
    public abstract IListState<T> GetListState<T>(ListStateDescriptor<T> descriptor);

    /// <summary>Obtains keyed state that holds a map per key.</summary>
    /// <exception cref="InvalidOperationException">The stream is not keyed.</exception>
    public abstract IMapState<TMapKey, TMapValue> GetMapState<TMapKey, TMapValue>(MapStateDescriptor<TMapKey, TMapValue> descriptor)
        where TMapKey : notnull;

    /// <summary>Obtains keyed state that reduces what is added to one value per key.</summary>
    /// <exception cref="InvalidOperationException">The stream is not keyed.</exception>
    public abstract IReducingState<T> GetReducingState<T>(ReducingStateDescriptor<T> descriptor);

    /// <summary>Obtains keyed state that aggregates what is added per key.</summary>
    /// <exception cref="InvalidOperationException">The stream is not keyed.</exception>
    public abstract IAggregatingState<TIn, TResult> GetAggregatingState<TIn, TAccumulator, TResult>(
        AggregatingStateDescriptor<TIn, TAccumulator, TResult> descriptor);
}
