namespace Millrace.Console.Backends.Kafka;

/// <summary>A broker of the cluster.</summary>
internal sealed record BrokerInfo(int Id, string Host, int Port);

/// <summary>The cluster at one moment.</summary>
internal sealed record KafkaSnapshot(IReadOnlyList<BrokerInfo> Brokers, IReadOnlyList<TopicInfo> Topics, IReadOnlyList<GroupInfo> Groups)
{
    public TopicInfo? Topic(string name) => Topics.FirstOrDefault(topic => topic.Name == name);
}

/// <summary>A topic with the offsets of its partitions.</summary>
// Bytes: Size on the leaders' disks; null when the broker does not tell.
internal sealed record TopicInfo(string Name, IReadOnlyList<PartitionInfo> Partitions, long? Bytes)
{
    public bool IsInternal => Name.StartsWith("__", StringComparison.Ordinal);

    /// <summary>Distance between the first and the next offset. There are at most so many records: the marks of transactions take offsets too, and compaction leaves gaps.</summary>
    public long Offsets => Partitions.Sum(static partition => Math.Max(0, partition.End - partition.Start));

    public long End => Partitions.Sum(static partition => partition.End);
}

/// <summary>A partition: its replicas and its first and next offset.</summary>
internal sealed record PartitionInfo(int Id, int Leader, IReadOnlyList<int> Replicas, IReadOnlyList<int> InSync, long Start, long End);

/// <summary>A consumer group.</summary>
internal sealed record GroupInfo(
    string Id, string State, string Assignor, string Coordinator, IReadOnlyList<GroupMember> Members, IReadOnlyList<GroupOffset> Offsets)
{
    public long Lag => Offsets.Sum(static offset => offset.Lag);

    public LagTime LagTime => Offsets.Count == 0 ? LagTime.Zero : Offsets.Max(static offset => offset.LagTime)!;

    public IEnumerable<string> Topics => Offsets.Select(static offset => offset.Topic).Distinct(StringComparer.Ordinal);
}

/// <summary>A member of a group and what it was given.</summary>
internal sealed record GroupMember(string Id, string ClientId, string Host, string? InstanceId, IReadOnlyList<string> Assignment);

/// <summary>How far a group is in one partition.</summary>
internal sealed record GroupOffset(string Topic, int Partition, long Committed, long End, LagTime LagTime)
{
    /// <summary>Nothing unread but marks of transactions, past which no consumer commits.</summary>
    public bool OnlyMarkers { get; init; }

    /// <summary>First offset that is still there: what retention has deleted is not behind but lost.</summary>
    public long Start { get; init; }

    public long Lag => OnlyMarkers ? 0 : Math.Max(0, End - Math.Max(Committed, Start));
}

/// <summary>How long ago the first unread record arrived; <see cref="AtLeast"/> when it arrived before the console began to watch.</summary>
internal sealed record LagTime(TimeSpan Time, bool AtLeast) : IComparable<LagTime>
{
    public static LagTime Zero { get; } = new(TimeSpan.Zero, false);

    public int CompareTo(LagTime? other) => other is null ? 1 : Time.CompareTo(other.Time);
}
