using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Millrace.Kafka.Consuming;

namespace Millrace.Connect;

/// <summary>What a sink task may ask of the runtime.</summary>
internal sealed class SinkContext(TaskIdentity identity, WorkerServices services, KafkaRecordReader reader, ErrantRecords errors) : SinkTaskContext
{
    private bool _commit;

    public override string ConnectorName => identity.Connector;

    public override int TaskId => identity.Task;

    public override ILoggerFactory LoggerFactory => services.LoggerFactory;

    public override TimeProvider TimeProvider => services.Options.TimeProvider;

    public override IReadOnlyCollection<TopicPartition> Assignment => reader.Assignment;

    /// <summary>While partitions are being opened, seeks are collected: they become the starting offsets.</summary>
    internal List<PartitionOffset>? Opening { get; set; }

    public override void Seek(TopicPartition partition, long offset)
    {
        var target = new PartitionOffset(partition.Topic, partition.Partition.Value, offset);
        if (Opening is { } opening) opening.Add(target);
        else reader.Seek(target);
    }

    public override void Pause(IReadOnlyCollection<TopicPartition> partitions) => reader.Pause(partitions);

    public override void Resume(IReadOnlyCollection<TopicPartition> partitions) => reader.Resume(partitions);

    public override void RequestCommit() => _commit = true;

    public override ValueTask ReportAsync(SinkRecord record, Exception error, CancellationToken cancellationToken) => errors.ReportAsync(record, error, cancellationToken);

    internal bool TakeCommitRequest()
    {
        var requested = _commit;
        _commit = false;
        return requested;
    }
}
