using Millrace.Streams.Serialization;

namespace Millrace.Streams.Operators;

/// <summary>What windows that merge and windows that do not have in common: the element's time, timers that fire windows, and what becomes of late elements.</summary>
internal abstract class WindowOperatorBase<TKey, TIn, TAccumulator, TResult, TOut>(
    Func<TIn, TKey> keySelector, WindowSettings<TIn> settings, WindowEmitter<TResult, TOut, TKey> emitter)
    : KeyedOperator<TKey, TimeWindow, TOut>, IInput<TIn>, IWindowHost
    where TKey : notnull
{
    public long CurrentWatermark => Timers.CurrentWatermark;

    public long Now => Context.Now;

    protected WindowSettings<TIn> Settings { get; } = settings;

    protected WindowEmitter<TResult, TOut, TKey> Emitter { get; } = emitter;

    protected bool IsEventTime { get; } = settings.Assigner.IsEventTime;

    public override IInput<T> GetInput<T>(int index) => (IInput<T>)(object)this;

    public void Process(TIn value, long timestamp)
    {
        if (IsEventTime && timestamp == long.MinValue)
        {
            throw new InvalidOperationException(
                $"Operator '{Context.OperatorName}' has event-time windows, but an element has no timestamp. Give the source a WatermarkStrategy with a timestamp assigner.");
        }

        if (TryAdd(keySelector(value), IsEventTime ? timestamp : Context.Now, value)) return;
        if (Settings.LateTag is { } tag) EmitSide(tag, value, timestamp);
        else Context.Metrics.LateDropped++;
    }

    public override ValueTask CloseAsync()
    {
        Emitter.Close();
        return ValueTask.CompletedTask;
    }

    void IWindowHost.EmitSide<T>(OutputTag<T> tag, T value, long timestamp) => EmitSide(tag, value, timestamp);

    protected override void OpenStates()
    {
        OpenWindows();
        Emitter.Open(Context, Backend, this, Out);
    }

    protected override void OnEventTimer(long time, TKey key, TimeWindow ns) => OnTimer(time, key, ns);

    protected override void OnProcessingTimer(long time, TKey key, TimeWindow ns) => OnTimer(time, key, ns);

    /// <summary>Opens the state that holds the windows.</summary>
    protected abstract void OpenWindows();

    /// <summary>Adds an element to the windows of its time.</summary>
    /// <returns>False where all of them are over: the element is late.</returns>
    protected abstract bool TryAdd(TKey key, long time, TIn value);

    /// <summary>A window has ended, or its lateness is over.</summary>
    protected abstract void OnTimer(long time, TKey key, TimeWindow window);

    protected bool IsOver(TimeWindow window) => IsEventTime && Settings.CleanupTime(window) <= Timers.CurrentWatermark;

    /// <summary>Whether a window that still takes elements has fired already, and fires again with each that is late but allowed.</summary>
    protected bool HasFired(TimeWindow window) => IsEventTime && window.MaxTimestamp <= Timers.CurrentWatermark;
}
