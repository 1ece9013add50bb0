using Microsoft.Extensions.Logging;
using Millrace.Broker.Coordination;
using Millrace.Broker.Groups.Consumer;
using Millrace.Broker.Groups.Share;
using Millrace.Broker.Log;
using Millrace.Protocol;

namespace Millrace.Broker.Groups;

/// <summary>Listing, describing and deleting groups and offsets, by request or because their time is over.</summary>
internal sealed partial class GroupCoordinator
{
    private const string ShareProtocolType = "share";

    public async ValueTask<IReadOnlyList<GroupListing>> ListAsync()
    {
        List<GroupListing> listings = [];
        foreach (var groupId in _groups.Keys)
        {
            if (await ListAsync(groupId) is { } listing) listings.Add(listing);
        }

        return listings;
    }

    private async ValueTask<GroupListing?> ListAsync(string groupId)
    {
        var actor = await EnterAsync(groupId, create: false);
        if (actor is null) return null;
        try
        {
            if (actor.Consumer is { } consumer) return new GroupListing(groupId, ConsumerProtocol.Type, consumer.State, IsConsumer: true);
            if (actor.Share is { } share) return new GroupListing(groupId, ShareProtocolType, share.State, IsConsumer: false) { IsShare = true };
            return actor.IsVoid ? null : new GroupListing(groupId, actor.Group.ProtocolType ?? "", actor.Group.State.ToString(), IsConsumer: false);
        }
        finally
        {
            await actor.ExitAsync();
        }
    }

    /// <summary>Whether the group is one of the new protocols, and not a classic one.</summary>
    public bool IsConsumerGroup(string groupId) => _groups.TryGetValue(groupId, out var actor) && (actor.Consumer is not null || actor.Share is not null);

    /// <summary>Null if there is no such group, or not a classic one.</summary>
    public async ValueTask<GroupDescription?> DescribeAsync(string groupId)
    {
        var actor = await EnterAsync(groupId, create: false);
        if (actor is null) return null;
        try
        {
            return actor.IsVoid || actor.Consumer is not null || actor.Share is not null ? null : actor.Group.Describe();
        }
        finally
        {
            await actor.ExitAsync();
        }
    }

    /// <summary>DeleteGroups: only groups without members.</summary>
    public async ValueTask<ErrorCode> DeleteAsync(string groupId)
    {
        if (groupId.Length == 0) return ErrorCode.InvalidGroupId;
        var actor = await EnterAsync(groupId, create: false);
        if (actor is null) return ErrorCode.GroupIdNotFound;
        try
        {
            return actor.IsEmpty ? await RemoveAsync(actor) : ErrorCode.NonEmptyGroup;
        }
        finally
        {
            await actor.ExitAsync();
        }
    }

    /// <summary>OffsetDelete: an error for the whole, or one per partition.</summary>
    public async ValueTask<(ErrorCode Error, IReadOnlyList<ErrorCode> Partitions)> DeleteOffsetsAsync(
        string groupId, IReadOnlyList<TopicPartition> partitions)
    {
        if (groupId.Length == 0) return (ErrorCode.InvalidGroupId, []);
        var actor = await EnterAsync(groupId, create: false);
        if (actor is null) return (ErrorCode.GroupIdNotFound, []);
        try
        {
            var errors = partitions.Select(p => actor.ValidateOffsetDelete(p.Topic)).ToArray();
            if (errors.FirstOrDefault(static e => e is ErrorCode.NonEmptyGroup or ErrorCode.GroupIdNotFound) is var refused && refused != ErrorCode.None)
            {
                return (refused, []);
            }

            var error = await RemoveOffsetsAsync(actor, [.. partitions.Where((_, i) => errors[i] == ErrorCode.None)]);
            return (error, errors);
        }
        finally
        {
            await actor.ExitAsync();
        }
    }

