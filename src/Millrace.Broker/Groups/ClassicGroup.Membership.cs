using Millrace.Protocol;

namespace Millrace.Broker.Groups;

/// <summary>Heartbeats, leaving, and the checks of who may commit or delete offsets.</summary>
internal sealed partial class ClassicGroup
{
    public ErrorCode Heartbeat(MemberIdentity who)
    {
        if (State == GroupState.Dead) return ErrorCode.CoordinatorNotAvailable;
        var error = ValidateMember(who.MemberId, who.InstanceId);
        if (error != ErrorCode.None) return error;
        if (who.Generation != Generation) return ErrorCode.IllegalGeneration;
        if (State == GroupState.Empty) return ErrorCode.UnknownMemberId;
        KeepAlive(_members[who.MemberId]);
        return State == GroupState.PreparingRebalance ? ErrorCode.RebalanceInProgress : ErrorCode.None;
    }

    /// <summary>A member leaves, or an administrator removes a static one by its instance id alone.</summary>
    public ErrorCode Leave(string memberId, string? instanceId)
    {
        if (State == GroupState.Dead) return ErrorCode.CoordinatorNotAvailable;
        if (instanceId is not null && memberId.Length == 0)
        {
            if (!_staticMembers.TryGetValue(instanceId, out var current)) return ErrorCode.UnknownMemberId;
            memberId = current;
        }

        if (_pendingJoins.Remove(memberId))
        {
            MaybeCompleteJoin();
            return ErrorCode.None;
        }

        var error = ValidateMember(memberId, instanceId);
        if (error == ErrorCode.None) RemoveAndRebalance(_members[memberId]);
        return error;
    }

    /// <summary>Whether an offset commit is allowed. Members prove their generation; others may commit only while nobody is in the group.</summary>
    public ErrorCode ValidateCommit(MemberIdentity who, bool transactional)
    {
        if (State == GroupState.Dead) return ErrorCode.CoordinatorNotAvailable;
        if (who.Generation < 0 && State == GroupState.Empty) return ErrorCode.None;
        if (who.Generation >= 0 || who.MemberId.Length > 0 || who.InstanceId is not null)
        {
            var error = ValidateMember(who.MemberId, who.InstanceId);
            if (error != ErrorCode.None) return error;
            if (who.Generation != Generation) return ErrorCode.IllegalGeneration;
        }
        else if (!transactional)
        {
            return ErrorCode.UnknownMemberId;
        }

        // The member has its new generation but not its assignment yet: it must finish the rebalance first.
        if (!transactional && State == GroupState.CompletingRebalance) return ErrorCode.RebalanceInProgress;
        if (!transactional && _members.TryGetValue(who.MemberId, out var member)) KeepAlive(member);
        return ErrorCode.None;
    }

    /// <summary>Whether the offsets of a topic may be deleted now.</summary>
    public ErrorCode ValidateOffsetDelete(string topic) => State switch
    {
        GroupState.Dead => ErrorCode.GroupIdNotFound,
        GroupState.Empty => ErrorCode.None,
        _ when !UsesConsumerProtocol => ErrorCode.NonEmptyGroup,
        _ => IsSubscribedTo(topic) ? ErrorCode.GroupSubscribedToTopic : ErrorCode.None,
    };

    public bool UsesConsumerProtocol => string.Equals(ProtocolType, "consumer", StringComparison.Ordinal);

    private ErrorCode ValidateMember(string memberId, string? instanceId)
    {
        if (instanceId is not null)
        {
            if (!_staticMembers.TryGetValue(instanceId, out var current)) return ErrorCode.UnknownMemberId;
            if (!string.Equals(current, memberId, StringComparison.Ordinal)) return ErrorCode.FencedInstanceId;
        }

        return _members.ContainsKey(memberId) ? ErrorCode.None : ErrorCode.UnknownMemberId;
    }

    private void RemoveAndRebalance(ClassicGroupMember member)
    {
        Remove(member);
        if (State is GroupState.Stable or GroupState.CompletingRebalance or GroupState.PreparingRebalance) Rebalance();
    }

    private void Remove(ClassicGroupMember member)
    {
        _members.Remove(member.MemberId);
        _pendingSyncs.Remove(member.MemberId);
        if (member.InstanceId is { } instance
            && _staticMembers.TryGetValue(instance, out var current)
            && string.Equals(current, member.MemberId, StringComparison.Ordinal))
        {
            _staticMembers.Remove(instance);
        }

        if (string.Equals(LeaderId, member.MemberId, StringComparison.Ordinal)) LeaderId = _members.Count > 0 ? _members.GetAt(0).Key : null;
        member.CompleteJoin(JoinGroupResult.Failed(ErrorCode.UnknownMemberId, member.MemberId));
        member.CompleteSync(SyncGroupResult.Failed(ErrorCode.UnknownMemberId));
    }
}
