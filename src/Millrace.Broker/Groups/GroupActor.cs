using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Millrace.Broker.Coordination;
using Millrace.Protocol;

namespace Millrace.Broker.Groups;

/// <summary>
/// The one owner of a group: whoever holds the turn may touch the state machine and the offsets, also across awaits of the log. So what a request sees cannot
/// change while its records are being written, and records stand in the log in the order in which they took effect.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore never makes a wait handle, and a late request may still hold the turn.")]
internal sealed partial class GroupActor(
    string groupId, int partition, GroupCoordinatorOptions options, ICoordinatorLog log, DeadlineScheduler scheduler, TimeProvider time, ILogger logger)
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private long _armedFor = long.MaxValue;

    public string GroupId => groupId;

    /// <summary>The partition of <c>__consumer_offsets</c> that holds this group.</summary>
    public int Partition => partition;

    public ClassicGroup Group { get; private set; } = new(groupId, options, time);

    public GroupOffsets Offsets { get; } = new();

    public bool IsDead => Group.State == GroupState.Dead;

    /// <summary>Nothing was ever kept here: left over from a request that was refused.</summary>
    public bool IsVoid => Consumer is null && Share is null && Group.IsVacant && Group.Generation == 0 && Offsets.IsEmpty;

    public Task EnterAsync() => _turn.WaitAsync();

    /// <summary>Ends the turn: writes what the state machine wants stored, answers whoever waits for that, and asks for the next deadline.</summary>
    public async ValueTask ExitAsync()
    {
        try
        {
            while (Group.TryTakeWrite(out var written))
            {
                var outcome = await log.AppendAsync(partition, [GroupRecords.Metadata(Group.Snapshot())]);
                written(StorageErrors.ForGroup(outcome.Error));
            }

            Arm();
        }
        finally
        {
            _turn.Release();
        }
    }

    public ValueTask<AppendOutcome> AppendAsync(IReadOnlyList<CoordinatorRecord> records, ProducerStamp? transaction = null) =>
        log.AppendAsync(partition, records, transaction);

    /// <summary>Takes a loaded state; only before the group is served.</summary>
    public void Restore(GroupSnapshot? snapshot)
    {
        if (snapshot is not null) Group.Restore(snapshot);
        Arm();
    }

    private void Arm()
    {
        var next = Consumer?.NextDeadline ?? Share?.NextDeadline ?? Group.NextDeadline;
        if (next >= _armedFor) return;
        _armedFor = next;
        scheduler.WakeAt(next, OnDeadline);
    }

    private void OnDeadline(long deadline) => _ = RunDeadlinesAsync(deadline);

    private async Task RunDeadlinesAsync(long deadline)
    {
        try
        {
            await EnterAsync();
            try
            {
                if (deadline != _armedFor) return;
                _armedFor = long.MaxValue;
                if (Share is { } share) await RemoveSilentAsync(share);
                else if (Consumer is null) Group.OnTime();
                else await FenceExpiredAsync();
            }
            finally
            {
                await ExitAsync();
            }
        }
        catch (Exception exception)
        {
            DeadlineFailed(logger, exception, groupId);
        }
    }

    [LoggerMessage(2410, LogLevel.Error, "Group {Group}: its deadlines could not be worked off")]
    private static partial void DeadlineFailed(ILogger logger, Exception exception, string group);
}