    /// <summary>A topic was deleted: its offsets go too, so that a topic of the same name starts anew.</summary>
    public async ValueTask ForgetTopicAsync(string topic)
    {
        foreach (var groupId in _groups.Keys)
        {
            var actor = await EnterAsync(groupId, create: false);
            if (actor is null) continue;
            try
            {
                await RemoveOffsetsAsync(actor, [.. actor.Offsets.Partitions.Where(p => string.Equals(p.Topic, topic, StringComparison.Ordinal))]);
            }
            finally
            {
                await actor.ExitAsync();
            }
        }
    }

    /// <summary>Removes expired offsets, and groups that have neither members nor offsets.</summary>
    public async ValueTask SweepAsync()
    {
        var retentionMs = _options.OffsetsRetentionMinutes * 60_000L;
        foreach (var groupId in _groups.Keys)
        {
            var actor = await EnterAsync(groupId, create: false);
            if (actor is null) continue;
            try
            {
                var expired = actor.Consumer is { } consumer
                    ? actor.Offsets.Expired(consumer.IsSubscribedTo, _clock.UnixMs, retentionMs)
                    : actor.Offsets.Expired(actor.Group, _clock.UnixMs, retentionMs);
                await RemoveOffsetsAsync(actor, expired);
                // A share group is kept until it is deleted: its offsets are elsewhere.
                if (actor.Share is null && (actor.Consumer is null ? actor.Group.IsVacant : actor.IsEmpty) && actor.Offsets.IsEmpty) await RemoveAsync(actor);
            }
            finally
            {
                await actor.ExitAsync();
            }
        }
    }

    private async ValueTask<ErrorCode> RemoveOffsetsAsync(GroupActor actor, IReadOnlyList<TopicPartition> partitions)
    {
        var known = partitions.Intersect(actor.Offsets.Partitions).ToList();
        if (known.Count == 0) return ErrorCode.None;
        var outcome = await actor.AppendAsync([.. known.Select(p => GroupRecords.OffsetTombstone(actor.GroupId, p))]);
        if (outcome.Error != ErrorCode.None) return StorageErrors.ForGroup(outcome.Error);
        foreach (var partition in known) actor.Offsets.Remove(partition);
        return ErrorCode.None;
    }

    private async ValueTask<ErrorCode> RemoveAsync(GroupActor actor)
    {
        List<CoordinatorRecord> tombstones = [.. actor.Offsets.Partitions.Select(p => GroupRecords.OffsetTombstone(actor.GroupId, p))];
        // A group that never finished a rebalance was never stored.
        if (actor.Group.ProtocolType is not null && actor.Group.Generation > 0) tombstones.Add(GroupRecords.MetadataTombstone(actor.GroupId));
        if (actor.Consumer is { } consumer) tombstones.AddRange(consumer.Tombstones().Select(ConsumerGroupRecords.Encode));
        if (actor.Share is { } share)
        {
            await RequiredSharing.DeleteAsync(actor.GroupId);
            tombstones.AddRange(share.Tombstones().Select(ShareGroupRecords.Encode));
        }

        if (tombstones.Count > 0)
        {
            var outcome = await actor.AppendAsync(tombstones);
            if (outcome.Error != ErrorCode.None) return StorageErrors.ForGroup(outcome.Error);
        }

        actor.Group.Kill();
        _groups.TryRemove(new KeyValuePair<string, GroupActor>(actor.GroupId, actor));
        return ErrorCode.None;
    }

    private void ScheduleSweep() => _scheduler.WakeAt(_clock.NowMs + _options.OffsetsRetentionCheckIntervalMs, StartSweep);

    private void StartSweep(long deadline) => _ = RunSweepAsync();

    private async Task RunSweepAsync()
    {
        try
        {
            await SweepAsync();
        }
        catch (Exception exception)
        {
            SweepFailed(_logger, exception);
        }

        ScheduleSweep();
    }

    [LoggerMessage(2411, LogLevel.Error, "Expired offsets could not be removed; the next check tries again")]
    private static partial void SweepFailed(ILogger logger, Exception exception);
}
