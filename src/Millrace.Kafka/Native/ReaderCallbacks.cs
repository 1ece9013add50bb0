using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Confluent.Kafka;
using Millrace.Kafka.Consuming;

namespace Millrace.Kafka.Native;

/// <summary>What librdkafka calls back. No exception may leave an implementation.</summary>
internal interface IReaderCallbacks
{
    /// <summary>Partitions are assigned (true) or revoked. The callee acknowledges with assign or unassign.</summary>
    void OnRebalance(bool assigned, IReadOnlyList<TopicPartition> partitions);

    void OnError(Error error);

    void OnStatistics(string json);

    void OnCommit(Error? error, IReadOnlyList<PartitionOffset> offsets);

    /// <summary>Called from librdkafka's own threads.</summary>
    void OnLog(int syslogLevel, string facility, string message);
}

/// <summary>Native entry points that go on to the <see cref="IReaderCallbacks"/> of a client.</summary>
internal static unsafe class ReaderCallbacks
{
    internal static void Register(nint conf, nint opaque)
    {
        LibRdKafka.rd_kafka_conf_set_opaque(conf, opaque);
        LibRdKafka.rd_kafka_conf_set_rebalance_cb(conf, &OnRebalance);
        LibRdKafka.rd_kafka_conf_set_error_cb(conf, &OnError);
        LibRdKafka.rd_kafka_conf_set_stats_cb(conf, &OnStatistics);
        LibRdKafka.rd_kafka_conf_set_offset_commit_cb(conf, &OnCommit);
        LibRdKafka.rd_kafka_conf_set_log_cb(conf, &OnLog);
    }

    private static IReaderCallbacks Target(nint opaque) => (IReaderCallbacks)GCHandle.FromIntPtr(opaque).Target!;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnRebalance(nint client, int error, NativePartitionList* partitions, nint opaque) =>
        Target(opaque).OnRebalance(error == (int)ErrorCode.Local_AssignPartitions, PartitionList.ReadPartitions(partitions));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnError(nint client, int error, byte* reason, nint opaque)
    {
        var fatal = error == (int)ErrorCode.Local_Fatal ? ClientHandle.FatalError(client) : null;
        Target(opaque).OnError(fatal ?? new Error((ErrorCode)error, NativeText.From(reason)));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnStatistics(nint client, byte* json, nuint length, nint opaque)
    {
        Target(opaque).OnStatistics(NativeText.From(json));
        return 0; // librdkafka frees the text
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnCommit(nint client, int error, NativePartitionList* offsets, nint opaque)
    {
        // A commit without offsets (auto commit with nothing new) is not an event for anybody.
        if (error == (int)ErrorCode.Local_NoOffset)
            return;
        Target(opaque).OnCommit(error == 0 ? null : new Error((ErrorCode)error, NativeText.Describe(error)), PartitionList.Read(offsets));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnLog(nint client, int level, byte* facility, byte* message)
    {
        var opaque = LibRdKafka.rd_kafka_opaque(client);
        if (opaque != 0)
            Target(opaque).OnLog(level, NativeText.From(facility), NativeText.From(message));
    }
}
