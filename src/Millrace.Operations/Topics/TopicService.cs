using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Millrace.Operations.Topics;

/// <summary>A topic in a list.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Partitions">The number of partitions.</param>
/// <param name="ReplicationFactor">Replicas per partition.</param>
/// <param name="UnderReplicated">Partitions that have fewer in-sync replicas than replicas.</param>
/// <param name="IsInternal">True for Kafka's own topics.</param>
public sealed record TopicSummary(string Name, int Partitions, int ReplicationFactor, int UnderReplicated, bool IsInternal)
{
    /// <summary>Size of its partitions on their leaders' disks, in bytes; null when a broker does not tell.</summary>
    public long? Bytes { get; init; }
}

/// <summary>One partition.</summary>
/// <param name="Partition">Its number.</param>
/// <param name="Leader">The broker that leads it, or null when there is none.</param>
/// <param name="Replicas">Brokers that hold it.</param>
/// <param name="InSyncReplicas">Those of them that are in sync.</param>
/// <param name="FirstOffset">The offset of the first record that is still there.</param>
/// <param name="NextOffset">The offset after the last record (high watermark).</param>
public sealed record PartitionInfo(
    int Partition, int? Leader, IReadOnlyList<int> Replicas, IReadOnlyList<int> InSyncReplicas, long FirstOffset, long NextOffset)
{
    /// <summary>Offsets between first and next. There are at most so many records: transaction markers take offsets too, and compaction leaves holes.</summary>
    public long Offsets => Math.Max(0, NextOffset - FirstOffset);

    /// <summary>Size on the leader's disk, in bytes; null when the broker does not tell.</summary>
    public long? Bytes { get; init; }
}

/// <summary>A setting of a topic.</summary>
/// <param name="Name">Kafka's name of it.</param>
/// <param name="Value">Its value; null when it is a secret.</param>
/// <param name="IsDefault">True when nobody has set it for this topic.</param>
/// <param name="Source">Where the value comes from.</param>
public sealed record TopicSetting(string Name, string? Value, bool IsDefault, string Source);

/// <summary>A topic with all that is known.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Partitions">Its partitions, in order.</param>
/// <param name="Settings">Its settings, by name.</param>
public sealed record TopicDetails(string Name, IReadOnlyList<PartitionInfo> Partitions, IReadOnlyList<TopicSetting> Settings)
{
    /// <summary>Offsets of all partitions between first and next: at most so many records.</summary>
    public long Offsets => Partitions.Sum(static p => p.Offsets);

    /// <summary>Size of its partitions on their leaders' disks, in bytes; null when a broker does not tell.</summary>
    public long? Bytes => Partitions.Any(static p => p.Bytes is null) ? null : Partitions.Sum(static p => p.Bytes);
}

/// <summary>Reads and changes topics.</summary>
/// <param name="cluster">The cluster.</param>
public sealed class TopicService(KafkaCluster cluster)
{
    /// <summary>All topics, by name.</summary>
    /// <param name="includeInternal">Kafka's own topics too.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<IReadOnlyList<TopicSummary>> ListAsync(bool includeInternal = false, CancellationToken cancellationToken = default)
    {
        var metadata = await cluster.GetMetadataAsync(cancellationToken);
        var sizes = await new TopicSizes(cluster).ReadAsync(metadata, cancellationToken);
        return [.. metadata.Topics
            .Select(t => new TopicSummary(
                t.Topic,
                t.Partitions.Count,
                t.Partitions.Count == 0 ? 0 : t.Partitions.Max(static p => p.Replicas.Length),
                t.Partitions.Count(static p => p.InSyncReplicas.Length < p.Replicas.Length),
                IsInternal(t.Topic)) { Bytes = sizes.OfTopic(t.Topic) })
            .Where(t => includeInternal || !t.IsInternal)
            .OrderBy(static t => t.Name, StringComparer.Ordinal)];
    }

