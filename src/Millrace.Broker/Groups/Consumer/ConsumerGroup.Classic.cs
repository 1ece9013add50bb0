using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Groups.Consumer;

/// <summary>Members that speak the classic protocol in a group of the new one: what a fleet looks like while it is being moved over.</summary>
internal sealed partial class ConsumerGroup
{
    /// <summary>The group that a classic group becomes when its first member of the new protocol joins. All members keep what they have.</summary>
    /// <exception cref="RequestFailedException">A member's subscription or assignment cannot be read.</exception>
    public static (ConsumerGroup Group, IReadOnlyList<ConsumerGroupRecord> Records) FromClassic(
        ClassicGroup classic, GroupCoordinatorOptions options, IGroupTopics topics, TimeProvider time)
    {
        var group = new ConsumerGroup(classic.GroupId, options, topics, time);
        List<ConsumerGroupMember> members;
        try
        {
            members = [.. classic.Members.Select(m => FromClassic(m, classic, topics))];
        }
        catch (MalformedMessageException)
        {
            throw new RequestFailedException(
                ErrorCode.GroupIdNotFound, $"Cannot upgrade the classic group {classic.GroupId} to consumer group because the embedded consumer protocol is malformed.");
        }

        IReadOnlyList<ConsumerGroupRecord> records =
        [
            .. members.Select(m => new MemberRecord(classic.GroupId, m.MemberId, m)),
            new GroupEpochRecord(classic.GroupId, classic.Generation, MetadataHash.Of(members.SelectMany(static m => m.Topics), topics)),
            .. members.Select(m => new TargetRecord(classic.GroupId, m.MemberId, m.Assigned.Keys.ToHashSet())),
            new TargetEpochRecord(classic.GroupId, classic.Generation, group._clock.UnixMs),
            .. members.Select(m => new CurrentRecord(classic.GroupId, m.MemberId, m)),
        ];
        foreach (var record in records) group.Apply(record);
        // The clock of the assignment interval begins with the first assignment of the new group itself.
        group._assignedUnixMs = 0;
        group.Resume();
        return (group, records);
    }

    /// <summary>The members of the classic group that this one becomes when the last member of the new protocol has gone.</summary>
    public IReadOnlyList<ClassicGroupMember> ToClassicMembers(string? without) =>
    [
        .. _members.Values.Where(m => m.MemberId != without).Select(m => new ClassicGroupMember
        {
            MemberId = m.MemberId,
            InstanceId = m.InstanceId,
            ClientId = m.ClientId,
            ClientHost = m.ClientHost,
            ProtocolType = ConsumerProtocol.Type,
            Protocols = m.Classic!.Protocols,
            SessionTimeoutMs = m.Classic.SessionTimeoutMs,
            RebalanceTimeoutMs = m.RebalanceTimeoutMs,
            Assignment = ConsumerProtocol.Assignment(TargetOf(m.MemberId), _topics, m.Classic.Protocols[0].Metadata),
        }),
    ];

    /// <summary>JoinGroup: the coordinator assigns, so nobody is the leader.</summary>
    /// <exception cref="RequestFailedException">The member is unknown, fenced, or offers nothing that the others know.</exception>
    public ConsumerGroupChange<JoinGroupResult> Join(JoinGroupCommand command)
    {
        var isUnknown = command.MemberId.Length == 0;
        var memberId = isUnknown ? NewMemberId() : command.MemberId;
        ThrowIfFull(command.MemberId);
        if (command.ProtocolType != ConsumerProtocol.Type || !SharesProtocol(command))
            throw new RequestFailedException(ErrorCode.InconsistentGroupProtocol, $"Member {memberId}'s protocols are not supported.");
        List<ConsumerGroupRecord> records = [];
        var (member, replaced) = command.InstanceId is { } instance
            ? StaticMember(instance, memberId, isUnknown, classic: true, records)
            : (DynamicMember(memberId, create: true), null);
        var subscription = ReadSubscription(command.Protocols[0].Metadata, memberId);
        var updated = member with
        {
            InstanceId = command.InstanceId ?? member.InstanceId,
            RackId = subscription.RackId ?? member.RackId,
            RebalanceTimeoutMs = command.RebalanceTimeoutMs,
            Topics = SortedNames(subscription.Topics),
            ClientId = command.ClientId,
            ClientHost = command.ClientHost,
            Classic = new ClassicProtocols(command.SessionTimeoutMs, command.Protocols),
        };
        var reconciled = Advance(member, updated, replaced, ConsumerProtocol.Owned(subscription, _topics), records);
        KeepAlive(memberId, command.SessionTimeoutMs);
        var deadlines = Deadlines(memberId);
        deadlines.Join = long.MaxValue;
        Watch(deadlines.Sync = _clock.NowMs + command.RebalanceTimeoutMs);
        return new(records, new JoinGroupResult
        {
            MemberId = memberId,
            Generation = reconciled.Epoch,
            ProtocolType = ConsumerProtocol.Type,
            ProtocolName = command.Protocols[0].Name,
        });
    }

