namespace Millrace.Streams.Operators;

internal sealed class MapOperator<TIn, TOut>(Func<TIn, TOut> map) : OneInputOperator<TIn, TOut>
{
    public override void Process(TIn value, long timestamp) => Out.Emit(map(value), timestamp);
}

internal sealed class FilterOperator<T>(Func<T, bool> predicate) : OneInputOperator<T, T>
{
    public override void Process(T value, long timestamp)
    {
        if (predicate(value))
        {
            Out.Emit(value, timestamp);
        }
    }
}
