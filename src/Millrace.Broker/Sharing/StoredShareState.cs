using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Sharing;

/// <summary>A share partition as the log knows it. It changes only by records that stand in the log.</summary>
internal sealed class StoredShareState
{
    /// <summary>Nobody has read yet: the group's <c>share.auto.offset.reset</c> will decide.</summary>
    public const long NoOffset = -1;

    private const int NotCounted = -1;

    private readonly OffsetRuns _runs = new();
    private long _createdUnixMs;

    public int SnapshotEpoch { get; private set; }

    /// <summary>The group's epoch when the partition became the group's, or was reset.</summary>
    public int StateEpoch { get; private set; }

    public int LeaderEpoch { get; private set; }

    public long StartOffset { get; private set; } = NoOffset;

    /// <summary>How many offsets from the start on are settled; -1 if that was never counted.</summary>
    public int SettledCount { get; private set; } = NotCounted;

    /// <summary>Where the newest snapshot stands in the log: what is older is not needed.</summary>
    public long SnapshotOffset { get; private set; }

    public int UpdatesSinceSnapshot { get; private set; }

    public long WrittenUnixMs { get; private set; }

    public IReadOnlyList<DeliveryRun> Runs => _runs;

    /// <summary>The snapshot of a share partition from nothing.</summary>
    public static ShareSnapshotValue Initial(int stateEpoch, long startOffset, long nowUnixMs) => new()
    {
        StateEpoch = stateEpoch,
        StartOffset = startOffset,
        CreateTimestamp = nowUnixMs,
        WriteTimestamp = nowUnixMs,
        DeliveryCompleteCount = startOffset == NoOffset ? NotCounted : 0,
    };

    public static StoredShareState Of(ShareSnapshotValue value, long offset)
    {
        var state = new StoredShareState();
        state.Apply(value, offset);
        return state;
    }

    /// <summary>The state that an update leads to, as a snapshot.</summary>
    public ShareSnapshotValue SnapshotWith(ShareUpdateValue? update, long nowUnixMs)
    {
        var runs = _runs.Clone();
        var start = Merge(runs, StartOffset, update);
        return new ShareSnapshotValue
        {
            SnapshotEpoch = SnapshotEpoch + 1,
            StateEpoch = StateEpoch,
            LeaderEpoch = update?.LeaderEpoch ?? LeaderEpoch,
            StartOffset = start,
            CreateTimestamp = _createdUnixMs,
            WriteTimestamp = nowUnixMs,
            DeliveryCompleteCount = update?.DeliveryCompleteCount ?? SettledCount,
            StateBatches = [.. runs.Select(static r => new ShareSnapshotValue.StateBatch { FirstOffset = r.First, LastOffset = r.Last, DeliveryState = (sbyte)r.State, DeliveryCount = r.Count })],
        };
    }

    public void Apply(ShareSnapshotValue value, long offset)
    {
        (SnapshotEpoch, StateEpoch, LeaderEpoch) = (value.SnapshotEpoch, value.StateEpoch, value.LeaderEpoch);
        (StartOffset, SettledCount) = (value.StartOffset, value.DeliveryCompleteCount);
        (_createdUnixMs, WrittenUnixMs) = (value.CreateTimestamp, value.WriteTimestamp);
        (SnapshotOffset, UpdatesSinceSnapshot) = (offset, 0);
        _runs.RemoveBefore(long.MaxValue);
        foreach (var batch in value.StateBatches) _runs.Set(Run(batch.FirstOffset, batch.LastOffset, batch.DeliveryState, batch.DeliveryCount));
    }

    public void Apply(ShareUpdateValue value, long nowUnixMs)
    {
        StartOffset = Merge(_runs, StartOffset, value);
        (LeaderEpoch, SettledCount) = (value.LeaderEpoch, value.DeliveryCompleteCount);
        UpdatesSinceSnapshot++;
        WrittenUnixMs = nowUnixMs;
    }

    private static long Merge(OffsetRuns runs, long start, ShareUpdateValue? update)
    {
        if (update is null) return start;
        foreach (var batch in update.StateBatches) runs.Set(Run(batch.FirstOffset, batch.LastOffset, batch.DeliveryState, batch.DeliveryCount));
        if (update.StartOffset == NoOffset) return start;
        runs.RemoveBefore(update.StartOffset);
        return update.StartOffset;
    }

    private static DeliveryRun Run(long first, long last, sbyte state, short count)
    {
        if (first < 0 || last < first) throw new MalformedMessageException($"a batch of a share group's state goes from {first} to {last}");
        return new(first, last, state is 2 or 4 ? (DeliveryState)state : DeliveryState.Available, count);
    }
}
