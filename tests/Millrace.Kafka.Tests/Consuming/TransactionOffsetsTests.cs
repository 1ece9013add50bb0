using Confluent.Kafka;
using Millrace.Kafka.Consuming;
using Millrace.Kafka.Producing;
using Millrace.Kafka.Tests.Support;
using Millrace.TestKit.Kafka;

namespace Millrace.Kafka.Tests.Consuming;

public sealed class TransactionOffsetsTestsOnApacheKafka(ApacheKafka kafka) : TransactionOffsetsTests<ApacheKafka>(kafka);

public sealed class TransactionOffsetsTestsOnEmbeddedBroker(EmbeddedBroker kafka) : TransactionOffsetsTests<EmbeddedBroker>(kafka);

public abstract class TransactionOffsetsTests<TKafka>(TKafka kafka) : IClassFixture<TKafka>
    where TKafka : class, IKafkaTarget
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task Offsets_and_their_metadata_become_visible_with_the_commit_and_never_with_an_abort()
    {
        var topic = await TestTopics.CreateAsync(kafka.Bootstrap, partitions: 2);
        var group = TestTopics.NewName("g");
        using var producer = TestTopics.Producer(kafka.Bootstrap, TestTopics.NewName("tx"));
        producer.InitTransactions(Timeout);
        using var metadata = GroupMetadata.ForGroup(group);
        using var reader = KafkaRecordReader.Create(TestTopics.ReaderConfig(kafka.Bootstrap, group));

        producer.BeginTransaction();
        producer.Produce(new TopicPartition(topic, 1), new() { Value = [1] });
        producer.SendOffsets([new(topic, 0, 5) { Metadata = "checkpoint-1" }, new(topic, 1, 9)], metadata, Timeout);
        producer.CommitTransaction(Timeout);
        var committed = reader.Committed([new(topic, 0), new(topic, 1)], Timeout);
        Assert.Equal((5, "checkpoint-1"), (committed[0].Offset, committed[0].Metadata));
        Assert.Equal(9, committed[1].Offset);

        producer.BeginTransaction();
        producer.SendOffsets([new(topic, 0, 6) { Metadata = "checkpoint-2" }], metadata, Timeout);
        producer.AbortTransaction(Timeout);
        committed = reader.Committed([new(topic, 0)], Timeout);
        Assert.Equal((5, "checkpoint-1"), (committed[0].Offset, committed[0].Metadata));
    }

    [Fact]
    public async Task A_member_that_has_left_the_group_is_refused()
    {
        var topic = await TestTopics.CreateAsync(kafka.Bootstrap);
        var group = TestTopics.NewName("g");
        using var producer = TestTopics.Producer(kafka.Bootstrap, TestTopics.NewName("tx"));
        producer.InitTransactions(Timeout);
        GroupMetadata stale;
        using (var reader = KafkaRecordReader.Create(TestTopics.ReaderConfig(kafka.Bootstrap, group)))
        {
            reader.Subscribe([topic]);
            reader.PollUntil(() => reader.Assignment.Count == 1, "the assignment");
            stale = reader.GetGroupMetadata();
            producer.BeginTransaction();
            producer.SendOffsets([new(topic, 0, 1) { Metadata = "as a member" }], stale, Timeout);
            producer.CommitTransaction(Timeout);
            Assert.Equal("as a member", reader.Committed([new(topic, 0)], Timeout)[0].Metadata);
        }

        using (stale)
        {
            producer.BeginTransaction();
            Assert.Throws<KafkaTxnRequiresAbortException>(() => producer.SendOffsets([new(topic, 0, 2)], stale, Timeout));
            producer.AbortTransaction(Timeout);
        }

        Assert.Throws<ObjectDisposedException>(() => producer.SendOffsets([new(topic, 0, 2)], stale, Timeout));
    }
}
