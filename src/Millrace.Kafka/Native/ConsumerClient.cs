using System.Runtime.InteropServices;
using System.Text;
using Confluent.Kafka;
using Millrace.Kafka.Consuming;

namespace Millrace.Kafka.Native;

/// <summary>librdkafka's consumer behind safe signatures. Owns the configuration, the callbacks and the queue.</summary>
internal sealed unsafe class ConsumerClient : IDisposable
{
    private const int ConsumerType = 1;
    private readonly IReaderCallbacks _callbacks;
    private readonly QueueHandle _queue;
    private readonly Lock _closeLock = new();
    private bool _closing;

    internal ConsumerClient(IEnumerable<KeyValuePair<string, string>> config, IReaderCallbacks callbacks)
    {
        _callbacks = callbacks;
        Handle = Open(config, callbacks);
        NativeText.Check(LibRdKafka.rd_kafka_poll_set_consumer(Handle), "Forward events to the consumer's queue");
        _queue = QueueHandle.OfConsumer(Handle);
    }

    internal ClientHandle Handle { get; }

    internal string Name => NativeText.From(LibRdKafka.rd_kafka_name(Handle));

    internal string? MemberId
    {
        get
        {
            var id = LibRdKafka.rd_kafka_memberid(Handle);
            if (id == 0)
                return null;
            var text = NativeText.From((byte*)id);
            LibRdKafka.rd_kafka_mem_free(Handle, id);
            return text.Length == 0 ? null : text;
        }
    }

    internal int Consume(Span<nint> messages, int timeoutMs)
    {
        fixed (nint* pointer = messages)
        {
            var count = LibRdKafka.rd_kafka_consume_batch_queue(_queue, timeoutMs, pointer, (nuint)messages.Length);
            return count < 0 ? 0 : (int)count;
        }
    }

    /// <summary>Makes a waiting <see cref="Consume"/> return. Not while closing: it would make librdkafka's close return half done, and its destroy hang.</summary>
    internal void Yield()
    {
        lock (_closeLock)
        {
            if (!_closing)
                LibRdKafka.rd_kafka_queue_yield(_queue);
        }
    }

    internal Error? FatalError() => Handle.FatalError();

    internal void Subscribe(IEnumerable<string> topics)
    {
        using var list = PartitionList.OfTopics(topics);
        NativeText.Check(LibRdKafka.rd_kafka_subscribe(Handle, list.Pointer), "Subscribe");
    }

    internal void Unsubscribe() => NativeText.Check(LibRdKafka.rd_kafka_unsubscribe(Handle), "Unsubscribe");

    internal void Assign(IEnumerable<PartitionOffset>? partitions, bool incremental = false)
    {
        using var list = partitions is null ? null : PartitionList.Of(partitions);
        if (incremental)
            NativeText.CheckAndFree(LibRdKafka.rd_kafka_incremental_assign(Handle, list!.Pointer), "Assign partitions");
        else
            NativeText.Check(LibRdKafka.rd_kafka_assign(Handle, list is null ? null : list.Pointer), "Assign partitions");
    }

    internal void IncrementalUnassign(IEnumerable<TopicPartition> partitions)
    {
        using var list = PartitionList.Of(partitions);
        NativeText.CheckAndFree(LibRdKafka.rd_kafka_incremental_unassign(Handle, list.Pointer), "Give up partitions");
    }

    internal List<TopicPartition> Assignment()
    {
        NativePartitionList* list;
        NativeText.Check(LibRdKafka.rd_kafka_assignment(Handle, &list), "Read the assignment");
        try
        {
            return PartitionList.ReadPartitions(list);
        }
        finally
        {
            LibRdKafka.rd_kafka_topic_partition_list_destroy(list);
        }
    }

    internal bool IsAssignmentLost => LibRdKafka.rd_kafka_assignment_lost(Handle) != 0;

    internal bool IsCooperative => NativeText.From(LibRdKafka.rd_kafka_rebalance_protocol(Handle)) == "COOPERATIVE";

    internal void CommitInBackground(IEnumerable<PartitionOffset> offsets)
    {
        using var list = PartitionList.Of(offsets);
        NativeText.Check(LibRdKafka.rd_kafka_commit(Handle, list.Pointer, async: 1), "Commit offsets");
    }

    internal void Commit(IEnumerable<PartitionOffset> offsets, int timeoutMs)
    {
        using var list = PartitionList.Of(offsets);
        if (list.Count > 0)
            SynchronousCommit.Run(Handle, list, timeoutMs);
    }

