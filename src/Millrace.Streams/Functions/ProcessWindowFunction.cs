namespace Millrace.Streams;

/// <summary>Sees a window when it fires: all its elements, or the one result of the aggregate that runs before it.</summary>
/// <typeparam name="TIn">The type of the window's elements (or of the aggregate's result).</typeparam>
/// <typeparam name="TOut">The type of the results.</typeparam>
/// <typeparam name="TKey">The type of the key.</typeparam>
public abstract class ProcessWindowFunction<TIn, TOut, TKey> : RichFunction
    where TKey : notnull
{
    /// <summary>Called each time a window fires.</summary>
    /// <param name="key">The window's key.</param>
    /// <param name="ctx">The window, time and side outputs; valid during the call only.</param>
    /// <param name="elements">The elements, or the one result of the aggregate.</param>
    /// <param name="output">Takes the results; they carry the window's last millisecond as their timestamp.</param>
    public abstract void Process(TKey key, Context ctx, IReadOnlyList<TIn> elements, ICollector<TOut> output);

    /// <summary>What is known about the window in hand.</summary>
    public abstract class Context
    {
        /// <summary>The window.</summary>
        public abstract TimeWindow Window { get; }

        /// <summary>The current watermark.</summary>
        public abstract long CurrentWatermark { get; }

        /// <summary>The clock of the machine.</summary>
        public abstract long CurrentProcessingTime { get; }

        /// <summary>Emits to a side output.</summary>
        public abstract void Output<T>(OutputTag<T> tag, T value);
    }
}
