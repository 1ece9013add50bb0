using Millrace.Broker.Groups.Consumer.Assignors;

namespace Millrace.Broker.Groups.Consumer;

/// <summary>What the group as a whole is to do: its epoch, its regular expressions, its target assignment.</summary>
internal sealed partial class ConsumerGroup
{
    /// <summary>
    /// The regular expressions of the members with the topics of this moment. Kafka does this in the background, and the member learns it with a later heartbeat; here
    /// the topics are in memory and the engine takes linear time, so the member that brings an expression gets its topics at once.
    /// </summary>
    private SortedDictionary<string, ResolvedRegex> ResolveRegexes(List<ConsumerGroupMember> members, List<ConsumerGroupRecord> records, out bool anew)
    {
        anew = false;
        var wanted = members.Where(static m => m.Regex.Length > 0).Select(static m => m.Regex).ToHashSet(StringComparer.Ordinal);
        if (wanted.Count == 0 && _regexes.Count == 0) return _regexes;
        var resolved = new SortedDictionary<string, ResolvedRegex>(_regexes, StringComparer.Ordinal);
        foreach (var regex in _regexes.Keys.Where(r => !wanted.Contains(r)))
        {
            resolved.Remove(regex);
            records.Add(new RegexRecord(GroupId, regex, null));
        }

        foreach (var pattern in wanted)
        {
            if (TopicRegex.TryParse(pattern, out _) is not { } regex) continue;
            List<string> topics = [.. _topics.Names.Where(regex.Matches).Order(StringComparer.Ordinal)];
            if (_regexes.TryGetValue(pattern, out var known) && known.Topics.Order(StringComparer.Ordinal).SequenceEqual(topics, StringComparer.Ordinal)) continue;
            anew = true;
            resolved[pattern] = new ResolvedRegex(topics, _topics.Version, _clock.UnixMs);
            records.Add(new RegexRecord(GroupId, pattern, resolved[pattern]));
        }

        return resolved;
    }

    /// <summary>The group's next epoch, if members or topics have changed; else the one that it has.</summary>
    private int BumpEpoch(List<ConsumerGroupMember> members, IReadOnlyDictionary<string, ResolvedRegex> regexes, bool changed, List<ConsumerGroupRecord> records)
    {
        _seenTopics = _topics.Version;
        var hash = MetadataHash.Of(members.SelectMany(m => m.Topics.Concat(ResolvedTopics(m, regexes))), _topics);
        if (!changed && hash == _metadataHash) return Epoch;
        if (_hasPartitionMetadata) records.Add(new PartitionMetadataRecord(GroupId, IsTombstone: true));
        records.Add(new GroupEpochRecord(GroupId, Epoch + 1, hash));
        return Epoch + 1;
    }

    private IReadOnlySet<TopicIdPartition> Retarget(
        int epoch,
        List<ConsumerGroupMember> members,
        ConsumerGroupMember updated,
        ConsumerGroupMember? replaced,
        IReadOnlyDictionary<string, ResolvedRegex> regexes,
        List<ConsumerGroupRecord> records)
    {
        var partitions = new Dictionary<Guid, int>();
        List<AssignorMember> readers = [];
        foreach (var member in members)
        {
            var topics = new HashSet<Guid>();
            foreach (var name in member.Topics.Concat(ResolvedTopics(member, regexes)))
            {
                if (_topics.Find(name) is not { } topic) continue;
                topics.Add(topic.Id);
                partitions[topic.Id] = topic.Partitions;
            }

            readers.Add(new AssignorMember(member.MemberId, member.InstanceId, topics, CurrentTarget(member, replaced, updated)));
        }

        var targets = PreferredAssignor(members).Assign(readers, partitions);
        foreach (var reader in readers)
        {
            var target = targets[reader.MemberId];
            if (!_targets.ContainsKey(reader.MemberId) || !target.SetEquals(reader.Current)) records.Add(new TargetRecord(GroupId, reader.MemberId, target));
        }

        records.Add(new TargetEpochRecord(GroupId, epoch, _clock.UnixMs));
        return targets[updated.MemberId];
    }

    private IReadOnlySet<TopicIdPartition> CurrentTarget(ConsumerGroupMember member, ConsumerGroupMember? replaced, ConsumerGroupMember updated) =>
        TargetOf(replaced is not null && member.MemberId == updated.MemberId ? replaced.MemberId : member.MemberId);
}
