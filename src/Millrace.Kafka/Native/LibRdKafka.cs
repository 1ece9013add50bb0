using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Millrace.Kafka.Native;

/// <summary>The functions of librdkafka 2.x that Confluent.Kafka does not offer, or only with an allocation per record. See rdkafka.h.</summary>
internal static unsafe partial class LibRdKafka
{
    private const string Library = "librdkafka";

    static LibRdKafka() => NativeLibrary.SetDllImportResolver(typeof(LibRdKafka).Assembly, NativeLibraryResolver.Resolve);

    [LibraryImport(Library)]
    internal static partial int rd_kafka_version();

    [LibraryImport(Library)]
    internal static partial nint rd_kafka_conf_new();

    [LibraryImport(Library)]
    internal static partial void rd_kafka_conf_destroy(nint conf);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int rd_kafka_conf_set(nint conf, string name, string value, byte* error, nuint errorSize);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int rd_kafka_conf_get(nint conf, string name, byte* value, nuint* size);

    [LibraryImport(Library)]
    internal static partial void rd_kafka_conf_set_opaque(nint conf, nint opaque);

    [LibraryImport(Library)]
    internal static partial void rd_kafka_conf_set_rebalance_cb(nint conf, delegate* unmanaged[Cdecl]<nint, int, NativePartitionList*, nint, void> callback);

    [LibraryImport(Library)]
    internal static partial void rd_kafka_conf_set_error_cb(nint conf, delegate* unmanaged[Cdecl]<nint, int, byte*, nint, void> callback);

    [LibraryImport(Library)]
    internal static partial void rd_kafka_conf_set_stats_cb(nint conf, delegate* unmanaged[Cdecl]<nint, byte*, nuint, nint, int> callback);

    [LibraryImport(Library)]
    internal static partial void rd_kafka_conf_set_log_cb(nint conf, delegate* unmanaged[Cdecl]<nint, int, byte*, byte*, void> callback);

    [LibraryImport(Library)]
    internal static partial void rd_kafka_conf_set_offset_commit_cb(nint conf, delegate* unmanaged[Cdecl]<nint, int, NativePartitionList*, nint, void> callback);

    [LibraryImport(Library)]
    internal static partial nint rd_kafka_new(int type, nint conf, byte* error, nuint errorSize);

    [LibraryImport(Library)]
    internal static partial void rd_kafka_destroy(nint client);

    [LibraryImport(Library)]
    internal static partial nint rd_kafka_opaque(nint client);

    [LibraryImport(Library)]
    internal static partial byte* rd_kafka_name(ClientHandle client);

    [LibraryImport(Library)]
    internal static partial nint rd_kafka_memberid(ClientHandle client);

    [LibraryImport(Library)]
    internal static partial void rd_kafka_mem_free(ClientHandle client, nint pointer);

    [LibraryImport(Library)]
    internal static partial int rd_kafka_poll_set_consumer(ClientHandle client);

    [LibraryImport(Library)]
    internal static partial nint rd_kafka_queue_get_consumer(ClientHandle client);

    [LibraryImport(Library)]
    internal static partial void rd_kafka_queue_destroy(nint queue);

    [LibraryImport(Library)]
    internal static partial void rd_kafka_queue_yield(QueueHandle queue);

    [LibraryImport(Library)]
    internal static partial nint rd_kafka_consume_batch_queue(QueueHandle queue, int timeoutMs, nint* messages, nuint size);

    [LibraryImport(Library)]
    internal static partial void rd_kafka_message_destroy(nint message);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial long rd_kafka_message_timestamp(nint message, int* type);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial int rd_kafka_message_leader_epoch(nint message);

    [LibraryImport(Library)]
    internal static partial int rd_kafka_message_headers(nint message, nint* headers);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial int rd_kafka_header_get_all(nint headers, nuint index, byte** name, byte** value, nuint* size);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial nuint rd_kafka_header_cnt(nint headers);

    [LibraryImport(Library)]
    internal static partial byte* rd_kafka_topic_name(nint topic);

    [LibraryImport(Library)]
    internal static partial byte* rd_kafka_err2str(int error);

    [LibraryImport(Library)]
    internal static partial int rd_kafka_fatal_error(nint client, byte* error, nuint errorSize);

    [LibraryImport(Library)]
    internal static partial int rd_kafka_subscribe(ClientHandle client, NativePartitionList* topics);

    [LibraryImport(Library)]
    internal static partial int rd_kafka_unsubscribe(ClientHandle client);

    [LibraryImport(Library)]
    internal static partial int rd_kafka_assign(ClientHandle client, NativePartitionList* partitions);

