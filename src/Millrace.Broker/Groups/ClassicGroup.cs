using System.Diagnostics.CodeAnalysis;
using Millrace.Broker.Coordination;
using Millrace.Protocol;

namespace Millrace.Broker.Groups;

/// <summary>
/// A consumer group of the classic protocol (KIP-62, 345, 394, 429, 814): a state machine without threads, wire or storage. Exactly one owner calls it.
/// Parked JoinGroup and SyncGroup requests are task sources in the members. A transition that must be on disk before it is seen is queued: the
/// owner takes it with <see cref="TryTakeWrite"/>, appends <see cref="Snapshot"/>, and reports the outcome, which answers the members.
/// </summary>
/// <remarks>Files: this one holds the data; Join, Rebalance, Sync and Membership hold the transitions.</remarks>
internal sealed partial class ClassicGroup
{
    private readonly OrderedDictionary<string, ClassicGroupMember> _members = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _staticMembers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _pendingJoins = new(StringComparer.Ordinal);
    private readonly HashSet<string> _pendingSyncs = new(StringComparer.Ordinal);
    private readonly Queue<Action<ErrorCode>> _writes = new();
    private readonly GroupCoordinatorOptions _options;
    private readonly MonotonicClock _clock;

    public ClassicGroup(string groupId, GroupCoordinatorOptions options, TimeProvider time)
    {
        GroupId = groupId;
        _options = options;
        _clock = new MonotonicClock(time);
        StateSinceUnixMs = _clock.UnixMs;
    }

    public string GroupId { get; }

    public GroupState State { get; private set; } = GroupState.Empty;

    public int Generation { get; private set; }

    /// <summary>Null for a group that only ever stored offsets.</summary>
    public string? ProtocolType { get; private set; }

    public string? ProtocolName { get; private set; }

    public string? LeaderId { get; private set; }

    /// <summary>When the state last changed; offsets of an empty group expire counting from here.</summary>
    public long StateSinceUnixMs { get; private set; }

    public int MemberCount => _members.Count;

    /// <summary>No members, and nobody who was given an id and may come back with it.</summary>
    public bool IsVacant => State == GroupState.Empty && _pendingJoins.Count == 0;

    public IReadOnlyCollection<ClassicGroupMember> Members => _members.Values;

    /// <summary>Monotonic milliseconds at which <see cref="OnTime"/> must run again; may be earlier than needed, never later.</summary>
    public long NextDeadline { get; private set; } = long.MaxValue;

    private bool AllJoined => _pendingJoins.Count == 0 && _members.Values.All(static m => m.Join is not null);

    private int RebalanceTimeoutMs => _members.Count == 0 ? 0 : _members.Values.Max(static m => m.RebalanceTimeoutMs);

    /// <summary>Takes the next outcome to report after the group's metadata has been appended.</summary>
    public bool TryTakeWrite([NotNullWhen(true)] out Action<ErrorCode>? written) => _writes.TryDequeue(out written);

    public GroupSnapshot Snapshot() => new(
        GroupId,
        ProtocolType ?? "",
        Generation,
        ProtocolName,
        LeaderId,
        StateSinceUnixMs,
        [.. _members.Values.Select(m => new MemberSnapshot(
            m.MemberId, m.InstanceId, m.ClientId, m.ClientHost, m.RebalanceTimeoutMs, m.SessionTimeoutMs, m.MetadataOf(ProtocolName), m.Assignment))]);

