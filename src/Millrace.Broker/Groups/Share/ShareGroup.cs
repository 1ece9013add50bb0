using Millrace.Broker.Coordination;
using Millrace.Broker.Groups.Consumer;
using Millrace.Protocol;

namespace Millrace.Broker.Groups.Share;

/// <summary>What ShareGroupHeartbeat asks; null is "as before".</summary>
internal sealed record ShareHeartbeat(string GroupId, string MemberId, int Epoch, string? RackId, IReadOnlyList<string>? Topics, string ClientId, string ClientHost);

/// <summary>The answer; without an assignment nothing has changed for the member.</summary>
internal sealed record ShareHeartbeatResult(string MemberId, int Epoch, int HeartbeatIntervalMs, IReadOnlySet<TopicIdPartition>? Assignment);

/// <summary>A share group as administrators see it.</summary>
internal sealed record ShareGroupDescription(string GroupId, string State, int Epoch, int AssignmentEpoch, IReadOnlyList<ShareGroupMember> Members);

/// <summary>
/// The members of a share group (KIP-932): a state machine without threads, wire or storage. As with <see cref="ConsumerGroup"/> requests become records, and only records that stand in the
/// log change the group.
/// </summary>
internal sealed class ShareGroup(string groupId, IGroupTopics topics, TimeProvider time)
{
    private const int RetryMs = 500;

    private readonly OrderedDictionary<string, ShareGroupMember> _members = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IReadOnlySet<TopicIdPartition>> _targets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _sessions = new(StringComparer.Ordinal);
    private readonly MonotonicClock _clock = new(time);
    private long _metadataHash;

    public string GroupId => groupId;

    public int Epoch { get; private set; } = 1;

    public int AssignmentEpoch { get; private set; }

    public bool IsStored { get; private set; }

    public int MemberCount => _members.Count;

    /// <summary>The topics whose state the group keeps.</summary>
    public IReadOnlyList<SharedTopic> Topics { get; private set; } = [];

    public string State => _members.Count == 0 ? "Empty" : "Stable";

    public IReadOnlyList<ShareGroupMember> Members => [.. _members.Values];

    /// <summary>Monotonic milliseconds at which <see cref="TakeExpired"/> must run again.</summary>
    public long NextDeadline => _sessions.Count == 0 ? long.MaxValue : _sessions.Values.Min();

    public ShareGroupDescription Describe() => new(groupId, State, Epoch, AssignmentEpoch, Members);

