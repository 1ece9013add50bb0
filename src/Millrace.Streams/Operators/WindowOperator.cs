using Millrace.Streams.Serialization;
using Millrace.Streams.State;

namespace Millrace.Streams.Operators;

/// <summary>Windows that do not merge: one accumulator per key and window, one timer when it ends and one when its lateness is over.</summary>
internal sealed class WindowOperator<TKey, TIn, TAccumulator, TResult, TOut>(
    Func<TIn, TKey> keySelector, WindowSettings<TIn> settings, IAggregateFunction<TIn, TAccumulator, TResult> aggregate,
    ITypeSerializer<TAccumulator> serializer, WindowEmitter<TResult, TOut, TKey> emitter)
    : WindowOperatorBase<TKey, TIn, TAccumulator, TResult, TOut>(keySelector, settings, emitter)
    where TKey : notnull
{
    private readonly List<TimeWindow> _windows = [];
    private StateTable<TKey, TimeWindow, TAccumulator> _contents = null!;

    protected override void OpenWindows() => _contents = Backend.Table("__window", TypeSerializers.For<TimeWindow>(), serializer);

    protected override bool TryAdd(TKey key, long time, TIn value)
    {
        if (Settings.Assigner.TryAssignSingle(time, out var single)) return AddTo(key, single, value);
        _windows.Clear();
        Settings.Assigner.AssignWindows(time, _windows);
        var taken = false;
        foreach (var window in _windows) taken |= AddTo(key, window, value);
        return taken;
    }

    protected override void OnTimer(long time, TKey key, TimeWindow window)
    {
        if (time == window.MaxTimestamp && _contents.TryGet(key, window, out var accumulator))
        {
            Emitter.Emit(key, window, aggregate.GetResult(accumulator), Out);
        }

        var cleanup = Settings.CleanupTime(window);
        if (time >= cleanup)
        {
            _contents.Remove(key, window);
        }
        else
        {
            Timers.Register(IsEventTime, cleanup, key, window);
        }
    }

    private bool AddTo(TKey key, TimeWindow window, TIn value)
    {
        if (IsOver(window)) return false;

        ref var accumulator = ref _contents.Upsert(key, window, out var exists);
        accumulator = aggregate.Add(value, exists ? accumulator : aggregate.CreateAccumulator());
        if (HasFired(window))
        {
            // Late but allowed: the window has fired already and fires again with the corrected result.
            var result = aggregate.GetResult(accumulator);
            if (!exists)
            {
                Timers.Register(IsEventTime, Settings.CleanupTime(window), key, window);
            }

            Backend.CurrentKey = key;
            Emitter.Emit(key, window, result, Out);
        }
        else if (!exists)
        {
            Timers.Register(IsEventTime, window.MaxTimestamp, key, window);
        }

        return true;
    }
}
