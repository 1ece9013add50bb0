using Millrace.Protocol;

namespace Millrace.Broker.Groups;

/// <summary>JoinGroup: new, pending, returning and static members.</summary>
internal sealed partial class ClassicGroup
{
    public Task<JoinGroupResult> Join(JoinGroupCommand command)
    {
        var reply = new TaskCompletionSource<JoinGroupResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (command.SessionTimeoutMs < _options.MinSessionTimeoutMs || command.SessionTimeoutMs > _options.MaxSessionTimeoutMs)
        {
            reply.SetResult(JoinGroupResult.Failed(ErrorCode.InvalidSessionTimeout, command.MemberId));
        }
        else if (State == GroupState.Dead)
        {
            reply.SetResult(JoinGroupResult.Failed(ErrorCode.CoordinatorNotAvailable, command.MemberId));
        }
        else if (!HasRoomFor(command.MemberId))
        {
            if (_members.TryGetValue(command.MemberId, out var surplus)) RemoveAndRebalance(surplus);
            _pendingJoins.Remove(command.MemberId);
            reply.SetResult(JoinGroupResult.Failed(ErrorCode.GroupMaxSizeReached, ""));
        }
        else if (!SupportsProtocols(command))
        {
            reply.SetResult(JoinGroupResult.Failed(ErrorCode.InconsistentGroupProtocol, command.MemberId));
        }
        else if (command.MemberId.Length == 0)
        {
            JoinWithoutId(command, reply);
        }
        else
        {
            JoinWithId(command, reply);
        }

        return reply.Task;
    }

    private bool HasRoomFor(string memberId) => State switch
    {
        GroupState.PreparingRebalance =>
            (_members.TryGetValue(memberId, out var member) && member.Join is not null)
            || _members.Values.Count(static m => m.Join is not null) < _options.MaxSize,
        GroupState.CompletingRebalance or GroupState.Stable => _members.ContainsKey(memberId) || _members.Count < _options.MaxSize,
        _ => true,
    };

    private bool SupportsProtocols(JoinGroupCommand command)
    {
        if (command.ProtocolType.Length == 0 || command.Protocols.Count == 0) return false;
        if (_members.Count == 0) return true;
        return string.Equals(command.ProtocolType, ProtocolType, StringComparison.Ordinal)
            && command.Protocols.Any(p => _members.Values.All(m => Offers(m, p.Name)));
    }

    private void JoinWithoutId(JoinGroupCommand command, TaskCompletionSource<JoinGroupResult> reply)
    {
        var memberId = $"{command.InstanceId ?? command.ClientId}-{Guid.NewGuid()}";
        if (command.InstanceId is { } instance)
        {
            if (_staticMembers.TryGetValue(instance, out var previous))
            {
                ReplaceStaticMember(command, previous, memberId, reply);
            }
            else
            {
                AddMember(command, memberId, reply);
            }
        }
        else if (command.RequireKnownMemberId)
        {
            var deadline = _clock.NowMs + command.SessionTimeoutMs;
            _pendingJoins[memberId] = deadline;
            Watch(deadline);
            reply.SetResult(JoinGroupResult.Failed(ErrorCode.MemberIdRequired, memberId));
        }
        else
        {
            AddMember(command, memberId, reply);
        }
    }

    private void JoinWithId(JoinGroupCommand command, TaskCompletionSource<JoinGroupResult> reply)
    {
        if (command.InstanceId is null && _pendingJoins.ContainsKey(command.MemberId))
        {
            AddMember(command, command.MemberId, reply);
            return;
        }

        var error = ValidateMember(command.MemberId, command.InstanceId);
        if (error != ErrorCode.None)
        {
            reply.SetResult(JoinGroupResult.Failed(error, command.MemberId));
            return;
        }

        var member = _members[command.MemberId];
        var unchanged = member.Offers(command.Protocols);
        var isLeader = string.Equals(member.MemberId, LeaderId, StringComparison.Ordinal);
        switch (State)
        {
            // The member did not get the answer to the same join: give it again. In a stable group only the leader's rejoin means "assign anew".
            case GroupState.CompletingRebalance when unchanged:
            case GroupState.Stable when unchanged && !isLeader:
                reply.SetResult(JoinedResult(member));
                break;
            case GroupState.PreparingRebalance or GroupState.CompletingRebalance or GroupState.Stable:
                UpdateMember(member, command, reply);
                Rebalance();
                break;
            default:
                reply.SetResult(JoinGroupResult.Failed(ErrorCode.UnknownMemberId, command.MemberId));
                break;
        }
    }

