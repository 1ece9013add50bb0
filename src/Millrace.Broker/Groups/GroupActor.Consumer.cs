using Microsoft.Extensions.Logging;
using Millrace.Broker.Coordination;
using Millrace.Broker.Groups.Consumer;
using Millrace.Protocol;

namespace Millrace.Broker.Groups;

/// <summary>The owner of a group of the new protocol, and the way from one protocol to the other.</summary>
internal sealed partial class GroupActor
{
    /// <summary>The group, if it is one of the new protocol; then <see cref="Group"/> is empty and unused.</summary>
    public ConsumerGroup? Consumer { get; private set; }

    /// <summary>Whether nobody is in the group.</summary>
    public bool IsEmpty => Share is { } share ? share.MemberCount == 0 : Consumer is { } consumer ? consumer.MemberCount == 0 : Group.State == GroupState.Empty;

    /// <summary>The group to which a member of the new protocol may come, with the records that make it one.</summary>
    /// <exception cref="RequestFailedException">It is a group of another kind, or not to be converted.</exception>
    public (ConsumerGroup Group, IReadOnlyList<CoordinatorRecord> Records) AsConsumerGroup(bool join, IGroupTopics topics)
    {
        if (Consumer is { } consumer) return (consumer, []);
        if (Share is not null) throw new RequestFailedException(ErrorCode.GroupIdNotFound, $"Group {groupId} is not a consumer group.");
        if (!join) throw new RequestFailedException(ErrorCode.GroupIdNotFound, IsVoid ? $"Consumer group {groupId} not found." : $"Group {groupId} is not a consumer group.");
        IReadOnlyList<CoordinatorRecord> tombstone = Group is { ProtocolType: not null, Generation: > 0 } ? [GroupRecords.MetadataTombstone(groupId)] : [];
        if (Group.IsVacant) return (new ConsumerGroup(groupId, options, topics, time), tombstone);
        if (!options.MayUpgrade || !Group.UsesConsumerProtocol || Group.MemberCount > options.ConsumerMaxSize)
            throw new RequestFailedException(ErrorCode.GroupIdNotFound, $"Group {groupId} is not a consumer group.");
        var (group, records) = ConsumerGroup.FromClassic(Group, options, topics, time);
        Converted(logger, groupId, "classic", "consumer", group.MemberCount);
        return (group, [.. tombstone, .. records.Select(ConsumerGroupRecords.Encode)]);
    }

    /// <summary>Appends what a transition of a consumer group has to say; only then the group changes, and becomes this owner's.</summary>
    /// <exception cref="RequestFailedException">The log refused.</exception>
    public async ValueTask CommitAsync(ConsumerGroup group, IReadOnlyList<CoordinatorRecord> before, IReadOnlyList<ConsumerGroupRecord> records)
    {
        if (before.Count + records.Count > 0)
        {
            var outcome = await log.AppendAsync(partition, [.. before, .. records.Select(ConsumerGroupRecords.Encode)]);
            if (outcome.Error != ErrorCode.None)
            {
                group.OnWriteFailed();
                throw new RequestFailedException(StorageErrors.ForGroup(outcome.Error), $"The state of group {groupId} could not be written: {outcome.Error}.");
            }

            foreach (var record in records) group.Apply(record);
        }

        Consumer = group;
        if (Group.MemberCount == 0) return;
        // Classic members that wait are told to come again: they find the new group.
        Group.Disband();
        Group = new ClassicGroup(groupId, options, time);
    }

    /// <summary>Removes members; the group becomes a classic one where only such members stay.</summary>
    /// <exception cref="RequestFailedException">The log refused.</exception>
    public async ValueTask FenceAsync(ConsumerGroup group, IReadOnlyCollection<ConsumerGroupMember> members)
    {
        var only = members.Count == 1 ? members.First() : null;
        if (only is { UsesClassicProtocol: false } && group.IsClassicWithout(only.MemberId))
        {
            await DowngradeAsync(group, only.MemberId);
            Group.StartRebalance();
        }
        else
        {
            await CommitAsync(group, [], group.Fence(members));
        }
    }

    /// <summary>Makes a classic group of this one, with the members that are left.</summary>
    /// <exception cref="RequestFailedException">The log refused.</exception>
    public async ValueTask DowngradeAsync(ConsumerGroup group, string? without)
    {
        var classic = ClassicGroup.Of(groupId, options, time, group.Epoch, group.ToClassicMembers(without));
        var outcome = await log.AppendAsync(partition, [.. group.Tombstones().Select(ConsumerGroupRecords.Encode), GroupRecords.Metadata(classic.Snapshot())]);
        if (outcome.Error != ErrorCode.None) throw new RequestFailedException(StorageErrors.ForGroup(outcome.Error), $"The state of group {groupId} could not be written: {outcome.Error}.");
        Converted(logger, groupId, "consumer", "classic", classic.MemberCount);
        Consumer = null;
        Group = classic;
    }

    /// <summary>An empty group of the new protocol gives its name to a classic one.</summary>
    /// <exception cref="RequestFailedException">The log refused.</exception>
    public async ValueTask DropConsumerGroupAsync(ConsumerGroup group)
    {
        var outcome = await log.AppendAsync(partition, [.. group.Tombstones().Select(ConsumerGroupRecords.Encode)]);
        if (outcome.Error != ErrorCode.None) throw new RequestFailedException(StorageErrors.ForGroup(outcome.Error), $"The state of group {groupId} could not be written: {outcome.Error}.");
        Consumer = null;
    }

    public ErrorCode ValidateCommit(MemberIdentity who, bool transactional, TopicIdPartition? target, bool knowsEpochs) =>
        Share is not null ? ErrorCode.GroupIdNotFound : Consumer is { } consumer ? consumer.ValidateCommit(who, transactional, target, knowsEpochs) : Group.ValidateCommit(who, transactional);

    public ErrorCode ValidateOffsetDelete(string topic)
    {
        if (Share is not null) return ErrorCode.GroupIdNotFound;
        if (Consumer is not { } consumer) return Group.ValidateOffsetDelete(topic);
        return consumer.IsSubscribedTo(topic) ? ErrorCode.GroupSubscribedToTopic : ErrorCode.None;
    }

    public void Restore(ConsumerGroup group)
    {
        Consumer = group;
        group.Resume();
        Arm();
    }

    private async ValueTask FenceExpiredAsync()
    {
        while (Consumer is { } group && group.TakeExpired() is var (member, reason))
        {
            MemberExpired(logger, groupId, member.MemberId, reason);
            try
            {
                await FenceAsync(group, [member]);
            }
            catch (RequestFailedException e)
            {
                // It has a short grace, after which this is tried again.
                MemberStays(logger, groupId, member.MemberId, e.Message);
            }
        }
    }

    [LoggerMessage(2414, LogLevel.Information, "Group {Group} was a {From} group and is a {To} group now, with {Members} members")]
    private static partial void Converted(ILogger logger, string group, string from, string to, int members);

    [LoggerMessage(2415, LogLevel.Information, "Group {Group}: member {Member} is removed, {Reason}")]
    private static partial void MemberExpired(ILogger logger, string group, string member, string reason);

    [LoggerMessage(2416, LogLevel.Error, "Group {Group}: member {Member} could not be removed: {Reason}")]
    private static partial void MemberStays(ILogger logger, string group, string member, string reason);
}
