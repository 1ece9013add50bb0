using Millrace.Broker.Coordination;
using Millrace.Broker.Groups.Consumer.Assignors;
using Millrace.Protocol;

namespace Millrace.Broker.Groups.Consumer;

/// <summary>
/// A consumer group of KIP-848: a state machine without threads, wire or storage. Requests are turned into records (<see cref="ConsumerGroupChange{T}"/>) and change
/// nothing; <see cref="Apply"/> is the only way in which the state changes, after the records are in the log and while the log is loaded. So what is served after a
/// crash is what was served before.
/// </summary>
/// <remarks>Files: this one holds the state; Heartbeat, Leaving, Target and Classic hold the transitions; Timers the deadlines, which are not stored.</remarks>
internal sealed partial class ConsumerGroup
{
    private static readonly IReadOnlySet<TopicIdPartition> NoPartitions = new HashSet<TopicIdPartition>();

    private readonly OrderedDictionary<string, ConsumerGroupMember> _members = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _staticMembers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IReadOnlySet<TopicIdPartition>> _targets = new(StringComparer.Ordinal);
    private readonly Dictionary<TopicIdPartition, string> _owners = [];
    private readonly SortedDictionary<string, ResolvedRegex> _regexes = new(StringComparer.Ordinal);
    private readonly GroupCoordinatorOptions _options;
    private readonly IGroupTopics _topics;
    private readonly MonotonicClock _clock;
    private long _metadataHash;
    private long _assignedUnixMs;
    private bool _hasPartitionMetadata;

    /// <summary>The topics' version that the metadata hash was last compared with; soft state, so that a restart compares again.</summary>
    private long _seenTopics = -1;

    public ConsumerGroup(string groupId, GroupCoordinatorOptions options, IGroupTopics topics, TimeProvider time)
    {
        GroupId = groupId;
        _options = options;
        _topics = topics;
        _clock = new MonotonicClock(time);
    }

    public string GroupId { get; }

    /// <summary>A new group begins at 1, so that its first member is in epoch 2, as in Kafka 4.3.</summary>
    public int Epoch { get; private set; } = 1;

    public int AssignmentEpoch { get; private set; }

    public IReadOnlyList<ConsumerGroupMember> Members => [.. _members.Values];

    public int MemberCount => _members.Count;

    /// <summary>Whether the group was ever stored: loading may meet remains of a deleted group.</summary>
    public bool IsStored { get; private set; }

    public string State
    {
        get
        {
            if (_members.Count == 0) return "Empty";
            if (Epoch > AssignmentEpoch) return "Assigning";
            return _members.Values.All(m => m.IsReconciledTo(AssignmentEpoch)) ? "Stable" : "Reconciling";
        }
    }

    /// <summary>The topics that members read; an offset of such a topic is not deleted.</summary>
    public bool IsSubscribedTo(string topic) => _members.Values.Any(m => m.Topics.Contains(topic) || ResolvedTopics(m, _regexes).Contains(topic, StringComparer.Ordinal));

    public ConsumerGroupMember? FindMember(string memberId) => _members.GetValueOrDefault(memberId);

    public ConsumerGroupDescription Describe() => new(
        GroupId, State, Epoch, AssignmentEpoch, PreferredAssignor(_members.Values).Name, [.. _members.Values.Select(m => (m, TargetOf(m.MemberId)))]);

