using Millrace.Broker.Log;
using Millrace.Broker.Metadata;

namespace Millrace.Broker.Coordination;

/// <summary>The broker's topics as the coordinators see them.</summary>
internal sealed class CatalogTopics(TopicCatalog catalog) : ICoordinatorTopics
{
    public int? PartitionCount(string topic) => catalog.Find(topic)?.Partitions.Count;

    public PartitionLog? FindLog(TopicPartition partition) => catalog.FindPartition(partition.Topic, partition.Partition);

    public async ValueTask CreateInternalTopicAsync(
        string topic, int partitions, IReadOnlyDictionary<string, string> config, CancellationToken cancellationToken = default) =>
        await catalog.GetOrCreateAsync(topic, partitions, config, cancellationToken);
}
