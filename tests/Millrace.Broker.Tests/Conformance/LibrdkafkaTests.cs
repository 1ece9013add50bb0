using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Millrace.TestKit.Kafka;

namespace Millrace.Broker.Tests.Conformance;

/// <summary>Confluent.Kafka, that is librdkafka, as a bank's .NET service uses it.</summary>
public abstract class LibrdkafkaTests<TTarget>(TTarget target)
    where TTarget : IKafkaTarget
{
    private readonly string _suffix = Guid.NewGuid().ToString("N")[..8];

    [Theory]
    [InlineData(CompressionType.None)]
    [InlineData(CompressionType.Gzip)]
    [InlineData(CompressionType.Snappy)]
    [InlineData(CompressionType.Lz4)]
    [InlineData(CompressionType.Zstd)]
    public async Task Records_of_every_codec_come_back_with_keys_headers_and_timestamps(CompressionType codec)
    {
        string topic = await CreateTopicAsync($"codec-{codec}", 1);
        using var producer = new ProducerBuilder<string, string>(new ProducerConfig { BootstrapServers = target.Bootstrap, CompressionType = codec, EnableIdempotence = true, LingerMs = 20 }).Build();
        var sent = Enumerable.Range(0, 200).Select(i => producer.ProduceAsync(topic, new Message<string, string>
        {
            Key = $"k{i}",
            Value = new string((char)('a' + (i % 26)), 100),
            Headers = [new Header("n", BitConverter.GetBytes(i))],
            Timestamp = new Timestamp(1_700_000_000_000 + i, TimestampType.CreateTime),
        })).ToList();
        var reports = await Task.WhenAll(sent);
        Assert.All(reports, r => Assert.Equal(PersistenceStatus.Persisted, r.Status));

        var received = Consume(topic, 200);
        Assert.Equal(Enumerable.Range(0, 200).Select(i => $"k{i}"), received.Select(r => r.Message.Key));
        Assert.All(received, r => Assert.Equal(1_700_000_000_000 + r.Offset.Value, r.Message.Timestamp.UnixTimestampMs));
        Assert.Equal(150, BitConverter.ToInt32(received[150].Message.Headers.GetLastBytes("n")));
    }

    [Fact]
    public async Task A_group_commits_and_its_next_member_goes_on_from_there()
    {
        string topic = await CreateTopicAsync("group", 2);
        await ProduceAsync(topic, 100);
        string group = "g-" + _suffix;
        Assert.Equal(60, ConsumeInGroup(topic, group, 60));
        Assert.Equal(40, ConsumeInGroup(topic, group, 40));
        using var admin = Admin();
        var listed = admin.ListGroups(TimeSpan.FromSeconds(10)).Select(g => g.Group);
        Assert.Contains(group, listed);
    }

    [Fact]
    public async Task Committed_readers_see_no_aborted_record_and_nothing_of_an_open_transaction()
    {
        string topic = await CreateTopicAsync("tx", 1);
        using var producer = new ProducerBuilder<string, string>(new ProducerConfig { BootstrapServers = target.Bootstrap, TransactionalId = "tx-" + _suffix }).Build();
        producer.InitTransactions(TimeSpan.FromSeconds(30));
        foreach (var (value, commit) in new[] { ("one", true), ("lost", false), ("two", true) })
        {
            producer.BeginTransaction();
            producer.Produce(topic, new Message<string, string> { Value = value });
            producer.Flush(TimeSpan.FromSeconds(30));
            if (commit) producer.CommitTransaction();
            else producer.AbortTransaction();
        }

        producer.BeginTransaction();
        producer.Produce(topic, new Message<string, string> { Value = "open" });
        producer.Flush(TimeSpan.FromSeconds(30));
        Assert.Equal(["one", "two"], Consume(topic, 2).Select(r => r.Message.Value));
        Assert.Equal(["one", "lost", "two", "open"], Consume(topic, 4, IsolationLevel.ReadUncommitted).Select(r => r.Message.Value));
        producer.CommitTransaction();
        Assert.Equal(["one", "two", "open"], Consume(topic, 3).Select(r => r.Message.Value));
    }

    [Fact]
    public async Task The_admin_client_describes_changes_and_deletes()
    {
        string topic = await CreateTopicAsync("admin", 3);
        using var admin = Admin();
        var described = await admin.DescribeTopicsAsync(TopicCollection.OfTopicNames([topic]));
        Assert.Equal(3, described.TopicDescriptions.Single().Partitions.Count);
        var resource = new ConfigResource { Type = ResourceType.Topic, Name = topic };
        await admin.IncrementalAlterConfigsAsync(new Dictionary<ConfigResource, List<ConfigEntry>>
        {
            [resource] = [new ConfigEntry { Name = "retention.ms", Value = "60000", IncrementalOperation = AlterConfigOpType.Set }],
        });
        await ProduceAsync(topic, 30);
        await admin.CreatePartitionsAsync([new PartitionsSpecification { Topic = topic, IncreaseTo = 4 }]);
        await admin.DeleteRecordsAsync([new TopicPartitionOffset(topic, 0, Offset.End)]);
        await Millrace.TestKit.Eventually.True(
            async () => (await admin.DescribeConfigsAsync([resource])).Single().Entries["retention.ms"].Value == "60000"
                && admin.GetMetadata(topic, TimeSpan.FromSeconds(10)).Topics.Single().Partitions.Count == 4,
            "the changes");
        await admin.DeleteTopicsAsync([topic]);
        await Millrace.TestKit.Eventually.True(() => admin.GetMetadata(TimeSpan.FromSeconds(10)).Topics.All(t => t.Topic != topic), "the topic gone");
    }

    [Fact]
    public async Task A_message_too_large_and_a_bad_name_are_told_as_such()
    {
        string topic = await CreateTopicAsync("small", 1, new() { ["max.message.bytes"] = "1000" });
        using var producer = new ProducerBuilder<Null, string>(new ProducerConfig { BootstrapServers = target.Bootstrap }).Build();
        var error = await Assert.ThrowsAsync<ProduceException<Null, string>>(() => producer.ProduceAsync(topic, new Message<Null, string> { Value = new string('x', 5000) }));
        Assert.Equal(ErrorCode.MsgSizeTooLarge, error.Error.Code);
        using var admin = Admin();
        var refused = await Assert.ThrowsAsync<CreateTopicsException>(() => admin.CreateTopicsAsync([new TopicSpecification { Name = "not allowed", NumPartitions = 1, ReplicationFactor = 1 }]));
        Assert.Equal(ErrorCode.TopicException, refused.Results.Single().Error.Code);
    }

    private IAdminClient Admin() => new AdminClientBuilder(new AdminClientConfig { BootstrapServers = target.Bootstrap }).Build();

    private async Task<string> CreateTopicAsync(string name, int partitions, Dictionary<string, string>? configs = null)
    {
        string topic = $"{name}-{_suffix}";
        using var admin = Admin();
        await admin.CreateTopicsAsync([new TopicSpecification { Name = topic, NumPartitions = partitions, ReplicationFactor = 1, Configs = configs }]);
        return topic;
    }

    private async Task ProduceAsync(string topic, int count)
    {
        using var producer = new ProducerBuilder<string, string>(new ProducerConfig { BootstrapServers = target.Bootstrap, LingerMs = 10 }).Build();
        await Task.WhenAll(Enumerable.Range(0, count).Select(i => producer.ProduceAsync(topic, new Message<string, string> { Key = $"{i}", Value = $"v{i}" })));
    }

    private List<ConsumeResult<string, string>> Consume(string topic, int count, IsolationLevel isolation = IsolationLevel.ReadCommitted)
    {
        using var consumer = new ConsumerBuilder<string, string>(new ConsumerConfig { BootstrapServers = target.Bootstrap, GroupId = "unused", IsolationLevel = isolation, EnablePartitionEof = true }).Build();
        consumer.Assign(new TopicPartitionOffset(topic, 0, Offset.Beginning));
        var received = new List<ConsumeResult<string, string>>();
        while (true)
        {
            var result = consumer.Consume(TimeSpan.FromSeconds(30));
            Assert.NotNull(result);
            if (!result.IsPartitionEOF) received.Add(result);
            else if (received.Count >= count) return received;
        }
    }

    private int ConsumeInGroup(string topic, string group, int count)
    {
        using var consumer = new ConsumerBuilder<string, string>(new ConsumerConfig
        {
            BootstrapServers = target.Bootstrap,
            GroupId = group,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            EnableAutoCommit = false,
            EnableAutoOffsetStore = false,
        }).Build();
        consumer.Subscribe(topic);
        int received = 0;
        while (received < count)
        {
            var result = consumer.Consume(TimeSpan.FromSeconds(30));
            Assert.NotNull(result);
            consumer.StoreOffset(result);
            received++;
        }

        consumer.Commit();
        consumer.Close();
        return received;
    }
}

public sealed class LibrdkafkaOnMillrace(EmbeddedBroker target) : LibrdkafkaTests<EmbeddedBroker>(target), IClassFixture<EmbeddedBroker>;

public sealed class LibrdkafkaOnApacheKafka(ApacheKafka target) : LibrdkafkaTests<ApacheKafka>(target), IClassFixture<ApacheKafka>;
