using Confluent.Kafka;
using Millrace.Kafka.Consuming;

namespace Millrace.Streams.Kafka;

/// <summary>Reads a group's offsets, and waits out what passes by itself: a coordinator that is only just being made, or moves, or a transaction that ends.</summary>
internal static class CommittedOffsets
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_callTimeout = TimeSpan.FromSeconds(15);

    public static async Task<IReadOnlyList<PartitionOffset>> ReadAsync(
        KafkaRecordReader reader, IReadOnlyList<TopicPartition> partitions, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        var start = timeProvider.GetTimestamp();
        while (true)
        {
            try
            {
                return await Task.Run(() => reader.Committed(partitions, s_callTimeout), cancellationToken);
            }
            catch (KafkaException exception) when (IsPassing(exception.Error.Code) && timeProvider.GetElapsedTime(start) < s_limit)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), timeProvider, cancellationToken);
            }
        }
    }

    private static bool IsPassing(ErrorCode code) => code is ErrorCode.NotCoordinatorForGroup or ErrorCode.GroupCoordinatorNotAvailable
        or ErrorCode.GroupLoadInProgress or ErrorCode.UnstableOffsetCommit or ErrorCode.Local_TimedOut or ErrorCode.Local_WaitCoord or ErrorCode.Local_Transport;
}
