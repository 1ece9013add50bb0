using Millrace.Broker.Log;

namespace Millrace.Broker.Coordination;

/// <summary>What the coordinators need of the broker's topics.</summary>
internal interface ICoordinatorTopics
{
    /// <summary>The number of partitions of a topic, or null if there is no such topic.</summary>
    int? PartitionCount(string topic);

    /// <summary>The log of a partition, or null if there is no such partition. An internal topic's log may come into being by this call.</summary>
    PartitionLog? FindLog(TopicPartition partition);

    /// <summary>Creates an internal topic with overrides of its configuration by Kafka's names; does nothing if it is there.</summary>
    ValueTask CreateInternalTopicAsync(
        string topic, int partitions, IReadOnlyDictionary<string, string> config, CancellationToken cancellationToken = default);
}
