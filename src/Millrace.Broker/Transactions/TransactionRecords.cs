using System.Collections.Immutable;
using Millrace.Broker.Coordination;
using Millrace.Broker.Log;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Transactions;

/// <summary>The records of <c>__transaction_state</c> as Apache Kafka writes them.</summary>
internal static class TransactionRecords
{
    // Version 1 (tagged fields) belongs to transactions V2; Kafka writes 0 until that feature is switched on.
    private const short ValueVersion = 0;

    public static CoordinatorRecord Encode(TransactionMetadata transaction) => new(
        Key(transaction.TransactionalId),
        VersionedRecords.Encode(
            new TransactionLogValue
            {
                ProducerId = transaction.ProducerId,
                ProducerEpoch = transaction.ProducerEpoch,
                TransactionTimeoutMs = transaction.TimeoutMs,
                TransactionStatus = (sbyte)transaction.State,
                TransactionPartitions = transaction.State == TransactionState.Empty ? null : Topics(transaction.Partitions),
                TransactionLastUpdateTimestampMs = transaction.UpdatedUnixMs,
                TransactionStartTimestampMs = transaction.StartedUnixMs,
            },
            ValueVersion));

    public static CoordinatorRecord Tombstone(string transactionalId) => new(Key(transactionalId), null);

    /// <summary>Reads a record; the metadata is null where the id was forgotten.</summary>
    /// <exception cref="MalformedMessageException">The bytes are not such a record, or name a state that does not exist.</exception>
    public static (string TransactionalId, TransactionMetadata? Transaction) Decode(CoordinatorRecord record)
    {
        var id = VersionedRecords.Decode<TransactionLogKey>(record.Key).TransactionalId;
        if (record.Value is null) return (id, null);
        var value = VersionedRecords.Decode<TransactionLogValue>(record.Value);
        var state = (TransactionState)value.TransactionStatus;
        if (!Enum.IsDefined(state)) throw new MalformedMessageException($"Transactional id {id} has the unknown state {value.TransactionStatus}.");
        return (id, new TransactionMetadata
        {
            TransactionalId = id,
            ProducerId = value.ProducerId,
            PreviousProducerId = value.PreviousProducerId,
            ProducerEpoch = value.ProducerEpoch,
            TimeoutMs = value.TransactionTimeoutMs,
            State = state,
            Partitions =
            [
                .. (value.TransactionPartitions ?? []).SelectMany(static t => t.PartitionIds.Select(p => new TopicPartition(t.Topic, p))),
            ],
            StartedUnixMs = value.TransactionStartTimestampMs,
            UpdatedUnixMs = value.TransactionLastUpdateTimestampMs,
        });
    }

    private static byte[] Key(string transactionalId) => VersionedRecords.Encode(new TransactionLogKey { TransactionalId = transactionalId }, 0);

    private static List<TransactionLogValue.PartitionsSchema> Topics(ImmutableHashSet<TopicPartition> partitions) =>
    [
        .. partitions.GroupBy(static p => p.Topic, StringComparer.Ordinal).OrderBy(static t => t.Key, StringComparer.Ordinal).Select(static t => new TransactionLogValue.PartitionsSchema
        {
            Topic = t.Key,
            PartitionIds = [.. t.Select(static p => p.Partition).Order()],
        }),
    ];
}