    /// <summary>Takes the state read from <c>__consumer_offsets</c>; members get a full session to come back.</summary>
    public void Restore(GroupSnapshot snapshot)
    {
        Generation = snapshot.Generation;
        ProtocolType = snapshot.ProtocolType.Length == 0 ? null : snapshot.ProtocolType;
        ProtocolName = snapshot.Protocol;
        State = snapshot.Members.Count == 0 ? GroupState.Empty : GroupState.Stable;
        if (snapshot.StateSinceUnixMs >= 0) StateSinceUnixMs = snapshot.StateSinceUnixMs;
        _members.Clear();
        _staticMembers.Clear();
        foreach (var stored in snapshot.Members)
        {
            var member = new ClassicGroupMember
            {
                MemberId = stored.MemberId,
                InstanceId = stored.InstanceId,
                ClientId = stored.ClientId,
                ClientHost = stored.ClientHost,
                ProtocolType = snapshot.ProtocolType,
                Protocols = [new GroupProtocol(snapshot.Protocol ?? "", stored.Subscription)],
                SessionTimeoutMs = stored.SessionTimeoutMs,
                RebalanceTimeoutMs = stored.RebalanceTimeoutMs,
                Assignment = stored.Assignment,
            };
            _members[member.MemberId] = member;
            if (member.InstanceId is { } instance) _staticMembers[instance] = member.MemberId;
            KeepAlive(member);
        }

        LeaderId = snapshot.Leader is { } leader && _members.ContainsKey(leader) ? leader : null;
    }

    public GroupDescription Describe()
    {
        var stable = State == GroupState.Stable;
        return new GroupDescription(
            GroupId,
            State,
            ProtocolType ?? "",
            stable ? ProtocolName ?? "" : "",
            [.. _members.Values.Select(m => new MemberDescription(
                m.MemberId, m.InstanceId, m.ClientId, m.ClientHost, stable ? m.MetadataOf(ProtocolName) : [], stable ? m.Assignment : []))]);
    }

    /// <summary>Whether a member of this group reads the topic; unknown subscriptions count as reading everything.</summary>
    public bool IsSubscribedTo(string topic)
    {
        if (_members.Count == 0) return false;
        foreach (var member in _members.Values)
        {
            var protocol = ProtocolName ?? (member.Protocols.Count > 0 ? member.Protocols[0].Name : null);
            if (!SubscribedTopics.TryRead(member.MetadataOf(protocol), out var topics) || topics.Contains(topic)) return true;
        }

        return false;
    }

    /// <summary>A stable group with members that come from a group of the new protocol.</summary>
    public static ClassicGroup Of(string groupId, GroupCoordinatorOptions options, TimeProvider time, int generation, IReadOnlyList<ClassicGroupMember> members)
    {
        var group = new ClassicGroup(groupId, options, time) { Generation = generation, ProtocolType = "consumer" };
        foreach (var member in members)
        {
            group._members[member.MemberId] = member;
            if (member.InstanceId is { } instance) group._staticMembers[instance] = member.MemberId;
            group.KeepAlive(member);
        }

        group.LeaderId = members[0].MemberId;
        group.ProtocolName = group.SelectProtocol();
        group.TransitionTo(GroupState.Stable);
        return group;
    }

    /// <summary>The members now belong to a group of the new protocol: whoever waits is told to join again.</summary>
    public void Disband()
    {
        foreach (var member in _members.Values)
        {
            member.CompleteJoin(JoinGroupResult.Failed(ErrorCode.RebalanceInProgress, member.MemberId));
            member.CompleteSync(SyncGroupResult.Failed(ErrorCode.RebalanceInProgress));
        }
    }

    /// <summary>The group is being deleted: whoever still waits is told to look for the coordinator again.</summary>
    public void Kill()
    {
        foreach (var member in _members.Values)
        {
            member.CompleteJoin(JoinGroupResult.Failed(ErrorCode.CoordinatorNotAvailable, member.MemberId));
            member.CompleteSync(SyncGroupResult.Failed(ErrorCode.CoordinatorNotAvailable));
        }

        TransitionTo(GroupState.Dead);
    }

    private void TransitionTo(GroupState next)
    {
        State = next;
        StateSinceUnixMs = _clock.UnixMs;
    }

    private void Watch(long deadline)
    {
        if (deadline < NextDeadline) NextDeadline = deadline;
    }

    private void KeepAlive(ClassicGroupMember member)
    {
        member.Deadline = _clock.NowMs + member.SessionTimeoutMs;
        Watch(member.Deadline);
    }
}
