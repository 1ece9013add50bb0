using Millrace.Protocol;

namespace Millrace.Broker.Groups;

/// <summary>SyncGroup: the leader hands in the assignment, it is stored, then everybody gets a part.</summary>
internal sealed partial class ClassicGroup
{
    public Task<SyncGroupResult> Sync(SyncGroupCommand command)
    {
        var reply = new TaskCompletionSource<SyncGroupResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        var error = ValidateSync(command);
        if (error != ErrorCode.None)
        {
            reply.SetResult(SyncGroupResult.Failed(error));
            return reply.Task;
        }

        var member = _members[command.MemberId];
        _pendingSyncs.Remove(member.MemberId);
        if (State == GroupState.Stable)
        {
            KeepAlive(member);
            reply.SetResult(new SyncGroupResult(ErrorCode.None, ProtocolType, ProtocolName, member.Assignment));
            return reply.Task;
        }

        member.Sync?.TrySetResult(SyncGroupResult.Failed(ErrorCode.RebalanceInProgress));
        member.Sync = reply;
        if (string.Equals(member.MemberId, LeaderId, StringComparison.Ordinal)) TakeAssignments(command.Assignments);
        return reply.Task;
    }

    private ErrorCode ValidateSync(SyncGroupCommand command)
    {
        if (State == GroupState.Dead) return ErrorCode.CoordinatorNotAvailable;
        var error = ValidateMember(command.MemberId, command.InstanceId);
        if (error != ErrorCode.None) return error;
        if (command.Generation != Generation) return ErrorCode.IllegalGeneration;
        if ((command.ProtocolType is { } type && !string.Equals(type, ProtocolType, StringComparison.Ordinal))
            || (command.ProtocolName is { } name && !string.Equals(name, ProtocolName, StringComparison.Ordinal)))
        {
            return ErrorCode.InconsistentGroupProtocol;
        }

        return State switch
        {
            GroupState.Empty => ErrorCode.UnknownMemberId,
            GroupState.PreparingRebalance => ErrorCode.RebalanceInProgress,
            _ => ErrorCode.None,
        };
    }

    private void TakeAssignments(IReadOnlyDictionary<string, byte[]> assignments)
    {
        foreach (var member in _members.Values) member.Assignment = assignments.GetValueOrDefault(member.MemberId) ?? [];
        _writes.Enqueue(error =>
        {
            if (error != ErrorCode.None)
            {
                AbandonAssignments(error);
                Rebalance();
                return;
            }

            TransitionTo(GroupState.Stable);
            foreach (var member in _members.Values)
            {
                if (member.Sync is null) continue;
                KeepAlive(member);
                member.CompleteSync(new SyncGroupResult(ErrorCode.None, ProtocolType, ProtocolName, member.Assignment));
            }
        });
    }

    private void AbandonAssignments(ErrorCode error)
    {
        foreach (var member in _members.Values)
        {
            member.Assignment = [];
            if (member.Sync is null) continue;
            KeepAlive(member);
            member.CompleteSync(SyncGroupResult.Failed(error));
        }
    }
}