    /// <summary>Takes a record that stands in the log.</summary>
    public void Apply(ConsumerGroupRecord record)
    {
        switch (record)
        {
            case GroupEpochRecord r:
                IsStored = r.Epoch is not null;
                Epoch = r.Epoch ?? 1;
                _metadataHash = r.MetadataHash;
                break;
            case PartitionMetadataRecord r:
                _hasPartitionMetadata = !r.IsTombstone;
                break;
            case MemberRecord { Member: { } subscription } r:
                var known = _members.GetValueOrDefault(r.MemberId);
                Set(subscription with
                {
                    Epoch = known?.Epoch ?? 0,
                    PreviousEpoch = known?.PreviousEpoch ?? -1,
                    State = known?.State ?? MemberState.Stable,
                    Assigned = known?.Assigned ?? subscription.Assigned,
                    Revoking = known?.Revoking ?? subscription.Revoking,
                });
                break;
            case MemberRecord r:
                Remove(r.MemberId);
                break;
            case CurrentRecord { Member: { } current } r:
                var member = _members.GetValueOrDefault(r.MemberId) ?? new ConsumerGroupMember { MemberId = r.MemberId };
                Set(member with { Epoch = current.Epoch, PreviousEpoch = current.PreviousEpoch, State = current.State, Assigned = current.Assigned, Revoking = current.Revoking });
                break;
            case CurrentRecord r:
                if (_members.TryGetValue(r.MemberId, out var released))
                    Set(new ConsumerGroupMember { MemberId = r.MemberId }.WithSubscriptionOf(released) with { Epoch = ConsumerGroupMember.LeavingEpoch });
                break;
            case TargetRecord { Partitions: { } partitions } r:
                _targets[r.MemberId] = partitions;
                break;
            case TargetRecord r:
                _targets.Remove(r.MemberId);
                break;
            case TargetEpochRecord r:
                AssignmentEpoch = r.Epoch ?? 0;
                _assignedUnixMs = r.UnixMs;
                break;
            case RegexRecord { Resolved: { } resolved } r:
                _regexes[r.Regex] = resolved;
                break;
            case RegexRecord r:
                _regexes.Remove(r.Regex);
                break;
        }
    }

    /// <summary>Records could not be written: what was thought while they were made is thought again.</summary>
    public void OnWriteFailed() => _seenTopics = -1;

    /// <summary>Tombstones for all that is stored of the group.</summary>
    public IReadOnlyList<ConsumerGroupRecord> Tombstones() =>
    [
        .. _members.Keys.Select(id => new CurrentRecord(GroupId, id, null)),
        .. _members.Keys.Select(id => new TargetRecord(GroupId, id, null)),
        new TargetEpochRecord(GroupId, null),
        .. _members.Keys.Select(id => new MemberRecord(GroupId, id, null)),
        .. _hasPartitionMetadata ? [new PartitionMetadataRecord(GroupId, IsTombstone: true)] : Array.Empty<ConsumerGroupRecord>(),
        .. _regexes.Keys.Select(regex => new RegexRecord(GroupId, regex, null)),
        new GroupEpochRecord(GroupId, null),
    ];

    private void Set(ConsumerGroupMember member)
    {
        if (_members.TryGetValue(member.MemberId, out var old))
        {
            Release(old);
            if (old.InstanceId is { } gone && gone != member.InstanceId && _staticMembers.GetValueOrDefault(gone) == member.MemberId) _staticMembers.Remove(gone);
        }

        _members[member.MemberId] = member;
        if (member.InstanceId is { } instance) _staticMembers[instance] = member.MemberId;
        foreach (var partition in member.Assigned.Keys) _owners[partition] = member.MemberId;
        foreach (var partition in member.Revoking.Keys) _owners[partition] = member.MemberId;
    }

    private void Remove(string memberId)
    {
        if (!_members.Remove(memberId, out var member)) return;
        Release(member);
        if (member.InstanceId is { } instance && _staticMembers.GetValueOrDefault(instance) == memberId) _staticMembers.Remove(instance);
        _timers.Remove(memberId);
    }

    private void Release(ConsumerGroupMember member)
    {
        foreach (var partition in member.Assigned.Keys.Concat(member.Revoking.Keys))
        {
            if (_owners.GetValueOrDefault(partition) == member.MemberId) _owners.Remove(partition);
        }
    }

    private IReadOnlySet<TopicIdPartition> TargetOf(string memberId) => _targets.GetValueOrDefault(memberId) ?? NoPartitions;

    private static IReadOnlyCollection<string> ResolvedTopics(ConsumerGroupMember member, IReadOnlyDictionary<string, ResolvedRegex> regexes) =>
        member.Regex.Length > 0 && regexes.TryGetValue(member.Regex, out var resolved) ? resolved.Topics : [];

    private static IServerAssignor PreferredAssignor(IEnumerable<ConsumerGroupMember> members)
    {
        var votes = members.Where(static m => m.ServerAssignor is not null).CountBy(static m => m.ServerAssignor!, StringComparer.Ordinal).ToList();
        return (votes.Count == 0 ? null : ServerAssignors.Find(votes.MaxBy(static v => v.Value).Key)) ?? ServerAssignors.All[0];
    }

    private static RequestFailedException Unknown(string memberId, string groupId) =>
        new(ErrorCode.UnknownMemberId, $"Member {memberId} is not a member of group {groupId}.");
}
