namespace Millrace.Streams;

/// <summary>A function over two connected streams that are keyed alike: both sides see the same state and timers of a key.</summary>
/// <typeparam name="TKey">The type of the key.</typeparam>
/// <typeparam name="TFirst">The type of the first stream's elements.</typeparam>
/// <typeparam name="TSecond">The type of the second stream's elements.</typeparam>
/// <typeparam name="TOut">The type of the results.</typeparam>
public abstract class KeyedCoProcessFunction<TKey, TFirst, TSecond, TOut> : RichFunction
    where TKey : notnull
{
    /// <summary>Handles an element of the first stream.</summary>
    public abstract void ProcessElement1(TFirst value, Context ctx, ICollector<TOut> output);

    /// <summary>Handles an element of the second stream.</summary>
    public abstract void ProcessElement2(TSecond value, Context ctx, ICollector<TOut> output);

    /// <summary>Called when a timer fires, with the key that registered it.</summary>
    public virtual void OnTimer(long timestamp, OnTimerContext ctx, ICollector<TOut> output)
    {
    }

    /// <summary>What is known about the element in hand.</summary>
    public abstract class Context
    {
        /// <summary>The current key.</summary>
        public abstract TKey CurrentKey { get; }

        /// <summary>The element's (or the timer's) timestamp, or <see langword="null"/> when it has none.</summary>
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
