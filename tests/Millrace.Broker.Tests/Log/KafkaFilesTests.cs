using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Millrace.Broker.Log;
using Millrace.Broker.Storage;
using Millrace.Protocol;
using Millrace.Protocol.Records;
using Millrace.TestKit;
using Millrace.TestKit.Kafka;
using ErrorCode = Millrace.Protocol.ErrorCode;
using IsolationLevel = Millrace.Broker.Log.IsolationLevel;
using TopicPartition = Millrace.Broker.Log.TopicPartition;

namespace Millrace.Broker.Tests.Log;

/// <summary>Files that we write are read by Apache Kafka and its tools, and the other way round.</summary>
public sealed partial class KafkaFilesTests
{
    private const string Topic = "exchange";

    [Fact]
    public async Task Kafkas_dump_tool_reads_segments_indexes_and_snapshots()
    {
        var tool = ApacheKafka.Tool("kafka-dump-log.sh");
        await using var fixture = new LogFixture();
        await FillAsync(fixture, await fixture.OpenAsync(SmallSegments), 300);
        var expected = LogFixture.ReadAll(fixture.Manager!.Find(LogFixture.Partition)!).Count;
        await fixture.Manager.DisposeAsync();

        var files = Directory.GetFiles(fixture.PartitionDirectory).Where(static f => !f.Contains("leader-epoch", StringComparison.Ordinal) && !f.EndsWith(".metadata", StringComparison.Ordinal)).Order().ToList();
        Assert.Contains(files, static f => f.EndsWith(".txnindex", StringComparison.Ordinal));
        Assert.Contains(files, static f => f.EndsWith(".snapshot", StringComparison.Ordinal));
        Assert.Contains(files, static f => f.EndsWith(".timeindex", StringComparison.Ordinal) && new FileInfo(f).Length > 12);
        var (code, output) = await ChildProcess.RunAsync(tool, ["--deep-iteration", "--print-data-log", "--files", string.Join(',', files)]);
        Assert.True(code == 0, output);
        Assert.DoesNotContain("isvalid: false", output, StringComparison.Ordinal);
        Assert.DoesNotContain("Mismatches", output, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Found", output, StringComparison.Ordinal);
        Assert.DoesNotContain("xception", output, StringComparison.Ordinal);
        Assert.DoesNotContain("corrupt", output, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(expected, DataRecord().Count(output));
        foreach (var codec in new[] { "none", "gzip", "snappy", "lz4", "zstd" })
            Assert.Contains($"compresscodec: {codec}", output, StringComparison.OrdinalIgnoreCase);
        Assert.Matches("endTxnMarker: ABORT|ABORT coordinatorEpoch", output);
        Assert.Contains("producerId: 11 producerEpoch: 0", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_partition_of_a_real_Kafka_is_served_by_us_and_back()
    {
        ApacheKafka.Tool("kafka-dump-log.sh");
        await using var kafka = await ApacheKafkaNode.StartAsync(ApacheKafka.Home!);
        using (var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka.Bootstrap }).Build())
        {
            await admin.CreateTopicsAsync([new TopicSpecification
            {
                Name = Topic, NumPartitions = 1, ReplicationFactor = 1, Configs = new() { ["segment.bytes"] = "1048576" },
            }]);
        }

        foreach (var codec in Enum.GetValues<Confluent.Kafka.CompressionType>())
            await ProduceAsync(kafka.Bootstrap, codec, 8000);
        ProduceTransactions(kafka.Bootstrap);
        var expected = Consume(kafka.Bootstrap);
        Assert.True(expected.Count > 20_000);
        await kafka.StopAsync();

        // Kafka's files, opened by us: after its clean stop, and as if it had been killed.
        await using var fixture = new LogFixture();
        fixture.Time.SetUtcNow(DateTimeOffset.FromUnixTimeMilliseconds(expected[^1].Timestamp));
        var source = Path.Combine(kafka.DataDirectory, $"{Topic}-0");
        Copy(source, Path.Combine(fixture.Directory, $"{Topic}-0"));
        await File.WriteAllTextAsync(Path.Combine(fixture.Directory, ".kafka_cleanshutdown"), "{}");
        await using var crashed = fixture.Crashed();
        await CheckAsync(crashed, expected);
        var log = await CheckAsync(fixture, expected);
        Assert.True(log.View.Segments.Length >= 3);
        Assert.True(log.ActiveProducers().Count >= 6);
        Assert.Equal(PartitionMetadataFile.Read(source), log.TopicId);

        // Our files, opened by Kafka: what it wrote and what we added.
        await FillAsync(fixture, log, 60);
        var all = LogFixture.ReadAll(log, IsolationLevel.ReadCommitted);
        Assert.True(all.Count > expected.Count);
        await fixture.Manager!.DisposeAsync();
        Directory.Delete(source, recursive: true);
        Copy(Path.Combine(fixture.Directory, $"{Topic}-0"), source);
        await kafka.RestartAsync();
        Assert.Equal(all, Consume(kafka.Bootstrap).Select(static r => (r.Offset, r.Value)));
    }

    private static LogConfig SmallSegments { get; } = LogConfig.Default with { SegmentBytes = 16_000, IndexIntervalBytes = 1000 };

    [GeneratedRegex("payload: value", RegexOptions.NonBacktracking)]
    private static partial Regex DataRecord();

    /// <summary>Batches of all codecs, plain, idempotent and transactional, a third of the transactions aborted.</summary>
    private static async Task FillAsync(LogFixture fixture, PartitionLog log, int batches)
    {
        for (var i = 0; i < batches; i++)
        {
            fixture.Time.Advance(TimeSpan.FromMilliseconds(7));
            var options = new RecordBatchOptions { Compression = (Millrace.Protocol.Records.CompressionType)(i % 5) };
            var transactional = i % 3 == 2;
            if (i % 3 > 0)
                options = options with { ProducerId = transactional ? 12 : 11, ProducerEpoch = 0, BaseSequence = i / 3 * 5, IsTransactional = transactional };
            var values = Enumerable.Range(0, 5).Select(n => $"value-{i}-{n}-{new string('x', i % 50)}").ToArray();
            var result = await log.AppendAsync(fixture.Batch(options, values));
            Assert.True(result.Error == ErrorCode.None, result.ErrorMessage);
            if (!transactional)
                continue;
            var marker = new EndTransactionMarker(i % 9 == 2 ? TransactionResult.Abort : TransactionResult.Commit, 0).ToBatch(12, 0, fixture.Now);
            Assert.Equal(ErrorCode.None, (await log.AppendAsync(marker, AppendOrigin.TransactionMarker)).Error);
        }
    }

    private static async Task<PartitionLog> CheckAsync(LogFixture fixture, List<(long Offset, string Value, long Timestamp)> expected)
    {
        await fixture.OpenAsync();
        var log = fixture.Manager!.Find(new TopicPartition(Topic, 0));
        Assert.NotNull(log);
        Assert.Equal(expected.Select(static r => (r.Offset, r.Value)), LogFixture.ReadAll(log, IsolationLevel.ReadCommitted));
        foreach (var (offset, _, timestamp) in expected.Where(static (_, i) => i % 997 == 0))
        {
            var first = expected.First(r => r.Timestamp >= timestamp);
            Assert.Equal(first.Offset, log.OffsetForTimestamp(timestamp)!.Value.Offset);
            Assert.InRange(first.Offset, 0, offset);
        }

        return log;
    }

    private static async Task ProduceAsync(string bootstrap, Confluent.Kafka.CompressionType codec, int count)
    {
        var config = new ProducerConfig { BootstrapServers = bootstrap, CompressionType = codec, EnableIdempotence = true, LingerMs = 20 };
        using var producer = new ProducerBuilder<string, string>(config).Build();
        var pending = Enumerable.Range(0, count).Select(i => producer.ProduceAsync(
            Topic,
            new Message<string, string> { Key = $"k{i}", Value = $"{codec} {i} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(BitConverter.GetBytes(i)))}{new string('.', i % 200)}", Headers = [new Header("h", [1, 2])] })).ToList();
        await Task.WhenAll(pending);
    }

    private static void ProduceTransactions(string bootstrap)
    {
        using var producer = new ProducerBuilder<string, string>(new ProducerConfig { BootstrapServers = bootstrap, TransactionalId = "t" }).Build();
        producer.InitTransactions(TimeSpan.FromSeconds(60));
        for (var i = 0; i < 6; i++)
        {
            producer.BeginTransaction();
            for (var n = 0; n < 10; n++)
                producer.Produce(Topic, new Message<string, string> { Key = "t", Value = $"transaction {i}" });
            producer.Flush(TimeSpan.FromSeconds(30));
            if (i % 2 == 0)
                producer.CommitTransaction();
            else
                producer.AbortTransaction();
        }
    }

    private static List<(long Offset, string Value, long Timestamp)> Consume(string bootstrap)
    {
        var config = new ConsumerConfig
        {
            BootstrapServers = bootstrap,
            GroupId = "none",
            EnableAutoCommit = false,
            EnablePartitionEof = true,
            IsolationLevel = Confluent.Kafka.IsolationLevel.ReadCommitted,
            CheckCrcs = true,
        };
        using var consumer = new ConsumerBuilder<string, string>(config).Build();
        consumer.Assign(new TopicPartitionOffset(Topic, 0, Offset.Beginning));
        var all = new List<(long, string, long)>();
        while (consumer.Consume(TimeSpan.FromSeconds(60)) is { } result)
        {
            if (result.IsPartitionEOF)
                return all;
            all.Add((result.Offset.Value, result.Message.Value, result.Message.Timestamp.UnixTimestampMs));
        }

        throw new TimeoutException("The end of the partition did not come.");
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var path in Directory.GetFiles(from))
            File.Copy(path, Path.Combine(to, Path.GetFileName(path)));
    }
}
