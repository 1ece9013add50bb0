using Confluent.Kafka;
using Millrace.Broker.Tests.Groups;

namespace Millrace.Broker.Tests.Transactions;

/// <summary>One life of a consume-transform-produce loop: it copies a few batches, aborts some, and "crashes" at a random point by being abandoned.</summary>
internal static class ExactlyOnceStep
{
    /// <returns>Whether everything has been copied.</returns>
    public static bool Run(string bootstrap, string source, string sink, string group, string transactionalId, Random random)
    {
        using var consumer = new ConsumerBuilder<string, string>(new ConsumerConfig
        {
            BootstrapServers = bootstrap,
            GroupId = group,
            EnableAutoCommit = false,
            EnablePartitionEof = true,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            IsolationLevel = IsolationLevel.ReadCommitted,
            SessionTimeoutMs = 6_000,
        }).SetLogHandler(static (_, _) => { }).Build();
        using var producer = ClientKit.Producer(bootstrap, transactionalId);
        producer.InitTransactions(ClientKit.Timeout);
        consumer.Subscribe(source);
        var ends = new HashSet<int>();
        for (var batch = 0; batch < 6; batch++)
        {
            List<ConsumeResult<string, string>> read = [];
            while (read.Count < 20 && ends.Count < 2)
            {
                var result = consumer.Consume(ClientKit.Timeout) ?? throw new TimeoutException("nothing to consume");
                if (result.IsPartitionEOF) ends.Add(result.Partition);
                else read.Add(result);
            }

            if (read.Count == 0) return true;
            producer.BeginTransaction();
            foreach (var record in read) producer.Produce(new TopicPartition(sink, record.Partition), record.Message);
            producer.SendOffsetsToTransaction(
                read.GroupBy(static r => r.TopicPartition).Select(static g => new TopicPartitionOffset(g.Key, g.Max(static r => r.Offset.Value) + 1)),
                consumer.ConsumerGroupMetadata,
                ClientKit.Timeout);
            switch (random.Next(5))
            {
                case 0:
                    producer.AbortTransaction(ClientKit.Timeout);
                    consumer.Close();
                    return false;
                case 1:
                    // Abandoned in the middle: the next incarnation's InitTransactions aborts it.
                    producer.Flush(ClientKit.Timeout);
                    consumer.Close();
                    return false;
                default:
                    producer.CommitTransaction(ClientKit.Timeout);
                    break;
            }
        }

        consumer.Close();
        return false;
    }
}
