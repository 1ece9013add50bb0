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
    : WindowOperatorBase<TKey, TIn, TAccumulator, TResult, TOut>(keySelector, settings, emitter)
    where TKey : notnull
{
    private readonly List<TimeWindow> _assigned = [];
    private StateTable<TKey, VoidNamespace, List<(TimeWindow Window, TAccumulator Accumulator)>> _sessions = null!;

    protected override void OpenWindows()
    {
        var pair = new PairSerializer<TimeWindow, TAccumulator>(TypeSerializers.For<TimeWindow>(), serializer);
        _sessions = Backend.Table(
            "__sessions", TypeSerializers.For<VoidNamespace>(), new ListSerializer<(TimeWindow Window, TAccumulator Accumulator)>(pair));
    }

    protected override bool TryAdd(TKey key, long time, TIn value)
    {
        _assigned.Clear();
        Settings.Assigner.AssignWindows(time, _assigned);
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

        if (IsOver(window)) return false;

        var accumulator = MergeInto(key, window, open, value);
        open.Add((window, accumulator));
        _sessions.Upsert(key, default, out _) = open;
        Backend.CurrentKey = key;
        if (HasFired(window))
        {
            Timers.Register(IsEventTime, Settings.CleanupTime(window), key, window);
            Emitter.Emit(key, window, aggregate.GetResult(accumulator), Out);
        }
        else
        {
            Timers.Register(IsEventTime, window.MaxTimestamp, key, window);
        }

        return true;
    }

    protected override void OnTimer(long time, TKey key, TimeWindow window)
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
            Emitter.Emit(key, window, aggregate.GetResult(open[index].Accumulator), Out);
        }

        var cleanup = Settings.CleanupTime(window);
        if (time < cleanup)
        {
            Timers.Register(IsEventTime, cleanup, key, window);
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
                Timers.Delete(IsEventTime, session.Window.MaxTimestamp, key, session.Window);
                Timers.Delete(IsEventTime, Settings.CleanupTime(session.Window), key, session.Window);
            }
        }

        return aggregate.Add(value, any ? merged : aggregate.CreateAccumulator());
    }
}
