using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Millrace.Broker.Coordination;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Sharing;

/// <summary>
/// What is kept of share partitions in <c>__share_group_state</c> (Kafka's share coordinator): a snapshot now and then, and between two of them the changes. All of it is in memory;
/// what is in the log and not needed any more is cut off at its beginning.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The semaphores never make a wait handle, and a late write may still hold one.")]
internal sealed partial class ShareStateStore
{
    private readonly ConcurrentDictionary<ShareKey, StoredShareState> _states = new();
    private readonly ConcurrentDictionary<int, SemaphoreSlim> _turns = new();
    private readonly ICoordinatorLog _log;
    private readonly int _updatesPerSnapshot;
    private readonly MonotonicClock _clock;
    private readonly ILogger _logger;

    public ShareStateStore(ICoordinatorLog log, int updatesPerSnapshot, TimeProvider time, ILogger logger)
    {
        _log = log;
        _updatesPerSnapshot = updatesPerSnapshot;
        _clock = new MonotonicClock(time);
        _logger = logger;
    }

    public ICoordinatorLog Log => _log;

    public StoredShareState? Find(ShareKey key) => _states.GetValueOrDefault(key);

    public IEnumerable<ShareKey> KeysOf(string groupId) => _states.Keys.Where(k => k.GroupId == groupId);

    public IEnumerable<ShareKey> KeysOf(Guid topicId) => _states.Keys.Where(k => k.TopicId == topicId);

    /// <summary>Reads the topic back, before the first request is served.</summary>
    public void Load()
    {
        for (var partition = 0; partition < _log.PartitionCount; partition++)
        {
            foreach (var entry in _log.Read(partition))
            {
                if (entry.Committed is not null) continue;
                try
                {
                    Load(ShareStateRecords.Decode(entry.Record), entry.Offset);
                }
                catch (MalformedMessageException exception)
                {
                    BadRecord(_logger, exception, _log.Topic, partition, entry.Offset);
                }
            }
        }
    }

    /// <summary>Begins a share partition anew.</summary>
    /// <returns>The error of the log.</returns>
    public ValueTask<ErrorCode> InitializeAsync(ShareKey key, int stateEpoch, long startOffset) => WriteAsync(key, old =>
    {
        var value = StoredShareState.Initial(stateEpoch, startOffset, _clock.UnixMs);
        if (old is not null) value.SnapshotEpoch = old.SnapshotEpoch + 1;
        return (ShareStateRecords.Snapshot(key, value), offset => _states[key] = StoredShareState.Of(value, offset));
    });

    /// <summary>Stores a change of a share partition.</summary>
    /// <returns>The error of the log.</returns>
    public ValueTask<ErrorCode> UpdateAsync(ShareKey key, long startOffset, int settled, IEnumerable<DeliveryRun> changes) => WriteAsync(key, state =>
    {
        var update = new ShareUpdateValue
        {
            SnapshotEpoch = state?.SnapshotEpoch ?? 0,
            LeaderEpoch = state?.LeaderEpoch ?? 0,
            StartOffset = startOffset,
            DeliveryCompleteCount = settled,
            StateBatches = [.. changes.Select(static r => new ShareUpdateValue.StateBatch { FirstOffset = r.First, LastOffset = r.Last, DeliveryState = (sbyte)r.State, DeliveryCount = r.Count })],
        };
        if (state is not null && state.UpdatesSinceSnapshot < _updatesPerSnapshot) return (ShareStateRecords.Update(key, update), _ => state.Apply(update, _clock.UnixMs));
        var snapshot = (state ?? StoredShareState.Of(StoredShareState.Initial(0, StoredShareState.NoOffset, _clock.UnixMs), 0)).SnapshotWith(update, _clock.UnixMs);
        return (ShareStateRecords.Snapshot(key, snapshot), offset => Take(key, snapshot, offset));
    });

    /// <summary>Forgets a share partition.</summary>
    /// <returns>The error of the log.</returns>
    public ValueTask<ErrorCode> DeleteAsync(ShareKey key) => WriteAsync(key, state => state is null ? null : (ShareStateRecords.Snapshot(key, null), _ => _states.TryRemove(key, out var _)));

    /// <summary>Writes a snapshot of what has not changed since <paramref name="coldMs"/>, and cuts off the log before the oldest snapshot that counts.</summary>
    public async ValueTask PruneAsync(int partition, long coldMs)
    {
        var mine = _states.Where(s => PartitionOf(s.Key) == partition).ToList();
        foreach (var (key, cold) in mine.Where(s => s.Value.UpdatesSinceSnapshot > 0 && _clock.UnixMs - s.Value.WrittenUnixMs >= coldMs))
        {
            await WriteAsync(key, state =>
            {
                if (state != cold) return null;
                var snapshot = state.SnapshotWith(null, _clock.UnixMs);
                return (ShareStateRecords.Snapshot(key, snapshot), offset => Take(key, snapshot, offset));
            });
        }

        // In its turn: a snapshot that stands in the log and is not in memory yet would be cut off with the rest.
        long? needed;
        var turn = TurnOf(partition);
        await turn.WaitAsync();
        try
        {
            needed = _states.Where(s => PartitionOf(s.Key) == partition).Select(static s => (long?)s.Value.SnapshotOffset).Min();
        }
        finally
        {
            turn.Release();
        }

        if (needed is { } offset) await _log.CutAsync(partition, offset);
    }

    private void Take(ShareKey key, ShareSnapshotValue value, long offset)
    {
        if (_states.TryGetValue(key, out var state)) state.Apply(value, offset);
        else _states[key] = StoredShareState.Of(value, offset);
    }

    private void Load(ShareStateRecord? record, long offset)
    {
        switch (record)
        {
            case ShareSnapshotRecord { Value: null }:
                _states.TryRemove(record.Key, out _);
                break;
            case ShareSnapshotRecord { Value: { } snapshot }:
                _states[record.Key] = StoredShareState.Of(snapshot, offset);
                break;
            case ShareUpdateRecord update when _states.TryGetValue(record.Key, out var state):
                state.Apply(update.Value, _clock.UnixMs);
                break;
        }
    }

    private int PartitionOf(ShareKey key) => KeyPartitioning.PartitionFor(key.ToString(), _log.PartitionCount);

    private SemaphoreSlim TurnOf(int partition) => _turns.GetOrAdd(partition, static _ => new SemaphoreSlim(1, 1));

    // Writers of one key come one at a time: what a record says rests on what the log said before.
    private async ValueTask<ErrorCode> WriteAsync(ShareKey key, Func<StoredShareState?, (CoordinatorRecord Record, Action<long> Written)?> write)
    {
        await _log.EnsureCreatedAsync();
        var partition = PartitionOf(key);
        var turn = TurnOf(partition);
        await turn.WaitAsync();
        try
        {
            if (write(Find(key)) is not var (record, written)) return ErrorCode.None;
            var outcome = await _log.AppendAsync(partition, [record]);
            if (outcome.Error == ErrorCode.None) written(outcome.BaseOffset);
            return outcome.Error;
        }
        finally
        {
            turn.Release();
        }
    }

    [LoggerMessage(2430, LogLevel.Error, "{Topic}-{Partition}: the record at offset {Offset} cannot be read; it is skipped")]
    private static partial void BadRecord(ILogger logger, Exception exception, string topic, int partition, long offset);
}
