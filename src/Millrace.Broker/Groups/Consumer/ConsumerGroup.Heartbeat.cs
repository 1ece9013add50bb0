using Millrace.Protocol;

namespace Millrace.Broker.Groups.Consumer;

/// <summary>ConsumerGroupHeartbeat: a member joins, changes its subscription, or moves on to its assignment.</summary>
internal sealed partial class ConsumerGroup
{
    /// <summary>A heartbeat of a member that stays.</summary>
    /// <exception cref="RequestFailedException">The member is unknown, fenced, or not welcome.</exception>
    public ConsumerGroupChange<ConsumerHeartbeatResult> Heartbeat(ConsumerHeartbeat request)
    {
        ThrowIfFull(request.MemberId);
        List<ConsumerGroupRecord> records = [];
        var memberId = request.MemberId.Length == 0 ? NewMemberId() : request.MemberId;
        var (member, replaced) = request.InstanceId is { } instance
            ? StaticMember(instance, memberId, request.Epoch == 0, classic: false, records)
            : (DynamicMember(memberId, request.Epoch == 0), null);
        if (replaced is null) ThrowIfFenced(member, request.Epoch, request.Owned);
        var updated = member with
        {
            InstanceId = request.InstanceId ?? member.InstanceId,
            RackId = request.RackId ?? member.RackId,
            RebalanceTimeoutMs = request.RebalanceTimeoutMs == -1 ? member.RebalanceTimeoutMs : request.RebalanceTimeoutMs,
            ServerAssignor = request.ServerAssignor ?? member.ServerAssignor,
            Topics = request.Topics is null ? member.Topics : SortedNames(request.Topics),
            Regex = request.Regex ?? member.Regex,
            ClientId = request.ClientId,
            ClientHost = request.ClientHost,
            Classic = null,
        };
        var reconciled = Advance(member, updated, replaced, request.Owned, records);
        KeepAlive(memberId, _options.ConsumerSessionTimeoutMs);
        var tell = request.Epoch == 0 || request.IsFull || !ConsumerGroupMember.Same(member.Assigned, reconciled.Assigned);
        return new(records, new ConsumerHeartbeatResult(
            memberId, reconciled.Epoch, _options.ConsumerHeartbeatIntervalMs, tell ? [.. reconciled.Assigned.Keys] : null));
    }

    /// <summary>Kafka's form of a random id: 16 bytes in URL-safe base 64.</summary>
    private static string NewMemberId()
    {
        string id;
        do id = System.Buffers.Text.Base64Url.EncodeToString(Guid.NewGuid().ToByteArray());
        while (id.StartsWith('-'));
        return id;
    }

