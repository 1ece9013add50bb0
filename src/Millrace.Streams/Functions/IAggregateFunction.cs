namespace Millrace.Streams;

/// <summary>Folds elements into an accumulator, one at a time, so that a window keeps one value and not its elements.</summary>
/// <typeparam name="TIn">The type of the elements.</typeparam>
/// <typeparam name="TAccumulator">The type of the accumulator; it is what a checkpoint stores.</typeparam>
/// <typeparam name="TOut">The type of the result.</typeparam>
public interface IAggregateFunction<in TIn, TAccumulator, out TOut>
{
    /// <summary>A new, empty accumulator.</summary>
    TAccumulator CreateAccumulator();

    /// <summary>Adds an element. The accumulator may be changed in place and returned.</summary>
    TAccumulator Add(TIn value, TAccumulator accumulator);

    /// <summary>The result of the accumulator. It may be asked more than once (late firings).</summary>
    TOut GetResult(TAccumulator accumulator);

    /// <summary>Merges two accumulators; needed by session windows only.</summary>
    TAccumulator Merge(TAccumulator first, TAccumulator second);
}
