using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace Millrace.Kafka.Native;

/// <summary>Text and errors from native memory.</summary>
internal static unsafe class NativeText
{
    /// <summary>librdkafka's messages are at most this long; it truncates.</summary>
    internal const int ErrorBufferSize = 512;

    internal static string From(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";

    internal static string Describe(int error) => From(LibRdKafka.rd_kafka_err2str(error));

    /// <summary>Throws when a call returned an error code.</summary>
    internal static void Check(int error, string operation)
    {
        if (error != 0)
            throw new KafkaException(new Error((ErrorCode)error, $"{operation}: {Describe(error)}"));
    }

    /// <summary>Throws when a call returned an rd_kafka_error_t, and frees it.</summary>
    internal static void CheckAndFree(nint error, string operation)
    {
        if (error == 0)
            return;
        var reason = $"{operation}: {From(LibRdKafka.rd_kafka_error_string(error))}";
        var value = new Error((ErrorCode)LibRdKafka.rd_kafka_error_code(error), reason, LibRdKafka.rd_kafka_error_is_fatal(error) != 0);
        var requiresAbort = LibRdKafka.rd_kafka_error_txn_requires_abort(error) != 0;
        var retriable = LibRdKafka.rd_kafka_error_is_retriable(error) != 0;
        LibRdKafka.rd_kafka_error_destroy(error);
        throw requiresAbort ? new KafkaTxnRequiresAbortException(value)
            : retriable ? new KafkaRetriableException(value)
            : new KafkaException(value);
    }
}
