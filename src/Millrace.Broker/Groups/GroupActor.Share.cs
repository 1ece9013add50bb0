using Millrace.Broker.Coordination;
using Millrace.Broker.Groups.Consumer;
using Millrace.Broker.Groups.Share;
using Millrace.Protocol;

namespace Millrace.Broker.Groups;

/// <summary>The owner of a share group.</summary>
internal sealed partial class GroupActor
{
    /// <summary>The group, if it is a share group; then <see cref="Group"/> is empty and unused.</summary>
    public ShareGroup? Share { get; private set; }

    /// <summary>Is told when a member of a share group was removed because it was silent.</summary>
    public Action<string, string>? ShareMemberLeft { get; init; }

    /// <summary>The share group, which comes into being with its first member.</summary>
    /// <exception cref="RequestFailedException">It is a group of another kind.</exception>
    public ShareGroup AsShareGroup(bool join, IGroupTopics topics)
    {
        if (Share is { } share) return share;
        if (!join || Consumer is not null || !IsVoid)
            throw new RequestFailedException(ErrorCode.GroupIdNotFound, IsVoid ? $"Share group {groupId} not found." : $"Group {groupId} is not a share group.");
        return new ShareGroup(groupId, topics, time);
    }

    /// <summary>Appends what a transition has to say; only then the group changes, and becomes this owner's.</summary>
    /// <exception cref="RequestFailedException">The log refused.</exception>
    public async ValueTask CommitAsync(ShareGroup group, IReadOnlyList<ShareGroupRecord> records)
    {
        if (records.Count > 0)
        {
            var outcome = await log.AppendAsync(partition, [.. records.Select(ShareGroupRecords.Encode)]);
            if (outcome.Error != ErrorCode.None) throw new RequestFailedException(StorageErrors.ForGroup(outcome.Error), $"The state of group {groupId} could not be written: {outcome.Error}.");
            foreach (var record in records) group.Apply(record);
        }

        Share = group;
    }

    public void Restore(ShareGroup group, int sessionTimeoutMs)
    {
        Share = group;
        foreach (var member in group.Members) group.KeepAlive(member.MemberId, sessionTimeoutMs);
        Arm();
    }

    private async ValueTask RemoveSilentAsync(ShareGroup group)
    {
        while (group.TakeExpired() is { } memberId)
        {
            MemberExpired(logger, groupId, memberId, "its session expired");
            try
            {
                await CommitAsync(group, group.Remove(memberId));
                ShareMemberLeft?.Invoke(groupId, memberId);
            }
            catch (RequestFailedException e)
            {
                MemberStays(logger, groupId, memberId, e.Message);
            }
        }
    }
}
