using System.Runtime.InteropServices;

namespace Millrace.Kafka.Native;

/// <summary>rd_kafka_message_t.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeMessage
{
    internal int Error;
    internal nint Topic;
    internal int Partition;
    internal byte* Payload;
    internal nuint PayloadLength;
    internal byte* Key;
    internal nuint KeyLength;
    internal long Offset;
    internal nint Private;
}

/// <summary>rd_kafka_topic_partition_t.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativePartition
{
    internal byte* Topic;
    internal int Partition;
    internal long Offset;
    internal byte* Metadata;
    internal nuint MetadataSize;
    internal nint Opaque;
    internal int Error;
    internal nint Private;
}

/// <summary>rd_kafka_topic_partition_list_t.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativePartitionList
{
    internal int Count;
    internal int Size;
    internal NativePartition* Elements;
}