    internal List<PartitionOffset> Committed(IEnumerable<TopicPartition> partitions, int timeoutMs)
    {
        using var list = PartitionList.Of(partitions);
        NativeText.Check(LibRdKafka.rd_kafka_committed(Handle, list.Pointer, timeoutMs), "Read committed offsets");
        list.CheckElements("Read the committed offset");
        return list.Read();
    }

    internal List<PartitionOffset> Position(IEnumerable<TopicPartition> partitions)
    {
        using var list = PartitionList.Of(partitions);
        NativeText.Check(LibRdKafka.rd_kafka_position(Handle, list.Pointer), "Read positions");
        return list.Read();
    }

    internal void Seek(IEnumerable<PartitionOffset> offsets, int timeoutMs)
    {
        using var list = PartitionList.Of(offsets);
        NativeText.CheckAndFree(LibRdKafka.rd_kafka_seek_partitions(Handle, list.Pointer, timeoutMs), "Seek");
        list.CheckElements("Seek");
    }

    internal void Pause(IEnumerable<TopicPartition> partitions, bool pause)
    {
        using var list = PartitionList.Of(partitions);
        var error = pause ? LibRdKafka.rd_kafka_pause_partitions(Handle, list.Pointer)
            : LibRdKafka.rd_kafka_resume_partitions(Handle, list.Pointer);
        var operation = pause ? "Pause" : "Resume";
        NativeText.Check(error, operation);
        list.CheckElements(operation);
    }

    internal List<PartitionOffset> OffsetsForTime(IEnumerable<TopicPartition> partitions, long timestamp, int timeoutMs)
    {
        using var list = PartitionList.Of(partitions.Select(p => new PartitionOffset(p.Topic, p.Partition.Value, timestamp)));
        NativeText.Check(LibRdKafka.rd_kafka_offsets_for_times(Handle, list.Pointer, timeoutMs), "Look up offsets by time");
        list.CheckElements("Look up the offset by time");
        return list.Read();
    }

    internal (long Low, long High) Watermarks(string topic, int partition, int? timeoutMs)
    {
        long low, high;
        var error = timeoutMs is { } timeout
            ? LibRdKafka.rd_kafka_query_watermark_offsets(Handle, topic, partition, &low, &high, timeout)
            : LibRdKafka.rd_kafka_get_watermark_offsets(Handle, topic, partition, &low, &high);
        NativeText.Check(error, $"Read watermark offsets of {topic} [{partition}]");
        return (low, high);
    }

    internal GroupMetadata GroupMetadata() =>
        new(LibRdKafka.rd_kafka_consumer_group_metadata(Handle));

    /// <summary>Leaves the group; runs the rebalance callbacks on this thread. Memory is freed when the last batch is.</summary>
    public void Dispose()
    {
        lock (_closeLock)
        {
            if (_closing)
                return;
            _closing = true;
        }

        var error = LibRdKafka.rd_kafka_consumer_close(Handle);
        if (error != 0)
            _callbacks.OnLog(4, "CLOSE", NativeText.Describe(error));
        _queue.Dispose();
        Handle.Dispose();
    }

    private static ClientHandle Open(IEnumerable<KeyValuePair<string, string>> config, IReaderCallbacks callbacks)
    {
        var error = stackalloc byte[NativeText.ErrorBufferSize];
        var conf = LibRdKafka.rd_kafka_conf_new();
        foreach (var (key, value) in config)
        {
            if (LibRdKafka.rd_kafka_conf_set(conf, key, value, error, NativeText.ErrorBufferSize) == 0)
                continue;
            LibRdKafka.rd_kafka_conf_destroy(conf);
            throw new ArgumentException($"Kafka configuration key '{key}': {NativeText.From(error)}.", nameof(config));
        }

        var opaque = GCHandle.Alloc(callbacks);
        ReaderCallbacks.Register(conf, GCHandle.ToIntPtr(opaque));
        var client = LibRdKafka.rd_kafka_new(ConsumerType, conf, error, NativeText.ErrorBufferSize);
        if (client != 0)
            return new ClientHandle(client, opaque);
        opaque.Free();
        LibRdKafka.rd_kafka_conf_destroy(conf);
        throw new ArgumentException($"Kafka configuration: {NativeText.From(error)}.", nameof(config));
    }
}