    private static IReadOnlyCollection<string> SortedNames(IEnumerable<string> names) => [.. names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    private void ThrowIfFull(string memberId)
    {
        if (_members.Count >= _options.ConsumerMaxSize && (memberId.Length == 0 || !_members.ContainsKey(memberId)))
            throw new RequestFailedException(ErrorCode.GroupMaxSizeReached, $"The consumer group has reached its maximum capacity of {_options.ConsumerMaxSize} members.");
    }

    private ConsumerGroupMember DynamicMember(string memberId, bool create) =>
        _members.GetValueOrDefault(memberId) ?? (create ? new ConsumerGroupMember { MemberId = memberId } : throw Unknown(memberId, GroupId));

    /// <summary>KIP-345 in the new protocol: a static member that has left for a while, or speaks the classic protocol, is replaced by its successor.</summary>
    private (ConsumerGroupMember Member, ConsumerGroupMember? Replaced) StaticMember(
        string instance, string memberId, bool join, bool classic, List<ConsumerGroupRecord> records)
    {
        var existing = _staticMembers.TryGetValue(instance, out var existingId) ? _members[existingId] : null;
        if (!join)
        {
            if (existing is null) throw new RequestFailedException(ErrorCode.UnknownMemberId, $"Instance id {instance} is unknown.");
            if (existing.MemberId != memberId)
                throw new RequestFailedException(ErrorCode.FencedInstanceId, $"Static member {memberId} with instance id {instance} was fenced by member {existing.MemberId}.");
            return (existing, null);
        }

        if (existing is null) return (DynamicMember(memberId, create: true), null);
        if (!classic && !existing.UsesClassicProtocol && existing.Epoch != ConsumerGroupMember.StaticLeavingEpoch)
        {
            throw new RequestFailedException(
                ErrorCode.UnreleasedInstanceId, $"Static member {memberId} with instance id {instance} cannot join the group because the instance id is owned by {existing.MemberId} member.");
        }

        var successor = existing with { MemberId = memberId, Epoch = 0, PreviousEpoch = 0 };
        records.AddRange(Removal(existing.MemberId));
        records.Add(new MemberRecord(GroupId, memberId, successor));
        records.Add(new TargetRecord(GroupId, memberId, TargetOf(existing.MemberId)));
        records.Add(new CurrentRecord(GroupId, memberId, successor));
        return (successor, existing);
    }

    private static void ThrowIfFenced(ConsumerGroupMember member, int epoch, IReadOnlyCollection<TopicIdPartition>? owned)
    {
        // With 0 a member begins anew, and hears all that it is to know: it may have lost an answer, or been fenced.
        if (epoch == 0 || epoch == member.Epoch) return;
        // The answer with the new epoch may have been lost: then the member comes once more with the one before.
        if (epoch < member.Epoch && epoch == member.PreviousEpoch && owned is not null && owned.All(member.Assigned.ContainsKey)) return;
        var relation = epoch > member.Epoch ? "greater" : "smaller";
        throw new RequestFailedException(
            ErrorCode.FencedMemberEpoch,
            $"The consumer group member has a {relation} member epoch ({epoch}) than the one known by the group coordinator ({member.Epoch}). "
            + "The member must abandon all its partitions and rejoin.");
    }

    private IEnumerable<ConsumerGroupRecord> Removal(string memberId) =>
        [new CurrentRecord(GroupId, memberId, null), new TargetRecord(GroupId, memberId, null), new MemberRecord(GroupId, memberId, null)];

    /// <summary>The three steps of each request of a member: its subscription and the group's epoch, the target, the member's own assignment.</summary>
    private ConsumerGroupMember Advance(
        ConsumerGroupMember member, ConsumerGroupMember updated, ConsumerGroupMember? replaced, IReadOnlyCollection<TopicIdPartition>? owned, List<ConsumerGroupRecord> records)
    {
        var isNew = replaced is null && !_members.ContainsKey(member.MemberId);
        if (isNew || !updated.HasSameSubscription(member)) records.Add(new MemberRecord(GroupId, updated.MemberId, updated));
        var changed = !updated.Topics.SequenceEqual(member.Topics, StringComparer.Ordinal) || updated.Regex != member.Regex;
        List<ConsumerGroupMember> members = [.. _members.Values.Where(m => m.MemberId != updated.MemberId && m.MemberId != replaced?.MemberId), updated];
        var epoch = Epoch;
        var regexes = _regexes;
        if (changed || isNew || _seenTopics != _topics.Version)
        {
            regexes = ResolveRegexes(members, records, out var resolvedAnew);
            epoch = BumpEpoch(members, regexes, changed || isNew || resolvedAnew, records);
        }

        var (targetEpoch, target) = (AssignmentEpoch, TargetOf(replaced?.MemberId ?? updated.MemberId));
        if (epoch > AssignmentEpoch && _clock.UnixMs - _assignedUnixMs >= _options.ConsumerAssignmentIntervalMs)
        {
            (targetEpoch, target) = (epoch, Retarget(epoch, members, updated, replaced, regexes, records));
        }

        return Reconcile(updated, targetEpoch, target, regexes, changed, owned, records);
    }

    private ConsumerGroupMember Reconcile(
        ConsumerGroupMember member,
        int targetEpoch,
        IReadOnlySet<TopicIdPartition> target,
        IReadOnlyDictionary<string, ResolvedRegex> regexes,
        bool subscriptionChanged,
        IReadOnlyCollection<TopicIdPartition>? owned,
        List<ConsumerGroupRecord> records)
    {
        if (!subscriptionChanged && member.IsReconciledTo(targetEpoch)) return member;
        HashSet<string> topics = new(member.Topics, StringComparer.Ordinal);
        topics.UnionWith(ResolvedTopics(member, regexes));
        var next = new MemberReconciliation(
            targetEpoch, target, id => _topics.Find(id) is { } topic && topics.Contains(topic.Name), _owners.ContainsKey, owned, subscriptionChanged).Step(member);
        if (next.HasSameAssignment(member)) return member;
        records.Add(new CurrentRecord(GroupId, next.MemberId, next));
        if (!next.UsesClassicProtocol) WatchRevocation(next);
        return next;
    }
}