    private void AddMember(JoinGroupCommand command, string memberId, TaskCompletionSource<JoinGroupResult> reply)
    {
        _pendingJoins.Remove(memberId);
        if (State == GroupState.PreparingRebalance && _initialDelayLeftMs >= 0) _joinedDuringInitialDelay = true;
        if (_members.Count == 0) ProtocolType = command.ProtocolType;
        var member = NewMember(command, memberId);
        member.Join = reply;
        member.IsNew = true;
        member.Deadline = _clock.NowMs + _options.NewMemberJoinTimeoutMs;
        Watch(member.Deadline);
        _members[memberId] = member;
        if (member.InstanceId is { } instance) _staticMembers[instance] = memberId;
        LeaderId ??= memberId;
        Rebalance();
    }

    /// <summary>KIP-345: a restarted static member takes the place of its predecessor, without a rebalance where nothing changes for the others.</summary>
    private void ReplaceStaticMember(
        JoinGroupCommand command, string previousId, string memberId, TaskCompletionSource<JoinGroupResult> reply)
    {
        var previous = _members[previousId];
        var wasLeader = string.Equals(previousId, LeaderId, StringComparison.Ordinal);
        previous.CompleteJoin(JoinGroupResult.Failed(ErrorCode.FencedInstanceId, previousId));
        previous.CompleteSync(SyncGroupResult.Failed(ErrorCode.FencedInstanceId));
        var member = NewMember(command, memberId);
        member.Assignment = previous.Assignment;
        var position = _members.IndexOf(previousId);
        _members.RemoveAt(position);
        _members.Insert(position, memberId, member);
        _staticMembers[command.InstanceId!] = memberId;
        if (_pendingSyncs.Remove(previousId)) _pendingSyncs.Add(memberId);
        if (wasLeader) LeaderId = memberId;
        KeepAlive(member);

        if (State == GroupState.Stable && string.Equals(SelectProtocol(), ProtocolName, StringComparison.Ordinal))
        {
            // Parked until the new member id is on disk: after a restart of the broker it must be known.
            member.Join = reply;
            _writes.Enqueue(error =>
            {
                if (error != ErrorCode.None)
                {
                    member.CompleteJoin(JoinGroupResult.Failed(error, memberId));
                    return;
                }

                KeepAlive(member);
                // Clients before v9 cannot skip: they are named a leader that is not them, so that they do not compute an assignment.
                member.CompleteJoin(JoinedResult(member) with
                {
                    Leader = wasLeader && !command.SupportsSkippingAssignment ? previousId : LeaderId ?? "",
                    Members = wasLeader && command.SupportsSkippingAssignment ? JoinedMembers() : [],
                    SkipAssignment = wasLeader && command.SupportsSkippingAssignment,
                });
            });
            return;
        }

        member.Join = reply;
        Rebalance();
    }

    private static ClassicGroupMember NewMember(JoinGroupCommand command, string memberId) => new()
    {
        MemberId = memberId,
        InstanceId = command.InstanceId,
        ClientId = command.ClientId,
        ClientHost = command.ClientHost,
        ProtocolType = command.ProtocolType,
        Protocols = command.Protocols,
        SessionTimeoutMs = command.SessionTimeoutMs,
        RebalanceTimeoutMs = command.RebalanceTimeoutMs,
    };

    private static void UpdateMember(ClassicGroupMember member, JoinGroupCommand command, TaskCompletionSource<JoinGroupResult> reply)
    {
        member.Protocols = command.Protocols;
        member.SessionTimeoutMs = command.SessionTimeoutMs;
        member.RebalanceTimeoutMs = command.RebalanceTimeoutMs;
        // A retried join takes the place of the lost one; the old connection gets an answer that makes its client look again.
        member.Join?.TrySetResult(JoinGroupResult.Failed(ErrorCode.RebalanceInProgress, member.MemberId));
        member.Join = reply;
    }

    private static bool Offers(ClassicGroupMember member, string protocol) =>
        member.Protocols.Any(p => string.Equals(p.Name, protocol, StringComparison.Ordinal));

    private JoinGroupResult JoinedResult(ClassicGroupMember member) => new()
    {
        MemberId = member.MemberId,
        Generation = Generation,
        ProtocolType = ProtocolType,
        ProtocolName = ProtocolName,
        Leader = LeaderId ?? "",
        Members = string.Equals(member.MemberId, LeaderId, StringComparison.Ordinal) ? JoinedMembers() : [],
    };

    private List<JoinedMember> JoinedMembers() =>
        [.. _members.Values.Select(m => new JoinedMember(m.MemberId, m.InstanceId, m.MetadataOf(ProtocolName)))];
}
