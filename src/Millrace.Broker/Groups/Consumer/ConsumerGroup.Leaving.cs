using Millrace.Protocol;

namespace Millrace.Broker.Groups.Consumer;

/// <summary>Members that leave or are fenced, and who may commit, fetch and delete offsets.</summary>
internal sealed partial class ConsumerGroup
{
    /// <summary>ConsumerGroupHeartbeat with epoch -1 or -2.</summary>
    /// <returns>The change, and the member that is to be removed; null for a static member that keeps its place.</returns>
    public (ConsumerGroupChange<ConsumerHeartbeatResult> Change, ConsumerGroupMember? Removed) Leave(ConsumerHeartbeat request)
    {
        var member = request.InstanceId is { } instance
            ? StaticMember(instance, request.MemberId, join: false, classic: false, []).Member
            : _members.GetValueOrDefault(request.MemberId) ?? throw Unknown(request.MemberId, GroupId);
        var result = new ConsumerHeartbeatResult(member.MemberId, request.Epoch, 0, null);
        if (request.InstanceId is not null && request.Epoch == ConsumerGroupMember.StaticLeavingEpoch)
        {
            // Its successor begins at epoch 0, and so do the partitions that it takes over.
            var away = member with
            {
                Epoch = ConsumerGroupMember.StaticLeavingEpoch,
                Assigned = member.Assigned.ToDictionary(static p => p.Key, static _ => 0),
                Revoking = System.Collections.ObjectModel.ReadOnlyDictionary<TopicIdPartition, int>.Empty,
            };
            return (new([new CurrentRecord(GroupId, member.MemberId, away)], result), null);
        }

        return (new(Fence([member]), result), member);
    }

    /// <summary>The records that remove members and make the others share what they had.</summary>
    public IReadOnlyList<ConsumerGroupRecord> Fence(IReadOnlyCollection<ConsumerGroupMember> members)
    {
        List<ConsumerGroupRecord> records = [.. members.SelectMany(m => Removal(m.MemberId))];
        List<ConsumerGroupMember> rest = [.. _members.Values.Where(m => !members.Contains(m))];
        var regexes = ResolveRegexes(rest, records, out _);
        BumpEpoch(rest, regexes, changed: true, records);
        return records;
    }

    /// <summary>Whether the group is one of classic members only, once a member has gone: then it becomes a classic group.</summary>
    public bool IsClassicWithout(string? memberId)
    {
        var rest = _members.Values.Where(m => m.MemberId != memberId).ToList();
        return _options.MayDowngrade && rest.Count > 0 && rest.Count <= _options.MaxSize && rest.TrueForAll(static m => m.UsesClassicProtocol);
    }

    /// <summary>Whether the member may commit the offset of a partition. Of an older epoch it may those that it has had since then (KIP-1251).</summary>
    public ErrorCode ValidateCommit(MemberIdentity who, bool transactional, TopicIdPartition? partition, bool knowsEpochs)
    {
        if (who.Generation < 0 && _members.Count == 0) return ErrorCode.None;
        if (!_members.TryGetValue(who.MemberId, out var member))
            return transactional && who is { Generation: < 0, MemberId.Length: 0 } ? ErrorCode.None : ErrorCode.UnknownMemberId;
        if (who.InstanceId is { } instance && _staticMembers.TryGetValue(instance, out var current) && current != who.MemberId) return ErrorCode.FencedInstanceId;
        if (!transactional && !knowsEpochs && !member.UsesClassicProtocol) return ErrorCode.UnsupportedVersion;
        if (who.Generation == member.Epoch) return ErrorCode.None;
        if (member.UsesClassicProtocol) return ErrorCode.IllegalGeneration;
        var owned = partition is { } p && (member.Assigned.TryGetValue(p, out var since) || member.Revoking.TryGetValue(p, out since)) ? since : int.MaxValue;
        return who.Generation < member.Epoch && who.Generation >= owned ? ErrorCode.None : ErrorCode.StaleMemberEpoch;
    }

    /// <summary>Whether a member may fetch offsets; who says nothing of itself may.</summary>
    public ErrorCode ValidateFetch(string? memberId, int epoch)
    {
        if (memberId is null && epoch < 0) return ErrorCode.None;
        if (memberId is null || !_members.TryGetValue(memberId, out var member)) return ErrorCode.UnknownMemberId;
        if (epoch == member.Epoch) return ErrorCode.None;
        return member.UsesClassicProtocol ? ErrorCode.IllegalGeneration : ErrorCode.StaleMemberEpoch;
    }
}
