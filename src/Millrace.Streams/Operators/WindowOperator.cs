using Millrace.Streams.Serialization;
using Millrace.Streams.State;

namespace Millrace.Streams.Operators;

/// <summary>Windows that do not merge: one accumulator per key and window, one timer when it ends and one when its lateness is over.</summary>
internal sealed class WindowOperator<TKey, TIn, TAccumulator, TResult, TOut>(
    Func<TIn, TKey> keySelector, WindowSettings<TIn> settings, IAggregateFunction<TIn, TAccumulator, TResult> aggregate,
    ITypeSerializer<TAccumulator> serializer, WindowEmitter<TResult, TOut, TKey> emitter)
    : KeyedOperator<TKey, TimeWindow, TOut>, IInput<TIn>, IWindowHost
    where TKey : notnull
{
    private readonly WindowAssigner _assigner = settings.Assigner;
    private readonly bool _isEventTime = settings.Assigner.IsEventTime;
    private readonly List<TimeWindow> _windows = [];
    private StateTable<TKey, TimeWindow, TAccumulator> _contents = null!;

    public long CurrentWatermark => Timers.CurrentWatermark;

    public long Now => Context.Now;

    public override IInput<T> GetInput<T>(int index) => (IInput<T>)(object)this;

    public void Process(TIn value, long timestamp)
    {
        if (_isEventTime && timestamp == long.MinValue)
        {
            throw new InvalidOperationException(
                $"Operator '{Context.OperatorName}' has event-time windows, but an element has no timestamp. Give the source a WatermarkStrategy with a timestamp assigner.");
        }

        var key = keySelector(value);
        var time = _isEventTime ? timestamp : Context.Now;
        bool taken;
        if (_assigner.TryAssignSingle(time, out var single))
        {
            taken = AddTo(key, single, value);
        }
        else
        {
            _windows.Clear();
            _assigner.AssignWindows(time, _windows);
            taken = false;
            foreach (var window in _windows)
            {
                taken |= AddTo(key, window, value);
            }
        }

        if (!taken)
        {
            HandleLate(value, timestamp);
        }
    }

    public override ValueTask CloseAsync()
    {
        emitter.Close();
        return ValueTask.CompletedTask;
    }

    void IWindowHost.EmitSide<T>(OutputTag<T> tag, T value, long timestamp) => EmitSide(tag, value, timestamp);

    protected override void OpenStates()
    {
        _contents = Backend.Table("__window", TypeSerializers.For<TimeWindow>(), serializer);
        emitter.Open(Context, Backend, this, Out);
    }

    protected override void OnEventTimer(long time, TKey key, TimeWindow ns) => OnTimer(time, key, ns);

    protected override void OnProcessingTimer(long time, TKey key, TimeWindow ns) => OnTimer(time, key, ns);

    private bool AddTo(TKey key, TimeWindow window, TIn value)
    {
        if (_isEventTime && settings.CleanupTime(window) <= Timers.CurrentWatermark)
        {
            return false;
        }

        ref var accumulator = ref _contents.Upsert(key, window, out var exists);
        accumulator = aggregate.Add(value, exists ? accumulator : aggregate.CreateAccumulator());
        if (_isEventTime && window.MaxTimestamp <= Timers.CurrentWatermark)
        {
            // Late but allowed: the window has fired already and fires again with the corrected result.
            var result = aggregate.GetResult(accumulator);
            if (!exists)
            {
                Timers.Register(_isEventTime, settings.CleanupTime(window), key, window);
            }

            Backend.CurrentKey = key;
            emitter.Emit(key, window, result, Out);
        }
        else if (!exists)
        {
            Timers.Register(_isEventTime, window.MaxTimestamp, key, window);
        }

        return true;
    }

    private void OnTimer(long time, TKey key, TimeWindow window)
    {
        if (time == window.MaxTimestamp && _contents.TryGet(key, window, out var accumulator))
        {
            emitter.Emit(key, window, aggregate.GetResult(accumulator), Out);
        }

        var cleanup = settings.CleanupTime(window);
        if (time >= cleanup)
        {
            _contents.Remove(key, window);
        }
        else
        {
            Timers.Register(_isEventTime, cleanup, key, window);
        }
    }

    private void HandleLate(TIn value, long timestamp)
    {
        if (settings.LateTag is { } tag)
        {
            EmitSide(tag, value, timestamp);
        }
        else
        {
            Context.Metrics.LateDropped++;
        }
    }
}
