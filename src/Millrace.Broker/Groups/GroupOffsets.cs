using Millrace.Broker.Log;

namespace Millrace.Broker.Groups;

/// <summary>A committed position. <see cref="RecordOffset"/> is where the commit itself stands in <c>__consumer_offsets</c>.</summary>
internal sealed record CommittedOffset(long Offset, int LeaderEpoch, string Metadata, long CommitUnixMs, long RecordOffset)
{
    /// <summary>Set by commits before v5 that chose their own retention.</summary>
    public long? ExpireUnixMs { get; init; }

    public Guid TopicId { get; init; }
}

/// <summary>
/// The offsets of one group: committed, and pending in transactions (KIP-98, 447). A pending offset becomes visible with its producer's commit marker, unless
/// a commit that was written later has overtaken it. Owned by the group's owner.
/// </summary>
internal sealed class GroupOffsets
{
    private readonly Dictionary<TopicPartition, CommittedOffset> _committed = [];
    private readonly Dictionary<long, Dictionary<TopicPartition, CommittedOffset>> _pending = [];

    public IReadOnlyDictionary<TopicPartition, CommittedOffset> Committed => _committed;

    public bool HasPending => _pending.Count > 0;

    public bool IsEmpty => _committed.Count == 0 && _pending.Count == 0;

    public CommittedOffset? Find(TopicPartition partition) => _committed.GetValueOrDefault(partition);

    /// <summary>Whether a transaction that is not finished may still move the partition's offset.</summary>
    public bool IsUnstable(TopicPartition partition) => _pending.Values.Any(offsets => offsets.ContainsKey(partition));

    public void Commit(TopicPartition partition, CommittedOffset offset)
    {
        if (!_committed.TryGetValue(partition, out var current) || offset.RecordOffset >= current.RecordOffset) _committed[partition] = offset;
    }

    public void AddPending(long producerId, TopicPartition partition, CommittedOffset offset)
    {
        if (!_pending.TryGetValue(producerId, out var offsets)) _pending[producerId] = offsets = [];
        offsets[partition] = offset;
    }

    /// <summary>Ends a producer's transaction. False if it had nothing pending here.</summary>
    public bool Complete(long producerId, bool commit)
    {
        if (!_pending.Remove(producerId, out var offsets)) return false;
        if (commit)
        {
            foreach (var (partition, offset) in offsets) Commit(partition, offset);
        }

        return true;
    }

    /// <summary>Forgets a partition, also in open transactions: a deletion that was acknowledged must not be undone by a marker.</summary>
    public bool Remove(TopicPartition partition)
    {
        var found = _committed.Remove(partition);
        foreach (var (producerId, offsets) in _pending.ToList())
        {
            found |= offsets.Remove(partition);
            if (offsets.Count == 0) _pending.Remove(producerId);
        }

        return found;
    }

    /// <summary>All partitions with an offset, committed or pending.</summary>
    public IReadOnlyCollection<TopicPartition> Partitions => [.. _committed.Keys.Union(_pending.Values.SelectMany(static p => p.Keys))];

    /// <summary>The same for a group of the new protocol: an offset counts from its commit, unless a member reads the topic.</summary>
    public IReadOnlyList<TopicPartition> Expired(Func<string, bool> isSubscribed, long nowUnixMs, long retentionMs) =>
    [
        .. _committed.Where(o => !IsUnstable(o.Key) && nowUnixMs >= (o.Value.ExpireUnixMs ?? o.Value.CommitUnixMs + retentionMs) && !isSubscribed(o.Key.Topic))
            .Select(static o => o.Key),
    ];

    /// <summary>
    /// The partitions whose offsets have outlived their retention (KIP-211). Offsets of a group with members are kept while a member reads the topic; those of
    /// an empty group count from when it became empty; those of a group without members ever, from their commit.
    /// </summary>
    public IReadOnlyList<TopicPartition> Expired(ClassicGroup group, long nowUnixMs, long retentionMs)
    {
        List<TopicPartition> expired = [];
        foreach (var (partition, offset) in _committed)
        {
            if (IsUnstable(partition)) continue;
            var since = group.State == GroupState.Empty && group.ProtocolType is not null
                ? Math.Max(group.StateSinceUnixMs, offset.CommitUnixMs)
                : offset.CommitUnixMs;
            var due = offset.ExpireUnixMs ?? since + retentionMs;
            var kept = group.State != GroupState.Empty && (!group.UsesConsumerProtocol || group.IsSubscribedTo(partition.Topic));
            if (!kept && nowUnixMs >= due) expired.Add(partition);
        }

        return expired;
    }
}
