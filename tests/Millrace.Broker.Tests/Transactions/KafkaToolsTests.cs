using Confluent.Kafka;
using Millrace.Broker.Tests.Groups;
using Millrace.Kafka.Testing;
using Millrace.TestKit;
using Millrace.TestKit.Kafka;

namespace Millrace.Broker.Tests.Transactions;

/// <summary>Apache Kafka's own tools on our coordinators and on the files that they write.</summary>
public sealed class KafkaToolsTests
{
    private static readonly Dictionary<string, string?> SmallHeap = new() { ["KAFKA_HEAP_OPTS"] = "-Xmx128m" };

    [Fact]
    public async Task Kafkas_tools_see_groups_and_transactions_and_read_both_internal_topics()
    {
        var dump = ApacheKafka.Tool("kafka-dump-log.sh");
        await using var kafka = await EmbeddedKafka.StartAsync();
        var topic = await ClientKit.CreateTopicAsync(kafka.BootstrapServers);
        var (group, id) = (ClientKit.Name("g"), ClientKit.Name("tx"));
        await using var modern = ClientKit.Modern(kafka.BootstrapServers, group + "-new").Start("^" + topic);
        await modern.HasAsync(1);
        await using var member = ClientKit.Consumer(kafka.BootstrapServers, group).Start(topic);
        await member.HasAsync(1);
        using var producer = ClientKit.Producer(kafka.BootstrapServers, id);
        producer.InitTransactions(ClientKit.Timeout);
        producer.BeginTransaction();
        await producer.ProduceAsync(topic, new() { Key = "k", Value = "v" });
        producer.SendOffsetsToTransaction([new TopicPartitionOffset(topic, 0, 1)], member.Client.ConsumerGroupMetadata, ClientKit.Timeout);
        producer.CommitTransaction(ClientKit.Timeout);

        var described = await RunAsync(
            ApacheKafka.Tool("kafka-consumer-groups.sh"), "--bootstrap-server", kafka.BootstrapServers, "--describe", "--group", group);
        Assert.Matches($@"{group}\s+{topic}\s+0\s+1\s+2\s+1\s+test|{group}\s+{topic}\s+0\s+1\s+2\s+1\s+rdkafka", described);
        var transactions = await RunAsync(
            ApacheKafka.Tool("kafka-transactions.sh"), "--bootstrap-server", kafka.BootstrapServers, "describe", "--transactional-id", id);
        Assert.Contains("CompleteCommit", transactions, StringComparison.Ordinal);

        var all = await RunAsync(dump, "--offsets-decoder", "--files", string.Join(',', Logs(kafka.DataDirectory, "__consumer_offsets-*")));
        foreach (var type in new[] { 3, 5, 6, 7, 8, 16 }) Assert.Contains($"\"type\":\"{type}\",\"data\":{{\"groupId\":\"{group}-new\"", all, StringComparison.Ordinal);
        Assert.Matches($"\"subscribedTopicRegex\":\"[^\"]*{topic}", all);
        Assert.Contains("\"partitions\":[0],\"assignmentEpochs\":[2]", all, StringComparison.Ordinal);
        Assert.Contains($"\"group\":\"{group}\",\"topic\":\"{topic}\",\"partition\":0", all, StringComparison.Ordinal);
        Assert.Contains("\"protocolType\":\"consumer\"", all, StringComparison.Ordinal);
        Assert.Contains("endTxnMarker: COMMIT", all, StringComparison.Ordinal);
        var states = await RunAsync(dump, "--transaction-log-decoder", "--files", Largest(kafka.DataDirectory, "__transaction_state-*"));
        Assert.Contains($"\"transactionalId\":\"{id}\"", states, StringComparison.Ordinal);
        Assert.Contains("\"transactionStatus\":4", states, StringComparison.Ordinal);
    }

    private static async Task<string> RunAsync(string tool, params string[] arguments)
    {
        var (code, output) = await ChildProcess.RunAsync(tool, arguments, SmallHeap);
        Assert.True(code == 0, output);
        return output;
    }

    private static string Largest(string directory, string partitions) => Logs(directory, partitions).MaxBy(static f => new FileInfo(f).Length)!;

    private static IEnumerable<string> Logs(string directory, string partitions) =>
        Directory.GetDirectories(directory, partitions).SelectMany(static d => Directory.GetFiles(d, "*.log")).Where(static f => new FileInfo(f).Length > 0);
}
