using System.Collections.Concurrent;
using Millrace.Broker.Coordination;
using Millrace.Broker.Groups.Consumer;
using Millrace.Broker.Log;
using Millrace.Protocol;

namespace Millrace.Broker.Groups;

/// <summary>Committing, fetching and deleting offsets, plain and in transactions.</summary>
internal sealed partial class GroupCoordinator
{
    private readonly ConcurrentDictionary<(int Partition, long ProducerId), ConcurrentDictionary<string, GroupActor>> _open = new();

    /// <summary>OffsetCommit: one error per offset, in order. What is acknowledged is in the log.</summary>
    public ValueTask<IReadOnlyList<ErrorCode>> CommitAsync(string groupId, MemberIdentity who, IReadOnlyList<OffsetToCommit> offsets, bool knowsEpochs = false) =>
        CommitAsync(groupId, who, offsets, transaction: null, knowsEpochs);

    /// <summary>TxnOffsetCommit: the offsets stay pending until the transaction ends.</summary>
    public async ValueTask<IReadOnlyList<ErrorCode>> CommitInTransactionAsync(
        string groupId, MemberIdentity who, OffsetTransaction transaction, IReadOnlyList<OffsetToCommit> offsets, ITransactionGate gate)
    {
        IReadOnlyList<ErrorCode> errors = [];
        // The transaction's turn comes before the group's, here as when it ends: so no offset can slip in behind the end marker.
        var refused = await gate.RunInTransactionAsync(transaction, new TopicPartition(_log.Topic, PartitionFor(groupId)), async () =>
        {
            errors = await CommitAsync(groupId, who, offsets, transaction, knowsEpochs: false);
            return ErrorCode.None;
        });
        return refused == ErrorCode.None ? errors : All(offsets, refused);
    }

    /// <summary>OffsetFetch: the given partitions, or all that have an offset.</summary>
    /// <exception cref="RequestFailedException">The member that asks is not one, or is in another epoch.</exception>
    public async ValueTask<IReadOnlyList<FetchedOffset>> FetchOffsetsAsync(
        string groupId, IReadOnlyList<TopicPartition>? partitions, bool requireStable, string? memberId = null, int memberEpoch = -1)
    {
        var actor = await EnterAsync(groupId, create: false);
        if (actor is null) return [.. (partitions ?? []).Select(static p => new FetchedOffset(p, -1, -1, "", ErrorCode.None))];
        try
        {
            var refused = actor.Consumer?.ValidateFetch(memberId, memberEpoch) ?? ErrorCode.None;
            if (refused != ErrorCode.None) throw new RequestFailedException(refused, $"Member {memberId} of group {groupId} may not fetch offsets in epoch {memberEpoch}.");
            var offsets = actor.Offsets;
            return [.. (partitions ?? [.. offsets.Committed.Keys]).Select(partition =>
            {
                if (requireStable && offsets.IsUnstable(partition)) return new FetchedOffset(partition, -1, -1, "", ErrorCode.UnstableOffsetCommit);
                return offsets.Find(partition) is { } found
                    ? new FetchedOffset(partition, found.Offset, found.LeaderEpoch, found.Metadata, ErrorCode.None)
                    : new FetchedOffset(partition, -1, -1, "", ErrorCode.None);
            })];
        }
        finally
        {
            await actor.ExitAsync();
        }
    }

    /// <summary>A transaction's marker stands in a partition of <c>__consumer_offsets</c>: its offsets become visible, or vanish.</summary>
    public async ValueTask EndTransactionAsync(int partition, long producerId, bool commit)
    {
        if (!_open.TryRemove((partition, producerId), out var groups)) return;
        foreach (var actor in groups.Values)
        {
            await actor.EnterAsync();
            try
            {
                actor.Offsets.Complete(producerId, commit);
            }
            finally
            {
                await actor.ExitAsync();
            }
        }
    }

    private async ValueTask<IReadOnlyList<ErrorCode>> CommitAsync(
        string groupId, MemberIdentity who, IReadOnlyList<OffsetToCommit> offsets, OffsetTransaction? transaction, bool knowsEpochs)
    {
        if (groupId.Length == 0) return All(offsets, ErrorCode.InvalidGroupId);
        var actor = await EnterAsync(groupId, create: who.Generation < 0);
        if (actor is null) return All(offsets, knowsEpochs ? ErrorCode.GroupIdNotFound : ErrorCode.IllegalGeneration);
        try
        {
            var errors = offsets.Select(o => actor.ValidateCommit(who, transaction is not null, IdOf(o.Partition), knowsEpochs)).ToArray();
            var accepted = offsets.Where((_, i) => errors[i] == ErrorCode.None).ToList();
            if (accepted.Count == 0) return errors;
            var written = await WriteAsync(actor, accepted, transaction);
            for (int i = 0, next = 0; i < errors.Length; i++)
            {
                if (errors[i] == ErrorCode.None) errors[i] = written[next++];
            }

            return errors;
        }
        finally
        {
            await actor.ExitAsync();
        }
    }

    private TopicIdPartition? IdOf(TopicPartition partition) =>
        _topics.Find(partition.Topic) is { } topic ? new TopicIdPartition(topic.Id, partition.Partition) : null;

    private async ValueTask<IReadOnlyList<ErrorCode>> WriteAsync(GroupActor actor, IReadOnlyList<OffsetToCommit> offsets, OffsetTransaction? transaction)
    {
        var now = _clock.UnixMs;
        var errors = new ErrorCode[offsets.Count];
        List<(int Index, CommittedOffset Value)> accepted = new(offsets.Count);
        for (var i = 0; i < offsets.Count; i++)
        {
            var offset = offsets[i];
            if (System.Text.Encoding.UTF8.GetByteCount(offset.Metadata ?? "") > _options.OffsetMetadataMaxBytes)
            {
                errors[i] = ErrorCode.OffsetMetadataTooLarge;
                continue;
            }

            accepted.Add((i, new CommittedOffset(offset.Offset, offset.LeaderEpoch, offset.Metadata ?? "", now, -1)
            {
                ExpireUnixMs = offset.RetentionMs is { } retention ? now + retention : null,
            }));
        }

        if (accepted.Count == 0) return errors;
        var outcome = await actor.AppendAsync(
            [.. accepted.Select(a => GroupRecords.Offset(actor.GroupId, offsets[a.Index].Partition, a.Value))],
            transaction is null ? null : new ProducerStamp(transaction.ProducerId, transaction.ProducerEpoch));
        for (var i = 0; i < accepted.Count; i++)
        {
            var (index, value) = accepted[i];
            errors[index] = StorageErrors.ForCommit(outcome.Error);
            if (outcome.Error != ErrorCode.None) continue;
            Apply(actor, offsets[index].Partition, value with { RecordOffset = outcome.BaseOffset + i }, transaction?.ProducerId);
        }

        return errors;
    }

    private void Apply(GroupActor actor, TopicPartition partition, CommittedOffset offset, long? producerId)
    {
        if (producerId is not { } producer)
        {
            actor.Offsets.Commit(partition, offset);
            return;
        }

        actor.Offsets.AddPending(producer, partition, offset);
        _open.GetOrAdd((actor.Partition, producer), static _ => new ConcurrentDictionary<string, GroupActor>(StringComparer.Ordinal))[actor.GroupId] = actor;
    }

    private static ErrorCode[] All(IReadOnlyList<OffsetToCommit> offsets, ErrorCode error)
    {
        var errors = new ErrorCode[offsets.Count];
        Array.Fill(errors, error);
        return errors;
    }
}
