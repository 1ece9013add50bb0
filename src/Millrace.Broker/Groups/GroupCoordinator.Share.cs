using Millrace.Broker.Groups.Share;
using Millrace.Protocol;

namespace Millrace.Broker.Groups;

/// <summary>What share groups need of the rest of the broker.</summary>
/// <param name="SessionTimeoutMs">A group's <c>share.session.timeout.ms</c>.</param>
/// <param name="HeartbeatIntervalMs">A group's <c>share.heartbeat.interval.ms</c>.</param>
/// <param name="MaxSize"><c>group.share.max.size</c>.</param>
/// <param name="InitializeAsync">Makes the state of a topic's partitions, where there is none.</param>
/// <param name="MemberLeft">Is told which member of which group has gone.</param>
/// <param name="DeleteAsync">Deletes the state of all partitions of a group.</param>
internal sealed record ShareGroupSupport(
    Func<string, int> SessionTimeoutMs,
    Func<string, int> HeartbeatIntervalMs,
    int MaxSize,
    Func<string, int, IReadOnlyList<SharedTopic>, ValueTask> InitializeAsync,
    Action<string, string> MemberLeft,
    Func<string, ValueTask> DeleteAsync);

/// <summary>Share groups (KIP-932).</summary>
internal sealed partial class GroupCoordinator
{
    /// <summary>What share groups need; without it there are none.</summary>
    public ShareGroupSupport? Sharing { get; set; }

    private ShareGroupSupport RequiredSharing => Sharing ?? throw new RequestFailedException(ErrorCode.UnsupportedVersion, "There are no share groups here.");

    /// <summary>ShareGroupHeartbeat.</summary>
    /// <exception cref="RequestFailedException">The request is refused.</exception>
    public async ValueTask<ShareHeartbeatResult> HeartbeatAsync(ShareHeartbeat request)
    {
        var sharing = RequiredSharing;
        var actor = await EnterAsync(request.GroupId, create: request.Epoch == 0) ?? throw new RequestFailedException(ErrorCode.GroupIdNotFound, $"Share group {request.GroupId} not found.");
        try
        {
            var group = actor.AsShareGroup(request.Epoch == 0, _topics);
            if (request.Epoch < 0)
            {
                await actor.CommitAsync(group, group.Remove(request.MemberId));
                sharing.MemberLeft(request.GroupId, request.MemberId);
                return new ShareHeartbeatResult(request.MemberId, request.Epoch, 0, null);
            }

            var (old, updated) = group.Admit(request, sharing.MaxSize);
            var missing = group.MissingTopics(updated);
            if (missing.Count > 0) await sharing.InitializeAsync(request.GroupId, group.Epoch + 1, missing);
            var (records, member) = group.Advance(old, updated, missing);
            await actor.CommitAsync(group, records);
            group.KeepAlive(member.MemberId, sharing.SessionTimeoutMs(request.GroupId));
            var tell = request.Epoch == 0 || request.Topics is not null || !member.Assigned.SetEquals(old.Assigned) || request.Epoch != member.Epoch;
            return new ShareHeartbeatResult(member.MemberId, member.Epoch, sharing.HeartbeatIntervalMs(request.GroupId), tell ? member.Assigned : null);
        }
        finally
        {
            await actor.ExitAsync();
        }
    }

    /// <summary>ShareGroupDescribe.</summary>
    /// <exception cref="RequestFailedException">There is no such group, or it is of another kind.</exception>
    public ValueTask<ShareGroupDescription> DescribeShareGroupAsync(string groupId) => WithShareGroupAsync<ShareGroupDescription>(groupId, static (_, group) => new(group.Describe()));

    /// <summary>Does something with a share group in its turn.</summary>
    /// <exception cref="RequestFailedException">There is no such group, or it is of another kind.</exception>
    public async ValueTask<T> WithShareGroupAsync<T>(string groupId, Func<GroupActor, ShareGroup, ValueTask<T>> work)
    {
        var actor = await EnterAsync(groupId, create: false) ?? throw new RequestFailedException(ErrorCode.GroupIdNotFound, $"Group {groupId} not found.");
        try
        {
            return await work(actor, actor.AsShareGroup(join: false, _topics));
        }
        finally
        {
            await actor.ExitAsync();
        }
    }
}