    public SyncGroupResult Sync(SyncGroupCommand command)
    {
        var (member, error) = ClassicMember(command.MemberId, command.InstanceId);
        if (member is null) return SyncGroupResult.Failed(error);
        if (command.Generation != member.Epoch) return SyncGroupResult.Failed(ErrorCode.IllegalGeneration);
        if ((command.ProtocolType ?? ConsumerProtocol.Type) != ConsumerProtocol.Type
            || (command.ProtocolName is { } name && name != member.Classic!.Protocols[0].Name)) return SyncGroupResult.Failed(ErrorCode.InconsistentGroupProtocol);
        var deadlines = Deadlines(member.MemberId);
        if (Epoch > member.Epoch && member.State != MemberState.UnrevokedPartitions)
        {
            AskToJoin(member);
            return SyncGroupResult.Failed(ErrorCode.RebalanceInProgress);
        }

        deadlines.Sync = long.MaxValue;
        KeepAlive(member.MemberId, member.Classic!.SessionTimeoutMs);
        return new SyncGroupResult(
            ErrorCode.None, command.ProtocolType, command.ProtocolName, ConsumerProtocol.Assignment(member.Assigned.Keys, _topics, member.Classic.Protocols[0].Metadata));
    }

    /// <summary>Heartbeat: tells the member to join again when it has to give something up, or gets something.</summary>
    public ErrorCode Heartbeat(MemberIdentity who)
    {
        var (member, error) = ClassicMember(who.MemberId, who.InstanceId);
        if (member is null) return error;
        if (who.Generation != member.Epoch) return ErrorCode.IllegalGeneration;
        KeepAlive(member.MemberId, member.Classic!.SessionTimeoutMs);
        var mustJoin = member.Epoch < Epoch
            || member.State == MemberState.UnrevokedPartitions
            || (member.State == MemberState.UnreleasedPartitions && !WaitsForOthers(member));
        if (!mustJoin) return ErrorCode.None;
        AskToJoin(member);
        return ErrorCode.RebalanceInProgress;
    }

    /// <summary>LeaveGroup: the member that a line of the request means, or why there is none.</summary>
    public (ConsumerGroupMember? Member, ErrorCode Error) FindLeaving(string memberId, string? instanceId)
    {
        if (instanceId is not null && memberId.Length == 0) memberId = _staticMembers.GetValueOrDefault(instanceId, "");
        return ClassicMember(memberId, instanceId);
    }

    private static ConsumerProtocolSubscription ReadSubscription(byte[] metadata, string memberId)
    {
        try
        {
            return ConsumerProtocol.Subscription(metadata);
        }
        catch (MalformedMessageException)
        {
            throw new RequestFailedException(ErrorCode.InconsistentGroupProtocol, $"Member {memberId}'s subscription cannot be read.");
        }
    }

    private static ConsumerGroupMember FromClassic(ClassicGroupMember member, ClassicGroup group, IGroupTopics topics)
    {
        var metadata = group.ProtocolName is { } name ? member.MetadataOf(name) : member.Protocols[0].Metadata;
        var subscription = ConsumerProtocol.Subscription(metadata);
        return new ConsumerGroupMember
        {
            MemberId = member.MemberId,
            InstanceId = member.InstanceId,
            RackId = subscription.RackId,
            ClientId = member.ClientId,
            ClientHost = member.ClientHost,
            RebalanceTimeoutMs = member.RebalanceTimeoutMs,
            Topics = SortedNames(subscription.Topics),
            Classic = new ClassicProtocols(member.SessionTimeoutMs, member.Protocols),
            Epoch = group.Generation,
            PreviousEpoch = group.Generation,
            Assigned = ConsumerProtocol.Assignment(member.Assignment, topics).ToDictionary(static p => p, _ => group.Generation),
        };
    }

    private bool SharesProtocol(JoinGroupCommand command)
    {
        var classic = _members.Values.Where(m => m.UsesClassicProtocol && m.MemberId != command.MemberId).ToList();
        return command.Protocols.Any(p => classic.TrueForAll(m => m.Classic!.Protocols.Any(offered => offered.Name == p.Name)));
    }

    private (ConsumerGroupMember? Member, ErrorCode Error) ClassicMember(string memberId, string? instanceId)
    {
        if (instanceId is not null)
        {
            if (!_staticMembers.TryGetValue(instanceId, out var current)) return (null, ErrorCode.UnknownMemberId);
            if (current != memberId) return (null, ErrorCode.FencedInstanceId);
        }

        return _members.TryGetValue(memberId, out var member) && member.UsesClassicProtocol ? (member, ErrorCode.None) : (null, ErrorCode.UnknownMemberId);
    }

    private void AskToJoin(ConsumerGroupMember member)
    {
        var deadlines = Deadlines(member.MemberId);
        if (deadlines.Join == long.MaxValue) Watch(deadlines.Join = _clock.NowMs + member.RebalanceTimeoutMs);
    }

    private bool WaitsForOthers(ConsumerGroupMember member) =>
        TargetOf(member.MemberId).Any(p => !member.Assigned.ContainsKey(p) && _owners.ContainsKey(p));
}
