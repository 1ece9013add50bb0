using Microsoft.Extensions.Logging;
using Millrace.Broker.Coordination;
using Millrace.Broker.Groups.Consumer;
using Millrace.Broker.Groups.Share;
using Millrace.Protocol;

namespace Millrace.Broker.Groups;

/// <summary>Reads <c>__consumer_offsets</c> back before the first request is served.</summary>
internal sealed partial class GroupCoordinator
{
    public void Load()
    {
        for (var partition = 0; partition < _log.PartitionCount; partition++) Load(partition);
    }

    private void Load(int partition)
    {
        var snapshots = new Dictionary<string, GroupSnapshot?>(StringComparer.Ordinal);
        var actors = new Dictionary<string, GroupActor>(StringComparer.Ordinal);
        var consumers = new Dictionary<string, ConsumerGroup>(StringComparer.Ordinal);
        var shares = new Dictionary<string, ShareGroup>(StringComparer.Ordinal);
        foreach (var entry in _log.Read(partition))
        {
            if (entry.Committed is { } commit)
            {
                var producer = entry.Transaction!.Value.ProducerId;
                if (!_open.TryRemove((partition, producer), out var groups)) continue;
                foreach (var actor in groups.Values) actor.Offsets.Complete(producer, commit);
                continue;
            }

            try
            {
                switch (GroupRecords.Decode(entry.Record, entry.Offset))
                {
                    case MetadataRecord { GroupId: var groupId, Group: var snapshot }:
                        snapshots[groupId] = snapshot;
                        break;
                    case ConsumerGroupRecord record:
                        if (!consumers.TryGetValue(record.GroupId, out var consumer)) consumers[record.GroupId] = consumer = new ConsumerGroup(record.GroupId, _options, _topics, _time);
                        consumer.Apply(record);
                        break;
                    case ShareGroupRecord record:
                        if (!shares.TryGetValue(record.GroupId, out var share)) shares[record.GroupId] = share = new ShareGroup(record.GroupId, _topics, _time);
                        share.Apply(record);
                        break;
                    case OffsetRecord { GroupId: var groupId } record:
                        if (!actors.TryGetValue(groupId, out var actor)) actors[groupId] = actor = NewActor(groupId);
                        if (record.Offset is { } offset)
                        {
                            Apply(actor, record.Partition, offset, entry.Transaction?.ProducerId);
                        }
                        else
                        {
                            actor.Offsets.Remove(record.Partition);
                        }

                        break;
                    default:
                        UnknownRecord(_logger, _log.Topic, partition, entry.Offset);
                        break;
                }
            }
            catch (MalformedMessageException exception)
            {
                BadRecord(_logger, exception, _log.Topic, partition, entry.Offset);
            }
        }

        foreach (var groupId in actors.Keys.Union(snapshots.Keys, StringComparer.Ordinal).Union(consumers.Keys, StringComparer.Ordinal).Union(shares.Keys, StringComparer.Ordinal))
        {
            var actor = actors.GetValueOrDefault(groupId) ?? NewActor(groupId);
            var snapshot = snapshots.GetValueOrDefault(groupId);
            if (consumers.GetValueOrDefault(groupId) is { IsStored: true } consumer)
            {
                actor.Restore(consumer);
            }
            else if (shares.GetValueOrDefault(groupId) is { IsStored: true } share)
            {
                actor.Restore(share, Sharing?.SessionTimeoutMs(groupId) ?? _options.ConsumerSessionTimeoutMs);
            }
            else
            {
                if (snapshot is null && actor.Offsets.IsEmpty) continue;
                actor.Restore(snapshot);
            }

            _groups[groupId] = actor;
        }
    }

    [LoggerMessage(2412, LogLevel.Warning, "{Topic}-{Partition}: the record at offset {Offset} is of a kind that this version does not know; it is skipped")]
    private static partial void UnknownRecord(ILogger logger, string topic, int partition, long offset);

    [LoggerMessage(2413, LogLevel.Error, "{Topic}-{Partition}: the record at offset {Offset} cannot be read; it is skipped")]
    private static partial void BadRecord(ILogger logger, Exception exception, string topic, int partition, long offset);
}