    [LibraryImport(Library)]
    internal static partial nint rd_kafka_incremental_assign(ClientHandle client, NativePartitionList* partitions);

    [LibraryImport(Library)]
    internal static partial nint rd_kafka_incremental_unassign(ClientHandle client, NativePartitionList* partitions);

    [LibraryImport(Library)]
    internal static partial int rd_kafka_assignment(ClientHandle client, NativePartitionList** partitions);

    [LibraryImport(Library)]
    internal static partial int rd_kafka_assignment_lost(ClientHandle client);

    [LibraryImport(Library)]
    internal static partial byte* rd_kafka_rebalance_protocol(ClientHandle client);

    [LibraryImport(Library)]
    internal static partial int rd_kafka_consumer_close(ClientHandle client);

    [LibraryImport(Library)]
    internal static partial int rd_kafka_commit(ClientHandle client, NativePartitionList* offsets, int async);

    [LibraryImport(Library)]
    internal static partial int rd_kafka_commit_queue(
        ClientHandle client,
        NativePartitionList* offsets,
        QueueHandle queue,
        delegate* unmanaged[Cdecl]<nint, int, NativePartitionList*, nint, void> callback,
        nint opaque);

    [LibraryImport(Library)]
    internal static partial nint rd_kafka_queue_new(ClientHandle client);

    [LibraryImport(Library)]
    internal static partial int rd_kafka_queue_poll_callback(QueueHandle queue, int timeoutMs);

    [LibraryImport(Library)]
    internal static partial NativePartitionList* rd_kafka_topic_partition_list_copy(NativePartitionList* list);

    [LibraryImport(Library)]
    internal static partial int rd_kafka_committed(ClientHandle client, NativePartitionList* partitions, int timeoutMs);

    [LibraryImport(Library)]
    internal static partial int rd_kafka_position(ClientHandle client, NativePartitionList* partitions);

    [LibraryImport(Library)]
    internal static partial nint rd_kafka_seek_partitions(ClientHandle client, NativePartitionList* partitions, int timeoutMs);

    [LibraryImport(Library)]
    internal static partial int rd_kafka_pause_partitions(ClientHandle client, NativePartitionList* partitions);

    [LibraryImport(Library)]
    internal static partial int rd_kafka_resume_partitions(ClientHandle client, NativePartitionList* partitions);

    [LibraryImport(Library)]
    internal static partial int rd_kafka_offsets_for_times(ClientHandle client, NativePartitionList* partitions, int timeoutMs);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int rd_kafka_query_watermark_offsets(ClientHandle client, string topic, int partition, long* low, long* high, int timeoutMs);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int rd_kafka_get_watermark_offsets(ClientHandle client, string topic, int partition, long* low, long* high);

    [LibraryImport(Library)]
    internal static partial NativePartitionList* rd_kafka_topic_partition_list_new(int size);

    [LibraryImport(Library)]
    internal static partial void rd_kafka_topic_partition_list_destroy(NativePartitionList* list);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial NativePartition* rd_kafka_topic_partition_list_add(NativePartitionList* list, string topic, int partition);

    [LibraryImport(Library)]
    internal static partial void rd_kafka_topic_partition_set_leader_epoch(NativePartition* partition, int epoch);

    [LibraryImport(Library)]
    internal static partial int rd_kafka_topic_partition_get_leader_epoch(NativePartition* partition);

    [LibraryImport(Library)]
    internal static partial nint rd_kafka_mem_malloc(nint client, nuint size);

    [LibraryImport(Library)]
    internal static partial nint rd_kafka_consumer_group_metadata(ClientHandle client);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint rd_kafka_consumer_group_metadata_new(string groupId);

    [LibraryImport(Library)]
    internal static partial void rd_kafka_consumer_group_metadata_destroy(nint metadata);

    [LibraryImport(Library)]
    internal static partial nint rd_kafka_send_offsets_to_transaction(nint producer, NativePartitionList* offsets, nint groupMetadata, int timeoutMs);

    [LibraryImport(Library)]
    internal static partial int rd_kafka_error_code(nint error);

    [LibraryImport(Library)]
    internal static partial byte* rd_kafka_error_string(nint error);

    [LibraryImport(Library)]
    internal static partial int rd_kafka_error_is_fatal(nint error);

    [LibraryImport(Library)]
    internal static partial int rd_kafka_error_is_retriable(nint error);

    [LibraryImport(Library)]
    internal static partial int rd_kafka_error_txn_requires_abort(nint error);

    [LibraryImport(Library)]
    internal static partial void rd_kafka_error_destroy(nint error);
}
