using Millrace.Streams.Serialization;
using Millrace.Streams.State;

namespace Millrace.Streams.Operators;

/// <summary>
/// Session windows: each element is a small window, and windows of a key that touch become one. A key's few open sessions are one list, because every
/// element has to look at all of them anyway.
/// </summary>
internal sealed class SessionWindowOperator<TKey, TIn, TAccumulator, TResult, TOut>(
    Func<TIn, TKey> keySelector, WindowSettings<TIn> settings, IAggregateFunction<TIn, TAccumulator, TResult> aggregate,
    ITypeSerializer<TAccumulator> serializer, WindowEmitter<TResult, TOut, TKey> emitter)
    : KeyedOperator<TKey, TimeWindow, TOut>, IInput<TIn>, IWindowHost
    where TKey : notnull
{
    private readonly bool _isEventTime = settings.Assigner.IsEventTime;
    private readonly List<TimeWindow> _assigned = [];
    private StateTable<TKey, VoidNamespace, List<(TimeWindow Window, TAccumulator Accumulator)>> _sessions = null!;

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
        _assigned.Clear();
        settings.Assigner.AssignWindows(_isEventTime ? timestamp : Context.Now, _assigned);
        var window = _assigned[0];
        var open = _sessions.TryGet(key, default, out var sessions) ? sessions : [];

        // The element's window grows by every session that it touches (one on either side at most, and those two do not touch each other). A late element may still join a session that is not late.
        foreach (var session in open)
        {
            if (session.Window.Touches(window))
            {
                window = window.Cover(session.Window);
            }
        }

        if (_isEventTime && settings.CleanupTime(window) <= Timers.CurrentWatermark)
        {
            HandleLate(value, timestamp);
            return;
        }

        var accumulator = MergeInto(key, window, open, value);
        open.Add((window, accumulator));
        _sessions.Upsert(key, default, out _) = open;
        Backend.CurrentKey = key;
        if (_isEventTime && window.MaxTimestamp <= Timers.CurrentWatermark)
        {
            Timers.Register(_isEventTime, settings.CleanupTime(window), key, window);
            emitter.Emit(key, window, aggregate.GetResult(accumulator), Out);
        }
        else
        {
            Timers.Register(_isEventTime, window.MaxTimestamp, key, window);
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
        var pair = new PairSerializer<TimeWindow, TAccumulator>(TypeSerializers.For<TimeWindow>(), serializer);
        _sessions = Backend.Table(
            "__sessions", TypeSerializers.For<VoidNamespace>(), new ListSerializer<(TimeWindow Window, TAccumulator Accumulator)>(pair));
        emitter.Open(Context, Backend, this, Out);
    }

    protected override void OnEventTimer(long time, TKey key, TimeWindow ns) => OnTimer(time, key, ns);

    protected override void OnProcessingTimer(long time, TKey key, TimeWindow ns) => OnTimer(time, key, ns);

    private TAccumulator MergeInto(TKey key, TimeWindow window, List<(TimeWindow Window, TAccumulator Accumulator)> open, TIn value)
    {
        var merged = default(TAccumulator)!;
        var any = false;
        for (var index = open.Count - 1; index >= 0; index--)
        {
            var session = open[index];
            if (!session.Window.Touches(window))
            {
                continue;
            }

            merged = any ? aggregate.Merge(session.Accumulator, merged) : session.Accumulator;
            any = true;
            open.RemoveAt(index);
            if (session.Window != window)
            {
                Timers.Delete(_isEventTime, session.Window.MaxTimestamp, key, session.Window);
                Timers.Delete(_isEventTime, settings.CleanupTime(session.Window), key, session.Window);
            }
        }

        return aggregate.Add(value, any ? merged : aggregate.CreateAccumulator());
    }

    private void OnTimer(long time, TKey key, TimeWindow window)
    {
        if (!_sessions.TryGet(key, default, out var open))
        {
            return;
        }

        var index = open.FindIndex(session => session.Window == window);
        if (index < 0)
        {
            return;
        }

        if (time == window.MaxTimestamp)
        {
            emitter.Emit(key, window, aggregate.GetResult(open[index].Accumulator), Out);
        }

        var cleanup = settings.CleanupTime(window);
        if (time < cleanup)
        {
            Timers.Register(_isEventTime, cleanup, key, window);
            return;
        }

        open.RemoveAt(index);
        if (open.Count == 0)
        {
            _sessions.Remove(key, default);
        }
        else
        {
            _sessions.Upsert(key, default, out _) = open;
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
