using Microsoft.Extensions.Logging;
using Millrace.Broker.Log;

namespace Millrace.Broker.Transactions;

/// <summary>
/// Transactions that are open in a partition while their coordinator knows nothing of it: the marker that ended them was in the part of the log that the machine
/// lost with its power. Which way they ended cannot be known for certain (KIP-664 leaves it to a person as well), but nobody should have to find out why consumers stand.
/// </summary>
internal static partial class HangingTransactions
{
    /// <summary>Warns of each; after the coordinator has finished what it knows to be decided.</summary>
    public static void Warn(IEnumerable<PartitionLog> logs, IEnumerable<TransactionMetadata> known, ILogger logger)
    {
        ILookup<long, TransactionMetadata>? byProducer = null;
        foreach (var log in logs)
        {
            foreach (var producer in log.ActiveProducers())
            {
                if (producer.CurrentTransactionStartOffset < 0) continue;
                byProducer ??= known.ToLookup(static t => t.ProducerId);
                var owner = byProducer[producer.ProducerId].FirstOrDefault();
                bool isOpen = owner is { State: TransactionState.Ongoing } or { IsPrepared: true };
                if (isOpen && owner!.Partitions.Contains(log.TopicPartition)) continue;
                string coordinator = owner is null ? "no transactional id has this producer" : $"{owner.TransactionalId} is in {owner.State}";
                Hanging(
                    logger, log.TopicPartition, producer.ProducerId, producer.ProducerEpoch, producer.CurrentTransactionStartOffset, coordinator,
                    log.TopicPartition.Topic, log.TopicPartition.Partition);
            }
        }
    }

    [LoggerMessage(
        2514,
        LogLevel.Warning,
        "{Partition}: a transaction of producer {ProducerId}, epoch {Epoch}, hangs from offset {Start} on: its end marker is not in the log, and {Coordinator}. Consumers with read_committed stop there. Look at the records, then end it: kafka-transactions.sh --bootstrap-server … abort --topic {Topic} --partition {Number} --start-offset {Start}")]
    private static partial void Hanging(
        ILogger logger, TopicPartition partition, long producerId, short epoch, long start, string coordinator, string topic, int number);
}
