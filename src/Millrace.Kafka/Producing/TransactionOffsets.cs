using Confluent.Kafka;
using Millrace.Kafka.Consuming;
using Millrace.Kafka.Native;

namespace Millrace.Kafka.Producing;

/// <summary>Offsets inside a producer's transaction, with their metadata (which Confluent.Kafka's own method drops).</summary>
public static class TransactionOffsets
{
    /// <summary>
    /// Commits offsets as part of the producer's open transaction: they become visible when, and only if, the transaction commits.
    /// </summary>
    /// <param name="producer">A transactional producer between BeginTransaction and CommitTransaction.</param>
    /// <param name="offsets">The offsets of the next records to read, with free text in <see cref="PartitionOffset.Metadata"/>.</param>
    /// <param name="group">The group, from <see cref="KafkaRecordReader.GetGroupMetadata"/> or <see cref="GroupMetadata.ForGroup"/>.</param>
    /// <param name="timeout">How long to try.</param>
    /// <exception cref="KafkaTxnRequiresAbortException">Abort the transaction and begin again.</exception>
    /// <exception cref="KafkaRetriableException">Call again.</exception>
    /// <exception cref="KafkaException">Fatal, or wrong use: see the error.</exception>
    public static void SendOffsets(this IClient producer, IEnumerable<PartitionOffset> offsets, GroupMetadata group, TimeSpan timeout)
    {
        ArgumentNullException.ThrowIfNull(producer);
        ArgumentNullException.ThrowIfNull(offsets);
        ArgumentNullException.ThrowIfNull(group);
        ProducerTransactions.SendOffsets(producer.Handle, offsets, group.Handle, checked((int)timeout.TotalMilliseconds));
    }
}
