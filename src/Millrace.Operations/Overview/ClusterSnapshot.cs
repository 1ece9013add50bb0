using Millrace.Operations.Groups;
using Millrace.Operations.Topics;

namespace Millrace.Operations.Overview;

/// <summary>A topic with its partitions, as a list of all topics has it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Partitions">Its partitions, in order.</param>
public sealed record TopicState(string Name, IReadOnlyList<PartitionInfo> Partitions)
{
    /// <summary>True for Kafka's own topics.</summary>
    public bool IsInternal => TopicService.IsInternal(Name);
}

/// <summary>A whole cluster at one moment.</summary>
/// <param name="Brokers">Its brokers, by id.</param>
/// <param name="Topics">Its topics, by name; Kafka's own too.</param>
/// <param name="Groups">Its consumer groups with their lag in records, by id.</param>
public sealed record ClusterSnapshot(IReadOnlyList<BrokerInfo> Brokers, IReadOnlyList<TopicState> Topics, IReadOnlyList<GroupDetails> Groups);
