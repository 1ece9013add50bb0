using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Millrace.Operations.Groups;

/// <summary>A consumer group in a list.</summary>
/// <param name="Id">Its id.</param>
/// <param name="State">Its state: Stable, PreparingRebalance, Empty ….</param>
/// <param name="Protocol">Classic or Consumer (KIP-848).</param>
public sealed record GroupSummary(string Id, string State, string Protocol);

/// <summary>A member of a group.</summary>
/// <param name="MemberId">The id that the coordinator gave it.</param>
/// <param name="InstanceId">Its own id, when it is a static member.</param>
/// <param name="ClientId">Its <c>client.id</c>.</param>
/// <param name="Host">Where it connects from.</param>
/// <param name="Partitions">What is assigned to it.</param>
public sealed record GroupMember(string MemberId, string? InstanceId, string ClientId, string Host, IReadOnlyList<TopicPartition> Partitions);

/// <summary>How far a group is on one partition.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Committed">The committed offset; null when nothing is committed.</param>
/// <param name="FirstOffset">The first offset that is still there.</param>
/// <param name="NextOffset">The offset after the last record.</param>
/// <param name="MemberId">The member that reads it, or null.</param>
public sealed record PartitionLag(string Topic, int Partition, long? Committed, long FirstOffset, long NextOffset, string? MemberId)
{
    /// <summary>
    /// Records not yet committed; all of them when nothing is. Measured by <see cref="GroupService.GetAsync"/> with time it is 0 when only transaction markers are left.
    /// </summary>
    public long Lag { get; init; } = Math.Max(0, NextOffset - Math.Max(Committed ?? FirstOffset, FirstOffset));

    /// <summary>The age of the oldest record not yet committed; null when not measured, or the record has no timestamp.</summary>
    public TimeSpan? TimeLag { get; init; }

    /// <summary>Records deleted by retention before the group has read them.</summary>
    public long Missed => Committed is { } committed ? Math.Max(0, FirstOffset - committed) : 0;

    /// <summary>The text stored with the committed offset.</summary>
    public string? Metadata { get; init; }
}

/// <summary>A consumer group with all that is known.</summary>
/// <param name="Id">Its id.</param>
/// <param name="State">Its state.</param>
/// <param name="Assignor">How partitions are shared out.</param>
/// <param name="CoordinatorId">The broker that coordinates it, or null.</param>
/// <param name="Members">Its members.</param>
/// <param name="Partitions">Its partitions: those with a committed offset or a member, by topic and number.</param>
public sealed record GroupDetails(
    string Id, string State, string Assignor, int? CoordinatorId, IReadOnlyList<GroupMember> Members, IReadOnlyList<PartitionLag> Partitions)
{
    /// <summary>The address of the broker that coordinates it, host:port, or null.</summary>
    public string? Coordinator { get; init; }

    /// <summary>Records not yet committed, over all partitions.</summary>
    public long Lag => Partitions.Sum(static p => p.Lag);

    /// <summary>The greatest measured time lag.</summary>
    public TimeSpan? TimeLag => Partitions.Max(static p => p.TimeLag);
}

/// <summary>Reads and changes consumer groups.</summary>
/// <param name="cluster">The cluster.</param>
public sealed class GroupService(KafkaCluster cluster)
{
    /// <summary>All consumer groups, by id.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<IReadOnlyList<GroupSummary>> ListAsync(CancellationToken cancellationToken = default)
    {
        var answer = await cluster.Admin.ListConsumerGroupsAsync(new ListConsumerGroupsOptions { RequestTimeout = cluster.Timeout }).WaitAsync(cancellationToken);
        return [.. answer.Valid.Select(static g => new GroupSummary(g.GroupId, g.State.ToString(), g.Type.ToString())).OrderBy(static g => g.Id, StringComparer.Ordinal)];
    }

    /// <summary>One group with its lag.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="measureTime">Reads the record at each committed offset that has lag, for its timestamp: one fetch per partition.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="OperationsException">There is no such group.</exception>
    public async Task<GroupDetails> GetAsync(string id, bool measureTime = true, CancellationToken cancellationToken = default)
    {
        var description = await DescribeAsync(id, cancellationToken);
        var committed = await CommittedAsync(id, cancellationToken);
        if (description.State == ConsumerGroupState.Dead && committed.Count == 0)
            throw new OperationsException($"There is no consumer group {id}. 'millrace groups list' shows what is there.");

        var partitions = committed.Keys.Union(description.Members.SelectMany(static m => m.Assignment.TopicPartitions)).ToList();
        var details = Details(description, committed, await ReadEndsOfExistingAsync(partitions, cancellationToken));
        return measureTime ? details with { Partitions = await TimeLag.MeasureAsync(cluster, [.. details.Partitions], cancellationToken) } : details;
    }

