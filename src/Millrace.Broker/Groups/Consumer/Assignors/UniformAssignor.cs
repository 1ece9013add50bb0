namespace Millrace.Broker.Groups.Consumer.Assignors;

/// <summary>
/// <c>uniform</c>: loads as equal as the subscriptions allow, and among those answers one that moves few partitions. Members keep what they have up to their
/// share, free partitions go to whoever has least, and then single partitions move from a member to another reader of the topic that has at least two less,
/// until no such pair is left.
/// </summary>
internal sealed class UniformAssignor : IServerAssignor
{
    public string Name => "uniform";

    public IReadOnlyDictionary<string, IReadOnlySet<TopicIdPartition>> Assign(IReadOnlyList<AssignorMember> members, IReadOnlyDictionary<Guid, int> partitions)
    {
        var loads = members.Select(static m => new Load(m)).ToList();
        var readers = partitions.Keys.ToDictionary(static t => t, t => loads.FindAll(l => l.Member.Topics.Contains(t)));
        var total = partitions.Where(p => readers[p.Key].Count > 0).Sum(static p => p.Value);
        var uniform = loads.Count > 0 && readers.Values.All(r => r.Count == loads.Count || r.Count == 0);
        Keep(loads, partitions, uniform ? total : null);
        Distribute(loads, readers, partitions);
        if (!uniform) Balance(loads, readers);
        return loads.ToDictionary(static l => l.Member.MemberId, static l => (IReadOnlySet<TopicIdPartition>)l.Partitions, StringComparer.Ordinal);
    }

    /// <summary>Members keep what still exists and they still read; where all read the same, no more than their share.</summary>
    private static void Keep(List<Load> loads, IReadOnlyDictionary<Guid, int> partitions, int? total)
    {
        var taken = new HashSet<TopicIdPartition>();
        var share = total is { } all ? all / loads.Count : int.MaxValue;
        var larger = total is { } sum ? sum % loads.Count : 0;
        // Those with most first: they are the ones that may keep one more than the smaller share.
        foreach (var load in loads.OrderByDescending(static l => l.Member.Current.Count))
        {
            var limit = share;
            var kept = load.Member.Current
                .Where(p => load.Member.Topics.Contains(p.TopicId) && partitions.TryGetValue(p.TopicId, out var count) && p.Partition < count)
                .OrderBy(static p => p.TopicId).ThenBy(static p => p.Partition);
            foreach (var partition in kept)
            {
                if (load.Partitions.Count == limit && limit == share && larger > 0)
                {
                    larger--;
                    limit++;
                }

                if (load.Partitions.Count == limit) break;
                if (taken.Add(partition)) load.Partitions.Add(partition);
            }
        }
    }

    private static void Distribute(List<Load> loads, Dictionary<Guid, List<Load>> readers, IReadOnlyDictionary<Guid, int> partitions)
    {
        var taken = loads.SelectMany(static l => l.Partitions).ToHashSet();
        // Topics with few readers first: they have the least choice.
        foreach (var (topic, candidates) in readers.Where(static r => r.Value.Count > 0).OrderBy(static r => r.Value.Count).ThenBy(static r => r.Key))
        {
            var queue = new PriorityQueue<Load, (int, int)>(candidates.Select((l, i) => (l, (l.Partitions.Count, i))));
            for (var i = 0; i < partitions[topic]; i++)
            {
                var partition = new TopicIdPartition(topic, i);
                if (taken.Contains(partition)) continue;
                queue.TryDequeue(out var least, out var order);
                least!.Partitions.Add(partition);
                queue.Enqueue(least, (least.Partitions.Count, order.Item2));
            }
        }
    }

    private static void Balance(List<Load> loads, Dictionary<Guid, List<Load>> readers)
    {
        // Each move makes the sum of squares of the loads smaller, so this ends.
        var moved = true;
        while (moved)
        {
            moved = false;
            foreach (var from in loads.OrderByDescending(static l => l.Partitions.Count).ToList())
            {
                foreach (var partition in from.Partitions.OrderBy(p => from.Member.Current.Contains(p)).ThenBy(static p => p.TopicId).ThenBy(static p => p.Partition).ToList())
                {
                    var to = readers[partition.TopicId].MinBy(static l => l.Partitions.Count)!;
                    if (to.Partitions.Count + 1 >= from.Partitions.Count) continue;
                    from.Partitions.Remove(partition);
                    to.Partitions.Add(partition);
                    moved = true;
                }
            }
        }
    }

    private sealed class Load(AssignorMember member)
    {
        public AssignorMember Member { get; } = member;

        public HashSet<TopicIdPartition> Partitions { get; } = [];
    }
}
