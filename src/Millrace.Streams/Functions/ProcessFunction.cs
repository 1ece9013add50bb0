namespace Millrace.Streams;

/// <summary>A function over single elements with access to their timestamps, to the clock and to side outputs.</summary>
/// <typeparam name="TIn">The type of the elements.</typeparam>
/// <typeparam name="TOut">The type of the results.</typeparam>
public abstract class ProcessFunction<TIn, TOut> : RichFunction
{
    /// <summary>Handles one element.</summary>
    /// <param name="value">The element.</param>
    /// <param name="ctx">Its timestamp, time and side outputs; valid during the call only.</param>
    /// <param name="output">Takes the results.</param>
    public abstract void ProcessElement(TIn value, Context ctx, ICollector<TOut> output);

    /// <summary>What is known about the element in hand.</summary>
    public abstract class Context
    {
        /// <summary>The element's timestamp in milliseconds since 1970-01-01 UTC, or <see langword="null"/> when it has none.</summary>
        public abstract long? Timestamp { get; }

        /// <summary>The current watermark.</summary>
        public abstract long CurrentWatermark { get; }

        /// <summary>The clock of the machine.</summary>
        public abstract long CurrentProcessingTime { get; }

        /// <summary>Emits to a side output.</summary>
        public abstract void Output<T>(OutputTag<T> tag, T value);
    }
}
