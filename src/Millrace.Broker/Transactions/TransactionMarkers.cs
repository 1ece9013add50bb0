using Microsoft.Extensions.Logging;
using Millrace.Broker.Coordination;
using Millrace.Broker.Groups;
using Millrace.Broker.Log;
using Millrace.Protocol;
using Millrace.Protocol.Records;

namespace Millrace.Broker.Transactions;

/// <summary>End markers in the broker's own logs.</summary>
internal sealed partial class TransactionMarkers(ICoordinatorTopics topics, GroupCoordinator groups, TimeProvider time, ILogger logger) : ITransactionMarkers
{
    public async ValueTask<ErrorCode> WriteAsync(
        TopicPartition partition, long producerId, short producerEpoch, int coordinatorEpoch, bool commit)
    {
        if (topics.FindLog(partition) is not { } log) return ErrorCode.UnknownTopicOrPartition;
        var marker = new EndTransactionMarker(commit ? TransactionResult.Commit : TransactionResult.Abort, coordinatorEpoch);
        var batch = marker.ToBatch(producerId, producerEpoch, new MonotonicClock(time).UnixMs);
        AppendResult result;
        try
        {
            result = await log.AppendAsync(batch, AppendOrigin.TransactionMarker);
        }
        catch (IOException exception)
        {
            MarkerFailed(logger, exception, partition.Topic, partition.Partition, producerId);
            return ErrorCode.KafkaStorageError;
        }

        if (result.Error != ErrorCode.None)
        {
            // Of its disk the log itself tells; the marker is tried again every second.
            if (result.Error != ErrorCode.KafkaStorageError) MarkerRefused(logger, partition.Topic, partition.Partition, producerId, producerEpoch, result.Error, result.ErrorMessage);
            return result.Error;
        }

        if (string.Equals(partition.Topic, groups.Log.Topic, StringComparison.Ordinal))
        {
            await groups.EndTransactionAsync(partition.Partition, producerId, commit);
        }

        return ErrorCode.None;
    }

    [LoggerMessage(2500, LogLevel.Error, "{Topic}-{Partition}: the end marker of producer {ProducerId} could not be written")]
    private static partial void MarkerFailed(ILogger logger, Exception exception, string topic, int partition, long producerId);

    [LoggerMessage(2501, LogLevel.Error, "{Topic}-{Partition}: the end marker of producer {ProducerId} epoch {Epoch} was refused: {Error} {Reason}")]
    private static partial void MarkerRefused(
        ILogger logger, string topic, int partition, long producerId, short epoch, ErrorCode error, string? reason);
}
