using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Millrace.Kafka.Consuming;

namespace Millrace.Samples.Bank.Audit;

/// <summary>Reads a topic from its first to its last committed record, as an auditor does: with no group, changing nothing.</summary>
internal sealed class TopicScan(string bootstrap)
{
    /// <summary>What is done with each record.</summary>
    public delegate void RecordVisitor(in KafkaRecord record);

    /// <summary>Reads what is there now; a topic that does not exist has no records.</summary>
    public Task ReadAsync(string topic, RecordVisitor visit, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(() => Read(topic, visit, cancellationToken), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>The offsets that a group has committed on a topic.</summary>
    public async Task<IReadOnlyDictionary<int, long>> CommittedAsync(string group, string topic)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrap }).Build();
        try
        {
            var result = await admin.ListConsumerGroupOffsetsAsync([new ConsumerGroupTopicPartitions(group, null!)]);
            return result[0].Partitions.Where(p => p.Topic == topic && p.Offset >= 0).ToDictionary(p => p.Partition.Value, p => p.Offset.Value);
        }
        catch (KafkaException e) when (e.Error.Code is ErrorCode.GroupIdNotFound)
        {
            return new Dictionary<int, long>();
        }
    }

    private int Partitions(string topic)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrap }).Build();
        return admin.GetMetadata(TimeSpan.FromSeconds(20)).Topics.SingleOrDefault(t => t.Topic == topic)?.Partitions.Count ?? 0;
    }

    private void Read(string topic, RecordVisitor visit, CancellationToken cancellationToken)
    {
        var open = Enumerable.Range(0, Partitions(topic)).ToHashSet();
        if (open.Count == 0) return;
        using var reader = KafkaRecordReader.Create(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["bootstrap.servers"] = bootstrap,
            ["group.id"] = "bank-audit",
            ["enable.auto.commit"] = "false",
            ["isolation.level"] = "read_committed",
            ["enable.partition.eof"] = "true",
            ["auto.offset.reset"] = "error",
            // At the end of a partition there is nothing to wait for.
            ["fetch.wait.max.ms"] = "10",
        });
        reader.Assign(open.Select(p => new PartitionOffset(topic, p, 0)));
        while (open.Count > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var batch = reader.ReadBatch(TimeSpan.FromMilliseconds(200));
            foreach (var record in batch) visit(in record);
            foreach (var happened in batch.Events)
            {
                if (happened is PartitionEndReached end) open.Remove(end.Partition);
            }
        }
    }
}
