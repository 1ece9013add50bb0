using System.Runtime.InteropServices;
using System.Text;
using Confluent.Kafka;
using Millrace.Kafka.Consuming;

namespace Millrace.Kafka.Native;

/// <summary>An owned rd_kafka_topic_partition_list_t.</summary>
internal sealed unsafe class PartitionList : IDisposable
{
    private NativePartitionList* _list;

    internal PartitionList(NativePartitionList* owned) => _list = owned;

    private PartitionList(int capacity) => _list = LibRdKafka.rd_kafka_topic_partition_list_new(capacity);

    internal NativePartitionList* Pointer => _list;

    internal int Count => _list->Count;

    internal static PartitionList Of(IEnumerable<TopicPartition> partitions) =>
        Of(partitions.Select(static p => new PartitionOffset(p.Topic, p.Partition.Value, Offset.Unset)));

    internal static PartitionList Of(IEnumerable<PartitionOffset> offsets)
    {
        var list = new PartitionList(8);
        foreach (var offset in offsets)
            list.Add(offset);
        return list;
    }

    internal static PartitionList OfTopics(IEnumerable<string> topics)
    {
        var list = new PartitionList(4);
        foreach (var topic in topics)
            LibRdKafka.rd_kafka_topic_partition_list_add(list._list, topic, Partition.Any);
        return list;
    }

    internal static List<PartitionOffset> Read(NativePartitionList* list)
    {
        if (list is null)
            return [];
        var result = new List<PartitionOffset>(list->Count);
        for (var i = 0; i < list->Count; i++)
        {
            var element = &list->Elements[i];
            result.Add(new PartitionOffset(NativeText.From(element->Topic), element->Partition, element->Offset)
            {
                Metadata = element->Metadata is null ? null : Encoding.UTF8.GetString(element->Metadata, checked((int)element->MetadataSize)),
                LeaderEpoch = LibRdKafka.rd_kafka_topic_partition_get_leader_epoch(element),
            });
        }

        return result;
    }

    internal static List<TopicPartition> ReadPartitions(NativePartitionList* list) =>
        [.. Read(list).Select(static p => p.TopicPartition)];

    internal List<PartitionOffset> Read() => Read(_list);

    /// <summary>Throws for the first partition that carries an error.</summary>
    internal void CheckElements(string operation)
    {
        for (var i = 0; i < _list->Count; i++)
        {
            var element = &_list->Elements[i];
            if (element->Error != 0)
                NativeText.Check(element->Error, $"{operation} for {NativeText.From(element->Topic)} [{element->Partition}]");
        }
    }

    public void Dispose()
    {
        if (_list is null)
            return;
        LibRdKafka.rd_kafka_topic_partition_list_destroy(_list);
        _list = null;
    }

    private void Add(in PartitionOffset offset)
    {
        var element = LibRdKafka.rd_kafka_topic_partition_list_add(_list, offset.Topic, offset.Partition);
        element->Offset = offset.Offset;
        if (offset.LeaderEpoch >= 0)
            LibRdKafka.rd_kafka_topic_partition_set_leader_epoch(element, offset.LeaderEpoch);
        if (offset.Metadata is null)
            return;
        // The list frees its metadata, so it must come from librdkafka's allocator.
        var size = Encoding.UTF8.GetByteCount(offset.Metadata);
        var memory = (byte*)LibRdKafka.rd_kafka_mem_malloc(0, (nuint)Math.Max(size, 1));
        Encoding.UTF8.GetBytes(offset.Metadata, new Span<byte>(memory, size));
        element->Metadata = memory;
        element->MetadataSize = (nuint)size;
    }
}
