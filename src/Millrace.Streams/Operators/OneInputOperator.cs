namespace Millrace.Streams.Operators;

/// <summary>An operator with one input and one main output.</summary>
internal abstract class OneInputOperator<TIn, TOut> : OutputOperator<TOut>, IInput<TIn>
{
    public override IInput<T> GetInput<T>(int index) => (IInput<T>)(object)this;

    public abstract void Process(TIn value, long timestamp);
}
