using System.Text;
using Confluent.Kafka;
using Millrace.Kafka.Consuming;
using Millrace.Kafka.Tests.Support;
using Millrace.TestKit.Kafka;

namespace Millrace.Kafka.Tests.Consuming;

public sealed class KafkaRecordReaderTestsOnApacheKafka(ApacheKafka kafka) : KafkaRecordReaderTests<ApacheKafka>(kafka);

public sealed class KafkaRecordReaderTestsOnEmbeddedBroker(EmbeddedBroker kafka) : KafkaRecordReaderTests<EmbeddedBroker>(kafka);

public abstract class KafkaRecordReaderTests<TKafka>(TKafka kafka) : IClassFixture<TKafka>
    where TKafka : class, IKafkaTarget
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(90);

    [Theory]
    [InlineData("")]
    [InlineData("^")]
    public async Task A_topic_that_is_made_after_the_subscription_is_seen_soon(string pattern)
    {
        var topic = TestTopics.NewName("later");
        using var reader = KafkaRecordReader.Create(TestTopics.ReaderConfig(kafka.Bootstrap, TestTopics.NewName("g")));
        reader.Subscribe([pattern + topic]);
        Assert.Empty(reader.ReadValues(1, TimeSpan.FromSeconds(1)));
        await TestTopics.CreateAsync(kafka.Bootstrap, name: topic);
        await TestTopics.ProduceAsync(kafka.Bootstrap, topic, 0, "a");
        Assert.Equal(["a"], reader.ReadValues(1));
    }

    [Fact]
    public async Task A_record_comes_with_all_its_parts_and_null_is_not_empty()
    {
        var topic = await TestTopics.CreateAsync(kafka.Bootstrap);
        using (var producer = TestTopics.Producer(kafka.Bootstrap))
        {
            var headers = new Headers { { "a", "1"u8.ToArray() }, { "b", null }, { "a", "2"u8.ToArray() }, { "c", [] } };
            await producer.ProduceAsync(topic, new() { Key = "key"u8.ToArray(), Value = "value"u8.ToArray(), Headers = headers, Timestamp = new Timestamp(1_700_000_000_123, TimestampType.CreateTime) });
            await producer.ProduceAsync(topic, new() { Key = null!, Value = null! });
            await producer.ProduceAsync(topic, new() { Key = [], Value = [] });
        }

        using var reader = KafkaRecordReader.Create(TestTopics.ReaderConfig(kafka.Bootstrap));
        reader.Assign([new(topic, 0, Offset.Beginning)]);
        var seen = 0;
        while (seen < 3)
        {
            using var batch = reader.ReadBatch(Timeout);
            foreach (var record in batch)
            {
                Assert.Equal(topic, record.Topic);
                Assert.Equal(0, record.Partition);
                Assert.Equal(seen, record.Offset);
                Assert.True(record.LeaderEpoch >= 0);
                if (seen == 0)
                {
                    Assert.Equal("key"u8, record.Key);
                    Assert.Equal("value"u8, record.Value);
                    Assert.Equal(1_700_000_000_123, record.Timestamp);
                    Assert.Equal(TimestampType.CreateTime, record.TimestampType);
                    var headers = record.Headers;
                    Assert.Equal(4, headers.Count);
                    Assert.True(headers.TryGet("a"u8, out var last));
                    Assert.Equal("2"u8, last);
                    Assert.True(headers[1].IsValueNull);
                    Assert.False(headers[3].IsValueNull);
                    Assert.Equal("c"u8, headers[3].Name);
                    Assert.False(headers.TryGet("missing"u8, out _));
                    Assert.Equal(["a", "b", "a", "c"], headers.ToConfluent().Select(h => h.Key));
                }
                else
                {
                    Assert.Equal(0, record.Headers.Count);
                    Assert.Equal(seen == 1, record.IsKeyNull);
                    Assert.Equal(seen == 1, record.IsValueNull);
                    Assert.True(record.Key.IsEmpty && record.Value.IsEmpty);
                }

                seen++;
            }
        }
    }

    [Fact]
    public async Task Assign_seek_and_position_move_within_a_partition_and_its_end_is_an_event()
    {
        var topic = await TestTopics.CreateAsync(kafka.Bootstrap);
        await TestTopics.ProduceAsync(kafka.Bootstrap, topic, 0, Enumerable.Range(0, 10).Select(i => $"{i}"));
        using var reader = KafkaRecordReader.Create(TestTopics.ReaderConfig(kafka.Bootstrap));
        reader.Assign([new(topic, 0, 6)]);
        Assert.Equal([new TopicPartition(topic, 0)], reader.Assignment);
        Assert.Equal(["6", "7", "8", "9"], reader.ReadValues(4));
        Assert.Equal(10, Assert.Single(reader.Position([new(topic, 0)])).Offset);

        var ends = new List<PartitionEndReached>();
        reader.PollUntil(() => ends.Count > 0, "the partition's end", batch => ends.AddRange(batch.Events.OfType<PartitionEndReached>()));
        Assert.Equal(new PartitionEndReached(topic, 0, 10), ends[0]);

        reader.Seek(new PartitionOffset(topic, 0, 8));
        Assert.Equal(["8", "9"], reader.ReadValues(2));
        Assert.Equal((0, 10), reader.QueryWatermarks(topic, 0, Timeout));
        Assert.Equal(10, reader.CachedWatermarks(topic, 0).High);
    }

    [Fact]
    public async Task A_paused_partition_stays_silent_and_loses_nothing()
    {
        var topic = await TestTopics.CreateAsync(kafka.Bootstrap, partitions: 2);
        await TestTopics.ProduceAsync(kafka.Bootstrap, topic, 0, "a0");
        await TestTopics.ProduceAsync(kafka.Bootstrap, topic, 1, "b0");
        using var reader = KafkaRecordReader.Create(TestTopics.ReaderConfig(kafka.Bootstrap));
        reader.Assign([new(topic, 0, 0), new(topic, 1, 0)]);
        reader.Pause(new TopicPartition(topic, 0));
        Assert.Equal(["b0"], reader.ReadValues(1));
        await TestTopics.ProduceAsync(kafka.Bootstrap, topic, 0, "a1");
        await TestTopics.ProduceAsync(kafka.Bootstrap, topic, 1, "b1");
        Assert.Equal(["b1"], reader.ReadValues(1));
        reader.Resume(new TopicPartition(topic, 0));
        Assert.Equal(["a0", "a1"], reader.ReadValues(2));
    }

    [Fact]
    public async Task Committed_offsets_keep_their_metadata()
    {
        var topic = await TestTopics.CreateAsync(kafka.Bootstrap, partitions: 2);
        var group = TestTopics.NewName("g");
        using var reader = KafkaRecordReader.Create(TestTopics.ReaderConfig(kafka.Bootstrap, group));
        reader.Assign([new(topic, 0, 0), new(topic, 1, 0)]);
        reader.Commit([new(topic, 0, 42) { Metadata = "checkpoint=17 é" }]);
        var committed = reader.Committed([new(topic, 0), new(topic, 1)], Timeout);
        Assert.Equal((42, "checkpoint=17 é"), (committed[0].Offset, committed[0].Metadata));
        Assert.False(committed[1].HasOffset);

        reader.CommitInBackground([new(topic, 1, 7)]);
        OffsetsCommitted? outcome = null;
        reader.PollUntil(() => outcome is not null, "the commit's outcome", b => outcome ??= b.Events.OfType<OffsetsCommitted>().FirstOrDefault());
        Assert.Null(outcome!.Error);
        Assert.Equal(7, Assert.Single(outcome.Offsets).Offset);
    }

    [Fact]
    public async Task Offsets_are_found_by_time()
    {
        var topic = await TestTopics.CreateAsync(kafka.Bootstrap);
        using (var producer = TestTopics.Producer(kafka.Bootstrap))
        {
            for (var i = 0; i < 5; i++)
                await producer.ProduceAsync(topic, new() { Value = [1], Timestamp = new Timestamp(1_700_000_000_000 + (i * 1000), TimestampType.CreateTime) });
        }

        using var reader = KafkaRecordReader.Create(TestTopics.ReaderConfig(kafka.Bootstrap));
        TopicPartition[] partitions = [new(topic, 0)];
        Assert.Equal(3, reader.OffsetsForTime(partitions, 1_700_000_002_001, Timeout)[0].Offset);
        Assert.Equal(Offset.End.Value, reader.OffsetsForTime(partitions, 1_700_000_009_000, Timeout)[0].Offset);
    }

    [Fact]
    public async Task Batches_outlive_their_reader_and_refuse_use_after_disposal()
    {
        var topic = await TestTopics.CreateAsync(kafka.Bootstrap);
        await TestTopics.ProduceAsync(kafka.Bootstrap, topic, 0, "still here");
        var reader = KafkaRecordReader.Create(TestTopics.ReaderConfig(kafka.Bootstrap));
        reader.Assign([new(topic, 0, 0)]);
        RecordBatch batch;
        while ((batch = reader.ReadBatch(Timeout)).Count == 0)
            batch.Dispose();
        reader.Dispose();
        Assert.Equal("still here", Encoding.UTF8.GetString(batch[0].Value));
        batch.Dispose();
        batch.Dispose();
        Assert.Throws<ObjectDisposedException>(() => batch[0].Offset);
        Assert.Throws<ObjectDisposedException>(() => reader.ReadBatch(TimeSpan.Zero));
    }

    [Fact]
    public async Task Wakeup_ends_a_waiting_read()
    {
        var topic = await TestTopics.CreateAsync(kafka.Bootstrap);
        using var reader = KafkaRecordReader.Create(TestTopics.ReaderConfig(kafka.Bootstrap));
        reader.Assign([new(topic, 0, 0)]);
        var read = Task.Run(() =>
        {
            for (var i = 0; i < 3; i++)
                reader.ReadBatch(TimeSpan.FromMinutes(10)).Dispose();
        });
        while (!read.IsCompleted)
        {
            reader.Wakeup();
            await Task.WhenAny(read, Task.Delay(20));
        }

        await read;
    }

    [Fact]
    public async Task Statistics_arrive_and_an_unknown_topic_is_an_error_event()
    {
        var topic = await TestTopics.CreateAsync(kafka.Bootstrap);
        string? statistics = null;
        using var reader = KafkaRecordReader.Create(new KafkaReaderOptions
        {
            Config = TestTopics.ReaderConfig(kafka.Bootstrap, TestTopics.NewName("g"), ("statistics.interval.ms", "100"), ("allow.auto.create.topics", "false")),
            Statistics = json => statistics = json,
        });
        reader.Subscribe([topic, "no-such-topic"]);
        ReaderError? error = null;
        reader.PollUntil(
            () => statistics is not null && error is not null,
            "statistics and the error",
            b => error ??= b.Events.OfType<ReaderError>().FirstOrDefault());
        Assert.Contains("\"rxmsgs\"", statistics!, StringComparison.Ordinal);
        Assert.Equal(("no-such-topic", ErrorCode.UnknownTopicOrPart), (error!.Topic, error.Error.Code));
        Assert.False(error.IsFatal);
    }

    [Fact]
    public async Task Read_committed_skips_aborted_records()
    {
        var topic = await TestTopics.CreateAsync(kafka.Bootstrap);
        using var producer = TestTopics.Producer(kafka.Bootstrap, TestTopics.NewName("tx"));
        producer.InitTransactions(Timeout);
        foreach (var (value, commit) in new[] { ("a", true), ("b", false), ("c", true) })
        {
            producer.BeginTransaction();
            await producer.ProduceAsync(topic, new() { Value = Encoding.UTF8.GetBytes(value) });
            if (commit)
                producer.CommitTransaction(Timeout);
            else
                producer.AbortTransaction(Timeout);
        }

        using var reader = KafkaRecordReader.Create(TestTopics.ReaderConfig(kafka.Bootstrap));
        reader.Assign([new(topic, 0, 0)]);
        Assert.Equal(["a", "c"], reader.ReadValues(2));
        using var all = KafkaRecordReader.Create(TestTopics.ReaderConfig(kafka.Bootstrap, null, ("isolation.level", "read_uncommitted")));
        all.Assign([new(topic, 0, 0)]);
        Assert.Equal(["a", "b", "c"], all.ReadValues(3));
    }
}
