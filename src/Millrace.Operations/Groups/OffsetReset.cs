using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Millrace.Operations.Groups;

/// <summary>Where to set a group's offsets.</summary>
public abstract record ResetTarget
{
    /// <summary>The first record that is still there.</summary>
    public sealed record Earliest : ResetTarget;

    /// <summary>After the last record.</summary>
    public sealed record Latest : ResetTarget;

    /// <summary>The first record at or after a time.</summary>
    /// <param name="Time">The time.</param>
    public sealed record AtTime(DateTimeOffset Time) : ResetTarget;

    /// <summary>This offset in each partition.</summary>
    /// <param name="Offset">The offset.</param>
    public sealed record AtOffset(long Offset) : ResetTarget;

    /// <summary>So many records on (or, negative, back) from the committed offset.</summary>
    /// <param name="Records">The number.</param>
    public sealed record Shift(long Records) : ResetTarget;
}

/// <summary>What a reset does to one partition.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Partition">The partition.</param>
/// <param name="From">The committed offset, or null.</param>
/// <param name="To">The new one, within what is there.</param>
public sealed record ResetStep(string Topic, int Partition, long? From, long To)
{
    /// <summary>Records that are read again (positive) or skipped (negative); null when nothing was committed.</summary>
    public long? ReadAgain => From - To;
}

/// <summary>Sets a group's offsets: first the plan, which changes nothing, then its application.</summary>
/// <param name="cluster">The cluster.</param>
public sealed class OffsetReset(KafkaCluster cluster)
{
    /// <summary>Computes what would change.</summary>
    /// <param name="group">The group.</param>
    /// <param name="topic">The topic.</param>
    /// <param name="target">Where to.</param>
    /// <param name="partitions">Only these partitions; null: all of the topic.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="OperationsException">The topic or a partition does not exist, or a shift has nothing to shift.</exception>
    public async Task<IReadOnlyList<ResetStep>> PlanAsync(
        string group, string topic, ResetTarget target, IReadOnlyCollection<int>? partitions = null, CancellationToken cancellationToken = default)
    {
        var description = await new Topics.TopicService(cluster).DescribeAsync(topic, cancellationToken);
        var all = description.Partitions.Select(static p => p.Partition).Order().ToList();
        if (partitions?.Except(all).ToList() is { Count: > 0 } missing)
            throw new OperationsException($"{topic} has no partition {string.Join(", ", missing)}; it has {all.Count}, from 0.");
        var chosen = all.Where(p => partitions is null || partitions.Contains(p)).Select(p => new TopicPartition(topic, p)).ToList();
        var ends = await cluster.ReadEndsAsync(chosen, cancellationToken);
        var committed = await new GroupService(cluster).CommittedAsync(group, cancellationToken);
        var byTime = target is ResetTarget.AtTime at
            ? await cluster.ListOffsetsAsync(chosen, OffsetSpec.ForTimestamp(at.Time.ToUnixTimeMilliseconds()), cancellationToken)
            : [];
        return [.. chosen.Select(p =>
        {
            long? from = committed.TryGetValue(p, out var offset) ? offset : null;
            var wanted = target switch
            {
                ResetTarget.Earliest => ends[p].First,
                ResetTarget.Latest => ends[p].Next,
                ResetTarget.AtTime => byTime[p] < 0 ? ends[p].Next : byTime[p],
                ResetTarget.AtOffset exact => exact.Offset,
                ResetTarget.Shift shift => (from ?? throw new OperationsException($"{group} has no committed offset for {topic} [{p.Partition.Value}] to shift. Use earliest, latest, a time or an offset.")) + shift.Records,
                _ => throw new ArgumentOutOfRangeException(nameof(target), target, "Unknown kind of target."),
            };
            return new ResetStep(topic, p.Partition.Value, from, Math.Clamp(wanted, ends[p].First, ends[p].Next));
        })];
    }

    /// <summary>Carries out a plan.</summary>
    /// <param name="group">The group; it must have no running members.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="OperationsException">The group is running, or the broker refuses.</exception>
    public async Task ApplyAsync(string group, IReadOnlyList<ResetStep> plan, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        try
        {
            await cluster.Admin.AlterConsumerGroupOffsetsAsync(
                [new ConsumerGroupTopicPartitionOffsets(group, [.. plan.Select(static s => new TopicPartitionOffset(s.Topic, s.Partition, s.To))])],
                new AlterConsumerGroupOffsetsOptions { RequestTimeout = cluster.Timeout }).WaitAsync(cancellationToken);
        }
        catch (AlterConsumerGroupOffsetsException e)
        {
            var reason = e.Results[0].Error.IsError ? e.Results[0].Error : e.Results[0].Partitions.First(static p => p.Error.IsError).Error;
            throw new OperationsException($"The offsets of {group} cannot be set: {reason.Reason}. Stop all members of the group first.");
        }
        catch (KafkaException e)
        {
            throw new OperationsException($"The offsets of {group} cannot be set: {e.Error.Reason}. Stop all members of the group first.");
        }
    }
}
