using Millrace.Streams.Operators;
using Millrace.Streams.Serialization;

namespace Millrace.Streams.State;

/// <summary>
/// The timers of an operator in one subtask. The truth is a state table of (key, namespace, time), which gives deduplication, deletion and snapshots per
/// key group; a heap beside it gives the order. A timer that is in the heap but no longer in the table was deleted.
/// </summary>
internal sealed class TimerService<TKey, TNamespace> : ITimerService
    where TKey : notnull
    where TNamespace : struct
{
    private readonly OperatorContext _context;
    private readonly KeyedStateBackend<TKey> _backend;
    private readonly TimerQueue _event;
    private readonly TimerQueue _processing;

    public TimerService(OperatorContext context, KeyedStateBackend<TKey> backend)
    {
        _context = context;
        _backend = backend;
        _event = new TimerQueue("__timers/event", backend);
        _processing = new TimerQueue("__timers/processing", backend);

        // An operator does not go back in time: what was late before a restart is late after it.
        CurrentWatermark = context.Restore.Watermark;
    }

    public long CurrentWatermark { get; set; }

    public long CurrentProcessingTime => _context.Now;

    public long NextProcessingTime => _processing.Next;

    public int Count => _event.Count + _processing.Count;

    /// <summary>How many places the timers take in memory: those of deleted ones too, until they are cleared away.</summary>
    public int Queued => _event.Queued + _processing.Queued;

    public void RegisterEventTimeTimer(long time) => _event.Add(time, _backend.CurrentKey, default);

    public void RegisterProcessingTimeTimer(long time) => _processing.Add(time, _backend.CurrentKey, default);

    public void DeleteEventTimeTimer(long time) => _event.Remove(time, _backend.CurrentKey, default);

    public void DeleteProcessingTimeTimer(long time) => _processing.Remove(time, _backend.CurrentKey, default);

    public void Register(bool isEventTime, long time, TKey key, TNamespace ns) => (isEventTime ? _event : _processing).Add(time, key, ns);

    public void Delete(bool isEventTime, long time, TKey key, TNamespace ns) => (isEventTime ? _event : _processing).Remove(time, key, ns);

    public bool TryTakeEventTimer(long watermark, out long time, out TKey key, out TNamespace ns) => _event.TryTake(watermark, out time, out key, out ns);

    public bool TryTakeProcessingTimer(long now, out long time, out TKey key, out TNamespace ns) => _processing.TryTake(now, out time, out key, out ns);

    public void Rebuild()
    {
        _event.Rebuild();
        _processing.Rebuild();
    }

    private sealed class TimerQueue
    {
        private const int DeletedNotWorthARebuild = 1024;

        private readonly StateTable<TKey, TimerAddress<TNamespace>, VoidNamespace> _table;
        private readonly PriorityQueue<(TKey Key, TNamespace Namespace), long> _order = new();

        public TimerQueue(string name, KeyedStateBackend<TKey> backend) => _table = backend.Table(
            name, new TimerAddressSerializer<TNamespace>(TypeSerializers.For<TNamespace>()), TypeSerializers.For<VoidNamespace>());

        public int Count => _table.Count;

        public int Queued => _order.Count;

        public long Next => _order.TryPeek(out _, out var time) ? time : long.MaxValue;

        public void Add(long time, TKey key, TNamespace ns)
        {
            _table.Upsert(key, new TimerAddress<TNamespace>(time, ns), out var exists);
            if (!exists)
            {
                _order.Enqueue((key, ns), time);
            }
        }

        // A deleted timer stays in the heap until its time. Timers that are moved again and again would pile up there.
        public void Remove(long time, TKey key, TNamespace ns)
        {
            if (_table.Remove(key, new TimerAddress<TNamespace>(time, ns)) && _order.Count > (2 * _table.Count) + DeletedNotWorthARebuild)
            {
                Rebuild();
            }
        }

        public bool TryTake(long upTo, out long time, out TKey key, out TNamespace ns)
        {
            while (_order.TryPeek(out var timer, out time) && time <= upTo)
            {
                _order.Dequeue();
                (key, ns) = timer;
                if (_table.Remove(key, new TimerAddress<TNamespace>(time, ns)))
                {
                    return true;
                }
            }

            time = 0;
            key = default!;
            ns = default;
            return false;
        }

        public void Rebuild()
        {
            _order.Clear();
            _order.EnqueueRange(_table.Entries().Select(entry => ((entry.Key, entry.Namespace.Namespace), entry.Namespace.Time)));
        }
    }
}

internal readonly record struct TimerAddress<TNamespace>(long Time, TNamespace Namespace);

internal sealed class TimerAddressSerializer<TNamespace>(ITypeSerializer<TNamespace> ns) : ITypeSerializer<TimerAddress<TNamespace>>
{
    public string Id => $"timer<{ns.Id}>";

    public void Write(StateWriter writer, TimerAddress<TNamespace> value)
    {
        writer.WriteInt64(value.Time);
        ns.Write(writer, value.Namespace);
    }

    public TimerAddress<TNamespace> Read(ref StateReader reader) => new(reader.ReadInt64(), ns.Read(ref reader));
}
