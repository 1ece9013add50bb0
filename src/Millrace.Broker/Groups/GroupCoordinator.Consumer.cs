using Millrace.Broker.Groups.Consumer;
using Millrace.Protocol;

namespace Millrace.Broker.Groups;

/// <summary>Groups of the new protocol (KIP-848), and classic members in them.</summary>
internal sealed partial class GroupCoordinator
{
    /// <summary>ConsumerGroupHeartbeat.</summary>
    /// <exception cref="RequestFailedException">The request is refused.</exception>
    public async ValueTask<ConsumerHeartbeatResult> HeartbeatAsync(ConsumerHeartbeat request)
    {
        var join = request.Epoch == 0;
        var actor = await EnterAsync(request.GroupId, create: join)
            ?? throw new RequestFailedException(ErrorCode.GroupIdNotFound, $"{(request.Epoch < 0 ? "Group" : "Consumer group")} {request.GroupId} not found.");
        try
        {
            var (group, conversion) = actor.AsConsumerGroup(join, _topics);
            if (request.Epoch >= 0)
            {
                var heartbeat = group.Heartbeat(request);
                await actor.CommitAsync(group, conversion, heartbeat.Records);
                return heartbeat.Result;
            }

            var (left, removed) = group.Leave(request);
            if (removed is null) await actor.CommitAsync(group, [], left.Records);
            else await actor.FenceAsync(group, [removed]);
            return left.Result;
        }
        finally
        {
            await actor.ExitAsync();
        }
    }

    /// <summary>ConsumerGroupDescribe.</summary>
    /// <exception cref="RequestFailedException">There is no such group, or it is of another kind.</exception>
    public async ValueTask<ConsumerGroupDescription> DescribeConsumerGroupAsync(string groupId)
    {
        var actor = await EnterAsync(groupId, create: false) ?? throw new RequestFailedException(ErrorCode.GroupIdNotFound, $"Group {groupId} not found.");
        try
        {
            if (actor.Consumer is { } group) return group.Describe();
            throw new RequestFailedException(ErrorCode.GroupIdNotFound, actor.IsVoid ? $"Group {groupId} not found." : $"Group {groupId} is not a consumer group.");
        }
        finally
        {
            await actor.ExitAsync();
        }
    }

    /// <summary>JoinGroup to a group of the new protocol; the caller holds the turn.</summary>
    private static async ValueTask<JoinGroupResult> JoinAsync(GroupActor actor, ConsumerGroup group, JoinGroupCommand command, GroupCoordinatorOptions options)
    {
        if (command.SessionTimeoutMs < options.MinSessionTimeoutMs || command.SessionTimeoutMs > options.MaxSessionTimeoutMs)
            return JoinGroupResult.Failed(ErrorCode.InvalidSessionTimeout, command.MemberId);
        if (command is { MemberId.Length: 0, InstanceId: null, RequireKnownMemberId: true })
            return JoinGroupResult.Failed(ErrorCode.MemberIdRequired, $"{command.ClientId}-{Guid.NewGuid()}");
        try
        {
            var replaces = command.InstanceId is not null && group.Members.Any(m => m.InstanceId == command.InstanceId && !m.UsesClassicProtocol);
            var joined = group.Join(command);
            await actor.CommitAsync(group, [], joined.Records);
            if (replaces && group.IsClassicWithout(null)) await actor.DowngradeAsync(group, null);
            return joined.Result;
        }
        catch (RequestFailedException e)
        {
            return JoinGroupResult.Failed(e.Error, command.MemberId);
        }
    }

    private static async ValueTask<IReadOnlyList<ErrorCode>> LeaveAsync(GroupActor actor, ConsumerGroup group, IReadOnlyList<(string MemberId, string? InstanceId)> members)
    {
        var found = members.Select(m => group.FindLeaving(m.MemberId, m.InstanceId)).ToList();
        List<ConsumerGroupMember> leaving = [.. found.Select(static f => f.Member).OfType<ConsumerGroupMember>().Distinct()];
        try
        {
            if (leaving.Count > 0) await actor.FenceAsync(group, leaving);
            return found.ConvertAll(static f => f.Error);
        }
        catch (RequestFailedException e)
        {
            return found.ConvertAll(f => f.Member is null ? f.Error : e.Error);
        }
    }
}