    /// <summary>Deletes a group and its committed offsets.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="OperationsException">It has members, or does not exist.</exception>
    public async Task DeleteAsync(string id, CancellationToken cancellationToken = default)
    {
        try
        {
            await cluster.Admin.DeleteGroupsAsync([id], new DeleteGroupsOptions { RequestTimeout = cluster.Timeout }).WaitAsync(cancellationToken);
        }
        catch (DeleteGroupsException e)
        {
            throw new OperationsException($"The group {id} cannot be deleted: {e.Results[0].Error.Reason}. Stop its members first.");
        }
    }

    /// <summary>Puts together what the coordinator, the committed offsets and the ends of the partitions tell. Partitions without an end, those of deleted topics, are left out.</summary>
    internal static GroupDetails Details(ConsumerGroupDescription description, Dictionary<TopicPartition, long> committed, Dictionary<TopicPartition, (long First, long Next)> ends)
    {
        var readers = new Dictionary<TopicPartition, string>();
        foreach (var member in description.Members)
        {
            foreach (var partition in member.Assignment.TopicPartitions)
                readers[partition] = member.ConsumerId;
        }

        return new GroupDetails(
            description.GroupId,
            description.State.ToString(),
            description.PartitionAssignor,
            description.Coordinator?.Id is >= 0 and var coordinator ? coordinator : null,
            [.. description.Members.Select(static m => new GroupMember(
                m.ConsumerId, string.IsNullOrEmpty(m.GroupInstanceId) ? null : m.GroupInstanceId, m.ClientId, m.Host, m.Assignment.TopicPartitions))],
            [.. committed.Keys.Union(readers.Keys).Where(ends.ContainsKey)
                .Select(p => new PartitionLag(
                    p.Topic, p.Partition.Value, committed.TryGetValue(p, out var offset) ? offset : null, ends[p].First, ends[p].Next, readers.GetValueOrDefault(p)))
                .OrderBy(static p => p.Topic, StringComparer.Ordinal).ThenBy(static p => p.Partition)])
        {
            Coordinator = description.Coordinator is { Id: >= 0 } node ? $"{node.Host}:{node.Port}" : null,
        };
    }

    /// <summary>Many groups in one question, by id; those that cannot be described just now are left out.</summary>
    internal async Task<IReadOnlyList<ConsumerGroupDescription>> DescribeAllAsync(List<string> ids, CancellationToken cancellationToken)
    {
        if (ids.Count == 0)
            return [];
        List<ConsumerGroupDescription> all;
        try
        {
            all = (await cluster.Admin.DescribeConsumerGroupsAsync(ids, new DescribeConsumerGroupsOptions { RequestTimeout = cluster.Timeout }).WaitAsync(cancellationToken)).ConsumerGroupDescriptions;
        }
        catch (DescribeConsumerGroupsException e)
        {
            all = [.. e.Results.ConsumerGroupDescriptions];
        }

        return [.. all.Where(static group => !group.Error.IsError).OrderBy(static group => group.GroupId, StringComparer.Ordinal)];
    }

    internal async Task<ConsumerGroupDescription> DescribeAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await cluster.Admin.DescribeConsumerGroupsAsync(
                [id], new DescribeConsumerGroupsOptions { RequestTimeout = cluster.Timeout }).WaitAsync(cancellationToken);
            return answer.ConsumerGroupDescriptions[0];
        }
        catch (DescribeConsumerGroupsException e)
        {
            var error = e.Results.ConsumerGroupDescriptions[0].Error;
            throw new OperationsException(error.Code == ErrorCode.GroupIdNotFound
                ? $"There is no consumer group {id}. 'millrace groups list' shows what is there."
                : $"The group {id} cannot be described: {error.Reason}");
        }
    }

    internal async Task<Dictionary<TopicPartition, long>> CommittedAsync(string id, CancellationToken cancellationToken)
    {
        var answer = await cluster.Admin.ListConsumerGroupOffsetsAsync(
            [new ConsumerGroupTopicPartitions(id, null)],
            new ListConsumerGroupOffsetsOptions { RequestTimeout = cluster.Timeout, RequireStableOffsets = false }).WaitAsync(cancellationToken);
        return answer[0].Partitions.Where(static p => !p.Error.IsError && p.Offset.Value >= 0)
            .ToDictionary(static p => p.TopicPartition, static p => p.Offset.Value);
    }

    /// <summary>Leaves out partitions of topics that are deleted.</summary>
    private async Task<Dictionary<TopicPartition, (long First, long Next)>> ReadEndsOfExistingAsync(
        List<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        var metadata = await cluster.GetMetadataAsync(cancellationToken);
        var existing = metadata.Topics.SelectMany(static t => t.Partitions.Select(p => new TopicPartition(t.Topic, p.PartitionId))).ToHashSet();
        return await cluster.ReadEndsAsync([.. partitions.Where(existing.Contains)], cancellationToken);
    }
}
