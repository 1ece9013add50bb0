namespace Millrace.Streams;

/// <summary>
/// The base of functions with a life cycle and access to state. Each parallel subtask works with its own shallow copy of the instance that was given to
/// the stream, so fields that hold mutable objects must be created in <see cref="Open"/>, not in the constructor.
/// </summary>
public abstract class RichFunction
{
    private RuntimeContext? _runtimeContext;

    /// <summary>The subtask that this copy of the function runs in.</summary>
    /// <exception cref="InvalidOperationException">The function is not open yet.</exception>
    protected RuntimeContext RuntimeContext =>
        _runtimeContext ?? throw new InvalidOperationException("The runtime context exists from Open() on; do not use state in the constructor.");

    /// <summary>Called once per subtask before the first element. States must be obtained here, so that a restore can check them.</summary>
    public virtual void Open()
    {
    }

    /// <summary>Called once per subtask after the last element, or when the job fails or is cancelled.</summary>
    public virtual void Close()
    {
    }

    /// <summary>Obtains keyed state that holds one value per key.</summary>
    protected IValueState<T> GetState<T>(ValueStateDescriptor<T> descriptor) => RuntimeContext.GetState(descriptor);

    /// <summary>Obtains keyed state that holds a list per key.</summary>
    protected IListState<T> GetListState<T>(ListStateDescriptor<T> descriptor) => RuntimeContext.GetListState(descriptor);

    /// <summary>Obtains keyed state that holds a map per key.</summary>
    protected IMapState<TMapKey, TMapValue> GetMapState<TMapKey, TMapValue>(MapStateDescriptor<TMapKey, TMapValue> descriptor)
        where TMapKey : notnull => RuntimeContext.GetMapState(descriptor);

    /// <summary>Obtains keyed state that reduces what is added to one value per key.</summary>
    protected IReducingState<T> GetReducingState<T>(ReducingStateDescriptor<T> descriptor) => RuntimeContext.GetReducingState(descriptor);

    /// <summary>Obtains keyed state that aggregates what is added per key.</summary>
    protected IAggregatingState<TIn, TResult> GetAggregatingState<TIn, TAccumulator, TResult>(
        AggregatingStateDescriptor<TIn, TAccumulator, TResult> descriptor) => RuntimeContext.GetAggregatingState(descriptor);

    internal TFunction CopyFor<TFunction>(RuntimeContext context)
        where TFunction : RichFunction
    {
        var copy = (TFunction)MemberwiseClone();
        copy._runtimeContext = context;
        return copy;
    }
}
