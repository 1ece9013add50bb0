using System.Runtime.CompilerServices;
using Confluent.Kafka;

namespace Millrace.Kafka.Native;

/// <summary>A received message in native memory, seen through spans.</summary>
internal readonly unsafe struct MessagePointer(nint message)
{
    private readonly NativeMessage* _message = (NativeMessage*)message;

    internal ErrorCode Error => (ErrorCode)_message->Error;

    internal nint Topic => _message->Topic;

    internal int Partition => _message->Partition;

    internal long Offset => _message->Offset;

    internal bool IsKeyNull => _message->Key is null;

    internal bool IsValueNull => _message->Payload is null;

    internal ReadOnlySpan<byte> Key => new(_message->Key, checked((int)_message->KeyLength));

    internal ReadOnlySpan<byte> Value => new(_message->Payload, checked((int)_message->PayloadLength));

    internal int LeaderEpoch => LibRdKafka.rd_kafka_message_leader_epoch((nint)_message);

    internal long Timestamp(out TimestampType type)
    {
        int kind;
        var timestamp = LibRdKafka.rd_kafka_message_timestamp((nint)_message, &kind);
        type = (TimestampType)kind;
        return timestamp;
    }

    /// <summary>The parsed headers, or 0 when there are none. Parsed by librdkafka at the first call, owned by the message.</summary>
    internal nint Headers()
    {
        nint headers;
        return LibRdKafka.rd_kafka_message_headers((nint)_message, &headers) == 0 ? headers : 0;
    }

    internal static int HeaderCount(nint headers) => headers == 0 ? 0 : (int)LibRdKafka.rd_kafka_header_cnt(headers);

    internal static void Header(nint headers, int index, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value, out bool isNull)
    {
        byte* namePointer, valuePointer;
        nuint size;
        if (LibRdKafka.rd_kafka_header_get_all(headers, (nuint)index, &namePointer, &valuePointer, &size) != 0)
            throw new ArgumentOutOfRangeException(nameof(index), index, "There is no header with this index.");
        name = System.Runtime.InteropServices.MemoryMarshal.CreateReadOnlySpanFromNullTerminated(namePointer);
        value = new ReadOnlySpan<byte>(valuePointer, checked((int)size));
        isNull = valuePointer is null;
    }

    internal static void Free(nint message) => LibRdKafka.rd_kafka_message_destroy(message);

    /// <summary>The name's bytes, valid as long as a message of the topic is held.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static ReadOnlySpan<byte> TopicName(nint topic) =>
        System.Runtime.InteropServices.MemoryMarshal.CreateReadOnlySpanFromNullTerminated(LibRdKafka.rd_kafka_topic_name(topic));
}
