using Millrace.Broker.Log;
using Millrace.Protocol;

namespace Millrace.Broker.Transactions;

/// <summary>Writes the control records that end a transaction in a partition.</summary>
internal interface ITransactionMarkers
{
    /// <summary>Appends the marker; in <c>__consumer_offsets</c> it also settles the pending offsets.</summary>
    /// <returns>UNKNOWN_TOPIC_OR_PARTITION where the partition has been deleted meanwhile.</returns>
    ValueTask<ErrorCode> WriteAsync(TopicPartition partition, long producerId, short producerEpoch, int coordinatorEpoch, bool commit);
}
