using Millrace.Broker.Log;

namespace Millrace.Broker.Metadata;

/// <summary>One topic at one moment. A change makes a new one.</summary>
internal sealed class Topic(string name, Guid id, IReadOnlyDictionary<string, string> configs, IReadOnlyList<PartitionLog> partitions, LogConfig effective)
{
    public string Name { get; } = name;

    public Guid Id { get; } = id;

    /// <summary>What was set on the topic itself.</summary>
    public IReadOnlyDictionary<string, string> Configs { get; } = new Dictionary<string, string>(configs, StringComparer.Ordinal);

    public IReadOnlyList<PartitionLog> Partitions { get; } = partitions;

    /// <summary>Own settings over the broker's defaults.</summary>
    public LogConfig Effective { get; } = effective;

    public bool IsInternal => TopicNames.IsInternal(Name);

    public PartitionLog? Partition(int index) => (uint)index < (uint)Partitions.Count ? Partitions[index] : null;
}