    /// <summary>One topic.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="OperationsException">There is no such topic.</exception>
    public async Task<TopicDetails> GetAsync(string name, CancellationToken cancellationToken = default)
    {
        var description = await DescribeAsync(name, cancellationToken);
        var partitions = description.Partitions.Select(p => new TopicPartition(name, p.Partition)).ToList();
        var ends = await cluster.ReadEndsAsync(partitions, cancellationToken);
        var settings = await SettingsAsync(name, cancellationToken);
        var sizes = await new TopicSizes(cluster).ReadAsync(await cluster.GetMetadataAsync(cancellationToken), cancellationToken);
        return new TopicDetails(
            name,
            [.. description.Partitions.OrderBy(static p => p.Partition).Select(p => new PartitionInfo(
                p.Partition,
                p.Leader?.Id is >= 0 and var leader ? leader : null,
                [.. p.Replicas.Select(static n => n.Id)],
                [.. p.ISR.Select(static n => n.Id)],
                ends[new TopicPartition(name, p.Partition)].First,
                ends[new TopicPartition(name, p.Partition)].Next) { Bytes = sizes.OfPartition(name, p.Partition) })],
            settings);
    }

    /// <summary>A topic's settings, by name.</summary>
    /// <param name="name">The topic.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="KafkaException">The broker refuses, or there is no such topic.</exception>
    public async Task<IReadOnlyList<TopicSetting>> SettingsAsync(string name, CancellationToken cancellationToken = default)
    {
        var answer = await cluster.Admin.DescribeConfigsAsync(
            [new ConfigResource { Type = ResourceType.Topic, Name = name }], new DescribeConfigsOptions { RequestTimeout = cluster.Timeout }).WaitAsync(cancellationToken);
        return [.. answer[0].Entries.Values
            .Select(static e => new TopicSetting(e.Name, e.IsSensitive ? null : e.Value, e.Source != ConfigSource.DynamicTopicConfig, e.Source.ToString()))
            .OrderBy(static e => e.Name, StringComparer.Ordinal)];
    }

    /// <summary>Creates a topic.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="partitions">The number of partitions; null: the broker's default.</param>
    /// <param name="replicationFactor">Replicas; null: the broker's default.</param>
    /// <param name="settings">Settings by Kafka's names.</param>
    /// <param name="validateOnly">Only check whether it could be created.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="OperationsException">The broker refuses it; the message says why.</exception>
    public async Task CreateAsync(
        string name,
        int? partitions = null,
        short? replicationFactor = null,
        IReadOnlyDictionary<string, string>? settings = null,
        bool validateOnly = false,
        CancellationToken cancellationToken = default)
    {
        var specification = new TopicSpecification
        {
            Name = name,
            NumPartitions = partitions ?? -1,
            ReplicationFactor = replicationFactor ?? -1,
            Configs = settings?.ToDictionary(static s => s.Key, static s => s.Value, StringComparer.Ordinal) ?? [],
        };
        try
        {
            await cluster.Admin.CreateTopicsAsync([specification], new CreateTopicsOptions
            {
                ValidateOnly = validateOnly,
                RequestTimeout = cluster.Timeout,
                OperationTimeout = cluster.Timeout,
            }).WaitAsync(cancellationToken);
        }
        catch (CreateTopicsException e)
        {
            throw new OperationsException($"The topic {name} cannot be created: {e.Results[0].Error.Reason}");
        }
    }

    /// <summary>Deletes a topic and all its records.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="OperationsException">The broker refuses it; the message says why.</exception>
    public async Task DeleteAsync(string name, CancellationToken cancellationToken = default)
    {
        if (IsInternal(name))
            throw new OperationsException($"{name} is one of Kafka's own topics and is not deleted by this tool.");
        try
        {
            await cluster.Admin.DeleteTopicsAsync(
                [name], new DeleteTopicsOptions { RequestTimeout = cluster.Timeout, OperationTimeout = cluster.Timeout }).WaitAsync(cancellationToken);
        }
        catch (DeleteTopicsException e)
        {
            throw new OperationsException($"The topic {name} cannot be deleted: {e.Results[0].Error.Reason}");
        }
    }

    internal async Task<TopicDescription> DescribeAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await cluster.Admin.DescribeTopicsAsync(
                TopicCollection.OfTopicNames([name]), new DescribeTopicsOptions { RequestTimeout = cluster.Timeout }).WaitAsync(cancellationToken);
            return answer.TopicDescriptions[0];
        }
        catch (DescribeTopicsException e)
        {
            var error = e.Results.TopicDescriptions[0].Error;
            throw new OperationsException(error.Code == ErrorCode.UnknownTopicOrPart
                ? $"There is no topic {name}. 'millrace topics list' shows what is there."
                : $"The topic {name} cannot be described: {error.Reason}");
        }
    }

    internal static bool IsInternal(string name) => name.StartsWith("__", StringComparison.Ordinal);
}
