using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Millrace.Broker.Coordination;
using Millrace.Broker.Groups.Consumer;
using Millrace.Protocol;

namespace Millrace.Broker.Groups;

/// <summary>
/// The coordinator of all groups of this broker. It finds a group's owner, takes its turn, and lets the state machine decide. Offsets and deletion are in
/// GroupCoordinator.Offsets and .Administration, reading <c>__consumer_offsets</c> at start in .Loading.
/// </summary>
internal sealed partial class GroupCoordinator : IDisposable
{
    private readonly ConcurrentDictionary<string, GroupActor> _groups = new(StringComparer.Ordinal);
    private readonly GroupCoordinatorOptions _options;
    private readonly ICoordinatorLog _log;
    private readonly IGroupTopics _topics;
    private readonly DeadlineScheduler _scheduler;
    private readonly TimeProvider _time;
    private readonly MonotonicClock _clock;
    private readonly ILogger _logger;

    public GroupCoordinator(
        GroupCoordinatorOptions options, ICoordinatorLog log, TimeProvider time, ILoggerFactory loggerFactory, IGroupTopics? topics = null)
    {
        _options = options;
        _log = log;
        _topics = topics ?? NoGroupTopics.Instance;
        _time = time;
        _clock = new MonotonicClock(time);
        _logger = loggerFactory.CreateLogger<GroupCoordinator>();
        _scheduler = new DeadlineScheduler(time);
        ScheduleSweep();
    }

    public GroupCoordinatorOptions Options => _options;

    public ICoordinatorLog Log => _log;

    public int PartitionFor(string groupId) => KeyPartitioning.PartitionFor(groupId, _log.PartitionCount);

    public async Task<JoinGroupResult> JoinAsync(JoinGroupCommand command)
    {
        if (command.GroupId.Length == 0) return JoinGroupResult.Failed(ErrorCode.InvalidGroupId, command.MemberId);
        var actor = await EnterAsync(command.GroupId, create: command.MemberId.Length == 0);
        if (actor is null) return JoinGroupResult.Failed(ErrorCode.UnknownMemberId, command.MemberId);
        Task<JoinGroupResult> joined;
        try
        {
            if (actor.Share is not null) return JoinGroupResult.Failed(ErrorCode.InconsistentGroupProtocol, command.MemberId);
            if (actor.Consumer is { } group)
            {
                if (group.MemberCount > 0) return await JoinAsync(actor, group, command, _options);
                await actor.DropConsumerGroupAsync(group);
            }

            joined = actor.Group.Join(command);
        }
        catch (RequestFailedException e)
        {
            return JoinGroupResult.Failed(e.Error, command.MemberId);
        }
        finally
        {
            await actor.ExitAsync();
        }

        return await joined;
    }

    public async Task<SyncGroupResult> SyncAsync(SyncGroupCommand command)
    {
        if (command.GroupId.Length == 0) return SyncGroupResult.Failed(ErrorCode.InvalidGroupId);
        var actor = await EnterAsync(command.GroupId, create: false);
        if (actor is null) return SyncGroupResult.Failed(ErrorCode.UnknownMemberId);
        Task<SyncGroupResult> synced;
        try
        {
            if (actor.Consumer is { } group) return group.Sync(command);
            synced = actor.Group.Sync(command);
        }
        finally
        {
            await actor.ExitAsync();
        }

        return await synced;
    }

    public async ValueTask<ErrorCode> HeartbeatAsync(string groupId, MemberIdentity who)
    {
        if (groupId.Length == 0) return ErrorCode.InvalidGroupId;
        var actor = await EnterAsync(groupId, create: false);
        if (actor is null) return ErrorCode.UnknownMemberId;
        try
        {
            return actor.Consumer is { } group ? group.Heartbeat(who) : actor.Group.Heartbeat(who);
        }
        finally
        {
            await actor.ExitAsync();
        }
    }

    /// <summary>Removes members; one error per member, in order.</summary>
    public async ValueTask<IReadOnlyList<ErrorCode>> LeaveAsync(string groupId, IReadOnlyList<(string MemberId, string? InstanceId)> members)
    {
        if (groupId.Length == 0) return [.. members.Select(static _ => ErrorCode.InvalidGroupId)];
        var actor = await EnterAsync(groupId, create: false);
        if (actor is null) return [.. members.Select(static _ => ErrorCode.UnknownMemberId)];
        try
        {
            if (actor.Consumer is { } group) return await LeaveAsync(actor, group, members);
            return [.. members.Select(m => actor.Group.Leave(m.MemberId, m.InstanceId))];
        }
        finally
        {
            await actor.ExitAsync();
        }
    }

    public void Dispose()
    {
        _scheduler.Dispose();
        _groups.Clear();
    }

    /// <summary>Takes the turn of a living group; null if there is none and none is to be created. End the turn with <see cref="GroupActor.ExitAsync"/>.</summary>
    private async ValueTask<GroupActor?> EnterAsync(string groupId, bool create)
    {
        while (true)
        {
            if (!_groups.TryGetValue(groupId, out var actor))
            {
                if (!create) return null;
                actor = _groups.GetOrAdd(groupId, NewActor);
            }

            await actor.EnterAsync();
            if (!actor.IsDead) return actor;
            await actor.ExitAsync();
        }
    }

    private GroupActor NewActor(string groupId) => new(groupId, PartitionFor(groupId), _options, _log, _scheduler, _time, _logger)
    {
        ShareMemberLeft = (group, member) => Sharing?.MemberLeft(group, member),
    };
}
