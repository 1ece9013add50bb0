using Millrace.Broker.Groups.Consumer;
using Millrace.Broker.Log;
using Millrace.Broker.Metadata;

namespace Millrace.Broker.Coordination;

/// <summary>The broker's topics as the coordinators see them.</summary>
internal sealed class CatalogTopics(TopicCatalog catalog) : ICoordinatorTopics, IGroupTopics
{
    public long Version => catalog.Version;

    public IEnumerable<string> Names => catalog.All.Select(static t => t.Name);

    public GroupTopic? Find(string name) => Of(catalog.Find(name));

    public GroupTopic? Find(Guid id) => Of(catalog.Find(id));

    public int? PartitionCount(string topic) => catalog.Find(topic)?.Partitions.Count;

    public PartitionLog? FindLog(TopicPartition partition) => catalog.FindPartition(partition.Topic, partition.Partition);

    public async ValueTask CreateInternalTopicAsync(
        string topic, int partitions, IReadOnlyDictionary<string, string> config, CancellationToken cancellationToken = default) =>
        await catalog.GetOrCreateAsync(topic, partitions, config, cancellationToken);

    private static GroupTopic? Of(Topic? topic) => topic is null ? null : new GroupTopic(topic.Name, topic.Id, topic.Partitions.Count);
}
