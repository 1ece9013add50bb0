using Millrace.Broker.Groups.Consumer;

namespace Millrace.Broker.Groups.Share;

/// <summary>
/// The assignor of share groups, <c>simple</c>: each partition has a reader, each member a partition, and the load is even; more members than partitions share them. Members keep what they
/// have where that is possible. Pure.
/// </summary>
internal static class SimpleShareAssignor
{
    public const string Name = "simple";

    public static Dictionary<string, HashSet<TopicIdPartition>> Assign(
        IReadOnlyList<(string MemberId, IReadOnlySet<Guid> Topics, IReadOnlySet<TopicIdPartition> Current)> members, IReadOnlyDictionary<Guid, int> topics)
    {
        var result = members.ToDictionary(static m => m.MemberId, static _ => new HashSet<TopicIdPartition>(), StringComparer.Ordinal);
        var readers = new Dictionary<TopicIdPartition, int>();
        foreach (var (topic, count) in topics.OrderBy(static t => t.Key))
        {
            for (var partition = 0; partition < count; partition++) readers[new(topic, partition)] = 0;
        }

        // No member keeps more than its share, and no partition more readers than its share.
        var perMember = members.Count == 0 ? 0 : (readers.Count + members.Count - 1) / members.Count;
        var perPartition = readers.Count == 0 ? 0 : (members.Count + readers.Count - 1) / readers.Count;
        foreach (var (memberId, wanted, current) in members)
        {
            foreach (var partition in current.Where(p => wanted.Contains(p.TopicId) && readers.ContainsKey(p)).OrderBy(static p => p.TopicId).ThenBy(static p => p.Partition))
            {
                if (result[memberId].Count < perMember && readers[partition] < perPartition) Give(memberId, partition);
            }
        }

        foreach (var partition in readers.Where(static r => r.Value == 0).Select(static r => r.Key).ToList())
        {
            var reader = members.Where(m => m.Topics.Contains(partition.TopicId)).MinBy(m => result[m.MemberId].Count);
            if (reader.MemberId is not null) Give(reader.MemberId, partition);
        }

        foreach (var (memberId, wanted, _) in members.Where(m => result[m.MemberId].Count == 0))
        {
            var least = readers.Where(r => wanted.Contains(r.Key.TopicId)).OrderBy(static r => r.Value).Select(static r => (TopicIdPartition?)r.Key).FirstOrDefault();
            if (least is { } partition) Give(memberId, partition);
        }

        return result;

        void Give(string memberId, TopicIdPartition partition)
        {
            if (result[memberId].Add(partition)) readers[partition]++;
        }
    }
}
