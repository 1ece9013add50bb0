using Millrace.Streams.Checkpoints;
using Millrace.Streams.Runtime;
using Millrace.Streams.Serialization;
using Millrace.Streams.State;

namespace Millrace.Streams.Operators;

/// <summary>An operator with state and timers per key. <typeparamref name="TNamespace"/> tells timers of one key apart (windows).</summary>
internal abstract class KeyedOperator<TKey, TNamespace, TOut> : OutputOperator<TOut>
    where TKey : notnull
    where TNamespace : struct
{
    protected KeyedStateBackend<TKey> Backend { get; private set; } = null!;

    protected TimerService<TKey, TNamespace> Timers { get; private set; } = null!;

    public override bool HasKeyedState => true;

    public override long NextProcessingTime => Timers.NextProcessingTime;

    public override void Open()
    {
        base.Open();
        Backend = new KeyedStateBackend<TKey>(Context, TypeSerializers.For<TKey>());
        Timers = new TimerService<TKey, TNamespace>(Context, Backend);
        OpenStates();
        Backend.CompleteRestore();
        Timers.Rebuild();
    }

    public override async ValueTask ProcessWatermarkAsync(long watermark)
    {
        if (watermark <= Timers.CurrentWatermark)
        {
            return;
        }

        // The watermark is visible before timers fire, and a timer is gone before its callback, so that the callback may register it again.
        Timers.CurrentWatermark = watermark;
        while (Timers.TryTakeEventTimer(watermark, out var time, out var key, out var ns))
        {
            Backend.CurrentKey = key;
            OnEventTimer(time, key, ns);
            await Context.WaitForRoomAsync();
        }

        await ForwardWatermarkAsync(watermark);
    }

    public override async ValueTask OnProcessingTimeAsync(long now)
    {
        while (Timers.TryTakeProcessingTimer(now, out var time, out var key, out var ns))
        {
            Context.Metrics.Activity++;
            Backend.CurrentKey = key;
            OnProcessingTimer(time, key, ns);
            await Context.WaitForRoomAsync();
        }
    }

    public override OperatorSnapshot? Snapshot() => new(Context.Uid)
    {
        Watermark = Timers.CurrentWatermark,
        Keyed = Backend.Snapshot(),
        LiveEntries = Backend.Count,
        KeySerializer = Backend.KeySerializerId,
    };

    protected abstract void OpenStates();

    protected abstract void OnEventTimer(long time, TKey key, TNamespace ns);

    protected abstract void OnProcessingTimer(long time, TKey key, TNamespace ns);
}
