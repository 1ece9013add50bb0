namespace Millrace.Broker.Groups.Consumer;

/// <summary>
/// The reconciliation of KIP-848: brings a member one step nearer to its target. It gives up first, moves to the target's epoch next, and gets what others have
/// released at once and the rest later. Pure.
/// </summary>
/// <param name="TargetEpoch">The epoch of the target.</param>
/// <param name="Target">What the member is to have; topics that it does not read do not count.</param>
/// <param name="IsSubscribed">Whether the member reads a topic.</param>
/// <param name="IsOwned">Whether any member owns a partition.</param>
/// <param name="Owned">What the member says that it owns; null if it did not say.</param>
/// <param name="SubscriptionChanged">Whether the member changed what it reads with this request.</param>
internal sealed record MemberReconciliation(
    int TargetEpoch,
    IReadOnlySet<TopicIdPartition> Target,
    Func<Guid, bool> IsSubscribed,
    Func<TopicIdPartition, bool> IsOwned,
    IReadOnlyCollection<TopicIdPartition>? Owned,
    bool SubscriptionChanged)
{
    /// <summary>The member's next state, or the member itself if it must wait.</summary>
    public ConsumerGroupMember Step(ConsumerGroupMember member) => member.State switch
    {
        MemberState.Stable when member.Epoch != TargetEpoch => Next(member),
        MemberState.Stable => SubscriptionChanged ? DropUnsubscribed(member) : member,
        MemberState.UnrevokedPartitions when StillOwns(member.Revoking) => SubscriptionChanged ? DropUnsubscribed(member) : member,
        MemberState.Unknown when Owned is not { Count: 0 } => throw new RequestFailedException(
            Protocol.ErrorCode.FencedMemberEpoch,
            "The consumer group member is in a unknown state. The member must abandon all its partitions and rejoin."),
        _ => Next(member),
    };

    private bool StillOwns(IReadOnlyDictionary<TopicIdPartition, int> revoking) => Owned is null || Owned.Any(revoking.ContainsKey);

    private ConsumerGroupMember DropUnsubscribed(ConsumerGroupMember member)
    {
        var kept = member.Assigned.Where(p => IsSubscribed(p.Key.TopicId)).ToDictionary();
        if (kept.Count == member.Assigned.Count) return member;
        var revoking = member.Revoking.ToDictionary();
        foreach (var (partition, epoch) in member.Assigned)
        {
            if (!kept.ContainsKey(partition)) revoking[partition] = epoch;
        }

        return StillOwns(revoking)
            ? member.InEpoch(member.Epoch) with { State = MemberState.UnrevokedPartitions, Assigned = kept, Revoking = revoking }
            : member.InEpoch(member.Epoch) with { Assigned = kept };
    }

    private ConsumerGroupMember Next(ConsumerGroupMember member)
    {
        var assigned = new Dictionary<TopicIdPartition, int>();
        var revoking = new Dictionary<TopicIdPartition, int>();
        foreach (var (partition, epoch) in member.Assigned)
        {
            var stays = Target.Contains(partition) && IsSubscribed(partition.TopicId);
            (stays ? assigned : revoking)[partition] = epoch;
        }

        if (revoking.Count > 0 && StillOwns(revoking))
        {
            return member.InEpoch(member.Epoch) with { State = MemberState.UnrevokedPartitions, Assigned = assigned, Revoking = revoking };
        }

        var unreleased = false;
        foreach (var partition in Target)
        {
            if (assigned.ContainsKey(partition) || !IsSubscribed(partition.TopicId)) continue;
            // What the member itself is giving up is free: a partition has one owner at a time.
            if (IsOwned(partition) && !member.Revoking.ContainsKey(partition) && !revoking.ContainsKey(partition)) unreleased = true;
            else assigned[partition] = TargetEpoch;
        }

        return member.InEpoch(TargetEpoch) with
        {
            State = unreleased ? MemberState.UnreleasedPartitions : MemberState.Stable,
            Assigned = assigned,
            Revoking = System.Collections.ObjectModel.ReadOnlyDictionary<TopicIdPartition, int>.Empty,
        };
    }
}
