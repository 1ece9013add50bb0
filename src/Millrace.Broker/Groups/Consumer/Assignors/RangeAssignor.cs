namespace Millrace.Broker.Groups.Consumer.Assignors;

/// <summary>
/// <c>range</c>: of each topic every member gets one run of partitions, in the members' order (static members by instance id, then the others by member id). Topics
/// with the same number of partitions and the same readers are so divided alike, which joins need.
/// </summary>
internal sealed class RangeAssignor : IServerAssignor
{
    public string Name => "range";

    public IReadOnlyDictionary<string, IReadOnlySet<TopicIdPartition>> Assign(IReadOnlyList<AssignorMember> members, IReadOnlyDictionary<Guid, int> partitions)
    {
        var targets = members.ToDictionary(static m => m.MemberId, static _ => new HashSet<TopicIdPartition>(), StringComparer.Ordinal);
        List<AssignorMember> ordered =
        [
            .. members.OrderBy(static m => m.InstanceId is null)
                .ThenBy(static m => m.InstanceId, StringComparer.Ordinal)
                .ThenBy(static m => m.MemberId, StringComparer.Ordinal),
        ];
        foreach (var (topic, count) in partitions)
        {
            var readers = ordered.FindAll(m => m.Topics.Contains(topic));
            var start = 0;
            for (var i = 0; i < readers.Count; i++)
            {
                var end = start + (count / readers.Count) + (i < count % readers.Count ? 1 : 0);
                for (; start < end; start++) targets[readers[i].MemberId].Add(new TopicIdPartition(topic, start));
            }
        }

        return targets.ToDictionary(static t => t.Key, static t => (IReadOnlySet<TopicIdPartition>)t.Value, StringComparer.Ordinal);
    }
}
