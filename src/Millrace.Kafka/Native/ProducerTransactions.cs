using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Confluent.Kafka;
using Millrace.Kafka.Consuming;

namespace Millrace.Kafka.Native;

/// <summary>Reaches the rd_kafka_t inside a producer of Confluent.Kafka, which keeps it internal. A test holds this against each new version.</summary>
internal static unsafe class ProducerTransactions
{
    internal static void SendOffsets(Handle producer, IEnumerable<PartitionOffset> offsets, nint groupMetadata, int timeoutMs)
    {
        var safeHandle = (SafeHandle)LibrdkafkaHandle(producer);
        using var list = PartitionList.Of(offsets);
        var added = false;
        try
        {
            safeHandle.DangerousAddRef(ref added);
            NativeText.CheckAndFree(
                LibRdKafka.rd_kafka_send_offsets_to_transaction(safeHandle.DangerousGetHandle(), list.Pointer, groupMetadata, timeoutMs),
                "Send offsets to the transaction");
        }
        finally
        {
            if (added)
                safeHandle.DangerousRelease();
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_LibrdkafkaHandle")]
    [return: UnsafeAccessorType("Confluent.Kafka.Impl.SafeKafkaHandle, Confluent.Kafka")]
    private static extern object LibrdkafkaHandle(Handle handle);
}
