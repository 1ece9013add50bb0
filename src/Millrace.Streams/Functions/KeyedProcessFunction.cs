namespace Millrace.Streams;

/// <summary>A function over the elements of a keyed stream, with state and timers per key.</summary>
/// <typeparam name="TKey">The type of the key.</typeparam>
/// <typeparam name="TIn">The type of the elements.</typeparam>
/// <typeparam name="TOut">The type of the results.</typeparam>
public abstract class KeyedProcessFunction<TKey, TIn, TOut> : RichFunction
    where TKey : notnull
{
    /// <summary>Handles one element.</summary>
    /// <param name="value">The element.</param>
    /// <param name="ctx">Its key and timestamp, timers and side outputs; valid during the call only.</param>
    /// <param name="output">Takes the results.</param>
    public abstract void ProcessElement(TIn value, Context ctx, ICollector<TOut> output);

    /// <summary>Called when a timer fires, with the key that registered it.</summary>
    /// <param name="timestamp">The time that the timer was registered for.</param>
    /// <param name="ctx">The key, the kind of the timer, timers and side outputs.</param>
    /// <param name="output">Takes the results.</param>
    public virtual void OnTimer(long timestamp, OnTimerContext ctx, ICollector<TOut> output)
    {
    }

    /// <summary>What is known about the element in hand.</summary>
    public abstract class Context
    {
        /// <summary>The current key.</summary>
        public abstract TKey CurrentKey { get; }

        /// <summary>The element's (or the timer's) timestamp in milliseconds since 1970-01-01 UTC, or <see langword="null"/> when it has none.</summary>
        public abstract long? Timestamp { get; }

        /// <summary>Time and timers.</summary>
        public abstract ITimerService TimerService { get; }

        /// <summary>Emits to a side output.</summary>
        public abstract void Output<T>(OutputTag<T> tag, T value);
    }

    /// <summary>What is known about the timer that fires.</summary>
    public abstract class OnTimerContext : Context
    {
        /// <summary>Which clock the timer followed.</summary>
        public abstract TimeDomain TimeDomain { get; }
    }
}