    /// <summary>A member that joins or stays; its session goes on.</summary>
    /// <param name="request">The request.</param>
    /// <param name="maxSize">The most members.</param>
    /// <exception cref="RequestFailedException">The member is unknown, fenced, or not welcome.</exception>
    public (ShareGroupMember Old, ShareGroupMember Updated) Admit(ShareHeartbeat request, int maxSize)
    {
        if (!_members.TryGetValue(request.MemberId, out var member))
        {
            if (request.Epoch != 0) throw Unknown(request.MemberId);
            if (_members.Count >= maxSize) throw new RequestFailedException(ErrorCode.GroupMaxSizeReached, $"The share group has reached its maximum capacity of {maxSize} members.");
            member = new ShareGroupMember(request.MemberId);
        }
        else if (request.Epoch != 0 && request.Epoch != member.Epoch && request.Epoch != member.PreviousEpoch)
        {
            throw new RequestFailedException(
                ErrorCode.FencedMemberEpoch,
                $"The share group member has a {(request.Epoch > member.Epoch ? "greater" : "smaller")} member epoch ({request.Epoch}) than the one known by the group coordinator ({member.Epoch}). "
                + "The member must abandon all its partitions and rejoin.");
        }

        return (member, member with
        {
            RackId = request.RackId ?? member.RackId,
            ClientId = request.ClientId,
            ClientHost = request.ClientHost,
            Topics = request.Topics is null ? member.Topics : [.. request.Topics.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
        });
    }

    /// <summary>The topics that the group reads once a member reads <paramref name="updated"/>, and whose state it has not yet.</summary>
    public IReadOnlyList<SharedTopic> MissingTopics(ShareGroupMember updated) =>
    [
        .. Subscribed([.. _members.Values.Where(m => m.MemberId != updated.MemberId), updated])
            .Where(t => !Topics.Any(known => known.Id == t.Id && known.Partitions >= t.Partitions))
            .Select(static t => new SharedTopic(t.Id, t.Name, t.Partitions)),
    ];

    /// <summary>The records of a heartbeat, and the member as it is then.</summary>
    public (List<ShareGroupRecord> Records, ShareGroupMember Member) Advance(ShareGroupMember old, ShareGroupMember updated, IReadOnlyList<SharedTopic> newTopics)
    {
        List<ShareGroupRecord> records = [];
        var isNew = !_members.ContainsKey(updated.MemberId);
        List<ShareGroupMember> members = [.. _members.Values.Where(m => m.MemberId != updated.MemberId), updated];
        if (isNew || updated.ClientId != old.ClientId || updated.ClientHost != old.ClientHost || updated.RackId != old.RackId || !updated.Topics.SequenceEqual(old.Topics, StringComparer.Ordinal))
            records.Add(new ShareMemberRecord(groupId, updated.MemberId, updated));
        if (newTopics.Count > 0) records.Add(new SharedTopicsRecord(groupId, [.. Topics.Where(t => newTopics.All(n => n.Id != t.Id)), .. newTopics]));
        var hash = MetadataHash.Of(members.SelectMany(static m => m.Topics), topics);
        var changed = isNew || newTopics.Count > 0 || hash != _metadataHash || !updated.Topics.SequenceEqual(old.Topics, StringComparer.Ordinal);
        var epoch = changed ? Epoch + 1 : Epoch;
        if (changed) records.Add(new ShareEpochRecord(groupId, epoch, hash));
        var (targetEpoch, target) = (AssignmentEpoch, _targets.GetValueOrDefault(updated.MemberId) ?? new HashSet<TopicIdPartition>());
        if (epoch > AssignmentEpoch) (targetEpoch, target) = (epoch, Retarget(epoch, members, updated.MemberId, records));
        if (updated.Epoch == targetEpoch && updated.Assigned.SetEquals(target)) return (records, updated);
        var current = updated with { Epoch = targetEpoch, PreviousEpoch = updated.Epoch, Assigned = target };
        records.Add(new ShareCurrentRecord(groupId, updated.MemberId, current));
        return (records, current);
    }

    /// <summary>The records that remove a member.</summary>
    /// <exception cref="RequestFailedException">There is no such member.</exception>
    public IReadOnlyList<ShareGroupRecord> Remove(string memberId)
    {
        if (!_members.ContainsKey(memberId)) throw Unknown(memberId);
        var rest = _members.Values.Where(m => m.MemberId != memberId);
        return
        [
            new ShareCurrentRecord(groupId, memberId, null),
            new ShareTargetRecord(groupId, memberId, null),
            new ShareMemberRecord(groupId, memberId, null),
            new ShareEpochRecord(groupId, Epoch + 1, MetadataHash.Of(rest.SelectMany(static m => m.Topics), topics)),
        ];
    }

    public IReadOnlyList<ShareGroupRecord> Tombstones() =>
    [
        .. _members.Keys.SelectMany(id => new ShareGroupRecord[] { new ShareCurrentRecord(groupId, id, null), new ShareTargetRecord(groupId, id, null), new ShareMemberRecord(groupId, id, null) }),
        new ShareTargetEpochRecord(groupId, null),
        new SharedTopicsRecord(groupId, null),
        new ShareEpochRecord(groupId, null),
    ];

    /// <summary>Takes a record that stands in the log.</summary>
    public void Apply(ShareGroupRecord record)
    {
        switch (record)
        {
            case ShareEpochRecord r:
                (IsStored, Epoch, _metadataHash) = (r.Epoch is not null, r.Epoch ?? 1, r.MetadataHash);
                break;
            case ShareMemberRecord { Member: { } member } r:
                var known = _members.GetValueOrDefault(r.MemberId);
                _members[r.MemberId] = member with { Epoch = known?.Epoch ?? 0, PreviousEpoch = known?.PreviousEpoch ?? 0, Assigned = known?.Assigned ?? member.Assigned };
                break;
            case ShareMemberRecord r:
                _members.Remove(r.MemberId);
                _sessions.Remove(r.MemberId);
                break;
            case ShareCurrentRecord { Member: { } current } r:
                _members[r.MemberId] = (_members.GetValueOrDefault(r.MemberId) ?? current) with { Epoch = current.Epoch, PreviousEpoch = current.PreviousEpoch, Assigned = current.Assigned };
                break;
            case ShareTargetRecord { Partitions: { } partitions } r:
                _targets[r.MemberId] = partitions;
                break;
            case ShareTargetRecord r:
                _targets.Remove(r.MemberId);
                break;
            case ShareTargetEpochRecord r:
                AssignmentEpoch = r.Epoch ?? 0;
                break;
            case SharedTopicsRecord r:
                Topics = r.Topics ?? [];
                break;
        }
    }

    public void KeepAlive(string memberId, int sessionTimeoutMs) => _sessions[memberId] = _clock.NowMs + sessionTimeoutMs;

    /// <summary>A member whose session is over; it gets a short grace, in which the owner removes it.</summary>
    public string? TakeExpired()
    {
        var expired = _sessions.FirstOrDefault(s => s.Value <= _clock.NowMs).Key;
        if (expired is not null) _sessions[expired] = _clock.NowMs + RetryMs;
        return expired;
    }

    private IReadOnlySet<TopicIdPartition> Retarget(int epoch, List<ShareGroupMember> members, string memberId, List<ShareGroupRecord> records)
    {
        var targets = SimpleShareAssignor.Assign(
            [.. members.Select(m => (m.MemberId, (IReadOnlySet<Guid>)Subscribed([m]).Select(static t => t.Id).ToHashSet(), _targets.GetValueOrDefault(m.MemberId) ?? m.Assigned))],
            Subscribed(members).ToDictionary(static t => t.Id, static t => t.Partitions));
        foreach (var (id, target) in targets)
        {
            if (!_targets.TryGetValue(id, out var had) || !had.SetEquals(target)) records.Add(new ShareTargetRecord(groupId, id, target));
        }

        records.Add(new ShareTargetEpochRecord(groupId, epoch, _clock.UnixMs));
        return targets[memberId];
    }

    private List<GroupTopic> Subscribed(IEnumerable<ShareGroupMember> members) =>
        [.. members.SelectMany(static m => m.Topics).Distinct(StringComparer.Ordinal).Select(topics.Find).OfType<GroupTopic>()];

    private RequestFailedException Unknown(string memberId) => new(ErrorCode.UnknownMemberId, $"Member {memberId} is not a member of group {groupId}.");
}
