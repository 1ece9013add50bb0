namespace Millrace.Broker.Groups.Consumer.Assignors;

/// <summary>A member as an assignor sees it: what it reads, and what it was to have so far.</summary>
internal sealed record AssignorMember(string MemberId, string? InstanceId, IReadOnlySet<Guid> Topics, IReadOnlySet<TopicIdPartition> Current);

/// <summary>Shares the partitions of topics among members. Deterministic: the same input gives the same answer.</summary>
internal interface IServerAssignor
{
    string Name { get; }

    /// <summary>The new target of each member, by member id. Each partition of a topic that somebody reads has exactly one owner.</summary>
    IReadOnlyDictionary<string, IReadOnlySet<TopicIdPartition>> Assign(IReadOnlyList<AssignorMember> members, IReadOnlyDictionary<Guid, int> partitions);
}

/// <summary>The assignors that members may ask for; the first is the default.</summary>
internal static class ServerAssignors
{
    public static IReadOnlyList<IServerAssignor> All { get; } = [new UniformAssignor(), new RangeAssignor()];

    public static IServerAssignor? Find(string name) => All.FirstOrDefault(a => a.Name == name);
}
