using System.Diagnostics;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Millrace.Kafka.Consuming;

namespace Millrace.Benchmarks.Kafka;

/// <summary>
/// The batch reader against Confluent.Kafka's Consume loop, on records of 100 bytes from one partition of a running Kafka: records per second and bytes
/// allocated per record, medians of alternating runs. Records are summed up by their sizes, so that both look at each.
/// </summary>
internal static class ReaderComparison
{
    internal static async Task<int> RunAsync(string bootstrap, int records, int runs)
    {
        var topic = $"bench-reader-{Guid.NewGuid():N}"[..20];
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrap }).Build();
        await admin.CreateTopicsAsync([new TopicSpecification { Name = topic, NumPartitions = 1, ReplicationFactor = 1 }]);
        Fill(bootstrap, topic, records);
        var results = new Dictionary<string, List<(double Rate, double Bytes)>>(StringComparer.Ordinal) { ["Consume loop"] = [], ["batch reader"] = [] };
        for (var run = 0; run <= runs; run++)
        {
            var loop = Measure(() => ReadWithConsume(bootstrap, topic, records), records);
            var batch = Measure(() => ReadInBatches(bootstrap, topic, records), records);
            if (run == 0)
                continue; // the first run warms up code and page cache
            results["Consume loop"].Add(loop);
            results["batch reader"].Add(batch);
        }

        foreach (var (name, figures) in results)
            Console.WriteLine($"{name,-14} {Median(figures.Select(f => f.Rate)),12:N0} records/s {Median(figures.Select(f => f.Bytes)),10:N1} B allocated per record");
        await admin.DeleteTopicsAsync([topic]);
        return 0;
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }

    private static (double Rate, double Bytes) Measure(Func<long> read, int records)
    {
        GC.Collect();
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var started = Stopwatch.GetTimestamp();
        var size = read();
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        if (size != 100L * records)
            throw new InvalidOperationException($"{size} bytes were read, not {100L * records}.");
        return (records / seconds, (double)(GC.GetTotalAllocatedBytes(precise: true) - allocated) / records);
    }

    private static void Fill(string bootstrap, string topic, int records)
    {
        using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig { BootstrapServers = bootstrap, LingerMs = 20, QueueBufferingMaxMessages = 500_000 }).Build();
        var value = new byte[100];
        for (var i = 0; i < records;)
        {
            try
            {
                producer.Produce(topic, new Message<byte[], byte[]> { Value = value });
                i++;
            }
            catch (ProduceException<byte[], byte[]> e) when (e.Error.Code == ErrorCode.Local_QueueFull)
            {
                producer.Poll(TimeSpan.FromMilliseconds(50));
            }
        }

        producer.Flush(TimeSpan.FromMinutes(2));
    }

    private static long ReadWithConsume(string bootstrap, string topic, int records)
    {
        using var consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig { BootstrapServers = bootstrap, GroupId = "bench", EnableAutoCommit = false }).Build();
        consumer.Assign(new TopicPartitionOffset(topic, 0, Offset.Beginning));
        var size = 0L;
        for (var i = 0; i < records;)
        {
            if (consumer.Consume(TimeSpan.FromSeconds(10)) is not { } result)
                throw new TimeoutException($"Only {i} records in time.");
            size += result.Message.Value.Length;
            i++;
        }

        return size;
    }

    private static long ReadInBatches(string bootstrap, string topic, int records)
    {
        using var reader = KafkaRecordReader.Create(new Dictionary<string, string>(StringComparer.Ordinal) { ["bootstrap.servers"] = bootstrap });
        reader.Assign([new(topic, 0, Offset.Beginning)]);
        var size = 0L;
        for (var i = 0; i < records;)
        {
            using var batch = reader.ReadBatch(TimeSpan.FromSeconds(10));
            foreach (var record in batch)
                size += record.Value.Length;
            i += batch.Count;
        }

        return size;
    }
}
