using Confluent.Kafka;
using Millrace.Broker.Tests.Groups;
using Millrace.TestKit;
using Millrace.TestKit.Kafka;

namespace Millrace.Broker.Tests.Transactions;

public sealed class TransactionTestsOnMillrace(EmbeddedBroker kafka) : TransactionIntegrationTests<EmbeddedBroker>(kafka);

public sealed class TransactionTestsOnApacheKafka(ApacheKafka kafka) : TransactionIntegrationTests<ApacheKafka>(kafka);

/// <summary>Transactions through librdkafka; the same on our broker and on Apache Kafka.</summary>
public abstract class TransactionIntegrationTests<TKafka>(TKafka kafka) : IClassFixture<TKafka>
    where TKafka : class, IKafkaTarget
{
    [Fact]
    public async Task Readers_of_committed_records_see_commits_and_never_aborts()
    {
        var topic = await ClientKit.CreateTopicAsync(kafka.Bootstrap, 3);
        using var producer = ClientKit.Producer(kafka.Bootstrap, ClientKit.Name("tx"));
        producer.InitTransactions(ClientKit.Timeout);
        for (var round = 0; round < 6; round++)
        {
            producer.BeginTransaction();
            for (var i = 0; i < 3; i++) producer.Produce(new TopicPartition(topic, i), new() { Key = "k", Value = $"{round}-{i}" });
            // An abort would drop what is still in the producer's queue.
            producer.Flush(ClientKit.Timeout);
            if (round % 2 == 0) producer.CommitTransaction(ClientKit.Timeout);
            else producer.AbortTransaction(ClientKit.Timeout);
        }

        var committed = ClientKit.ReadAll(kafka.Bootstrap, topic);
        Assert.Equal(["0-0", "0-1", "0-2", "2-0", "2-1", "2-2", "4-0", "4-1", "4-2"], committed.Order(StringComparer.Ordinal));
        Assert.True(ClientKit.ReadAll(kafka.Bootstrap, topic, IsolationLevel.ReadUncommitted).Count > committed.Count);
    }

    [Fact]
    public async Task An_open_transaction_holds_readers_back_until_it_ends()
    {
        var topic = await ClientKit.CreateTopicAsync(kafka.Bootstrap);
        using var producer = ClientKit.Producer(kafka.Bootstrap, ClientKit.Name("tx"));
        producer.InitTransactions(ClientKit.Timeout);
        producer.BeginTransaction();
        await producer.ProduceAsync(topic, new() { Key = "k", Value = "open" });
        using (var other = ClientKit.Producer(kafka.Bootstrap)) await other.ProduceAsync(topic, new() { Key = "k", Value = "behind it" });

        Assert.Empty(ClientKit.ReadAll(kafka.Bootstrap, topic));
        producer.CommitTransaction(ClientKit.Timeout);

        await Eventually.True(() => ClientKit.ReadAll(kafka.Bootstrap, topic).Count == 2, "both records");
    }

    [Fact]
    public async Task A_new_producer_with_the_same_id_fences_the_old_one_and_aborts_its_transaction()
    {
        var topic = await ClientKit.CreateTopicAsync(kafka.Bootstrap);
        var id = ClientKit.Name("tx");
        using var old = ClientKit.Producer(kafka.Bootstrap, id);
        old.InitTransactions(ClientKit.Timeout);
        old.BeginTransaction();
        await old.ProduceAsync(topic, new() { Key = "k", Value = "zombie" });

        using var successor = ClientKit.Producer(kafka.Bootstrap, id);
        successor.InitTransactions(ClientKit.Timeout);
        successor.BeginTransaction();
        await successor.ProduceAsync(topic, new() { Key = "k", Value = "new" });
        successor.CommitTransaction(ClientKit.Timeout);

        var fenced = Assert.Throws<KafkaException>(() => old.CommitTransaction(ClientKit.Timeout));
        Assert.True(fenced.Error.IsFatal, fenced.Message);
        Assert.Equal(["new"], ClientKit.ReadAll(kafka.Bootstrap, topic));
    }

    [Fact]
    public async Task A_transaction_that_stays_open_too_long_is_aborted()
    {
        var topic = await ClientKit.CreateTopicAsync(kafka.Bootstrap);
        using var slow = ClientKit.Producer(kafka.Bootstrap, ClientKit.Name("tx"), timeoutMs: 2_000);
        slow.InitTransactions(ClientKit.Timeout);
        slow.BeginTransaction();
        await slow.ProduceAsync(topic, new() { Key = "k", Value = "too late" });
        using (var other = ClientKit.Producer(kafka.Bootstrap)) await other.ProduceAsync(topic, new() { Key = "k", Value = "free" });

        await Eventually.True(() => ClientKit.ReadAll(kafka.Bootstrap, topic) is ["free"], "the coordinator aborts");
        var error = Assert.ThrowsAny<KafkaException>(() => slow.CommitTransaction(ClientKit.Timeout));
        Assert.True(error.Error.IsFatal || error is KafkaTxnRequiresAbortException, error.ToString());
    }

    [Fact]
    public async Task Offsets_in_a_transaction_count_with_its_commit()
    {
        var source = await ClientKit.CreateTopicAsync(kafka.Bootstrap);
        var group = ClientKit.Name("g");
        using var producer = ClientKit.Producer(kafka.Bootstrap, ClientKit.Name("tx"));
        await using var consumer = ClientKit.Consumer(kafka.Bootstrap, group).Start(source);
        await consumer.HasAsync(1);
        producer.InitTransactions(ClientKit.Timeout);
        TopicPartition[] partition = [new TopicPartition(source, 0)];

        producer.BeginTransaction();
        producer.SendOffsetsToTransaction([new TopicPartitionOffset(source, 0, 5)], consumer.Client.ConsumerGroupMetadata, ClientKit.Timeout);
        producer.AbortTransaction(ClientKit.Timeout);
        Assert.Equal(Offset.Unset, consumer.Client.Committed(partition, ClientKit.Timeout)[0].Offset);

        producer.BeginTransaction();
        producer.SendOffsetsToTransaction([new TopicPartitionOffset(source, 0, 6)], consumer.Client.ConsumerGroupMetadata, ClientKit.Timeout);
        producer.CommitTransaction(ClientKit.Timeout);
        Assert.Equal(6, consumer.Client.Committed(partition, ClientKit.Timeout)[0].Offset);
    }

    [Fact]
    public async Task Consume_transform_produce_is_exactly_once_across_aborts_and_restarts()
    {
        const int records = 200;
        var (source, sink) = (await ClientKit.CreateTopicAsync(kafka.Bootstrap, 2), await ClientKit.CreateTopicAsync(kafka.Bootstrap, 2));
        var (group, id) = (ClientKit.Name("g"), ClientKit.Name("tx"));
        using (var producer = ClientKit.Producer(kafka.Bootstrap))
        {
            for (var i = 0; i < records; i++) producer.Produce(new TopicPartition(source, i % 2), new() { Key = $"{i}", Value = $"{i}" });
            producer.Flush(ClientKit.Timeout);
        }

        var random = new Random(7);
        for (var incarnation = 0; incarnation < 20; incarnation++)
        {
            if (ExactlyOnceStep.Run(kafka.Bootstrap, source, sink, group, id, random)) break;
        }

        var copied = ClientKit.ReadAll(kafka.Bootstrap, sink);
        Assert.Equal(Enumerable.Range(0, records), copied.Select(int.Parse).Order());
    }
}
