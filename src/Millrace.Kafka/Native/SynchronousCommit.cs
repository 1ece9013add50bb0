using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace Millrace.Kafka.Native;

/// <summary>
/// A commit that waits on a queue of its own. librdkafka's synchronous call would report it to the background callback too, and would call it a success
/// when only some partitions failed.
/// </summary>
internal static unsafe class SynchronousCommit
{
    internal static void Run(ClientHandle client, PartitionList offsets, int timeoutMs)
    {
        var outcome = default(Outcome);
        using (var queue = QueueHandle.New(client))
        {
            NativeText.Check(LibRdKafka.rd_kafka_commit_queue(client, offsets.Pointer, queue, &OnCommit, (nint)(&outcome)), "Commit offsets");
            // When the time is over first, nobody polls this queue again, so the callback cannot run after this frame is gone.
            _ = LibRdKafka.rd_kafka_queue_poll_callback(queue, timeoutMs);
        }

        if (outcome.Answered == 0)
            throw new KafkaRetriableException(new Error(ErrorCode.Local_TimedOut, $"Commit offsets: the group coordinator did not answer within {timeoutMs} ms"));
        using var answer = outcome.Offsets is null ? null : new PartitionList(outcome.Offsets);
        answer?.CheckElements("Commit the offset");
        NativeText.Check(outcome.Error, "Commit offsets");
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnCommit(nint client, int error, NativePartitionList* offsets, nint opaque)
    {
        var outcome = (Outcome*)opaque;
        outcome->Answered = 1;
        outcome->Error = error;
        outcome->Offsets = offsets is null ? null : LibRdKafka.rd_kafka_topic_partition_list_copy(offsets);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Outcome
    {
        internal int Answered;
        internal int Error;
        internal NativePartitionList* Offsets;
    }
}
