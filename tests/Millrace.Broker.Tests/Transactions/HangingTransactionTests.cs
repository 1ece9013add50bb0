using Confluent.Kafka;
using Millrace.Broker.Tests.Groups;
using Millrace.Broker.Tests.Server;
using Millrace.Protocol.Messages;
using ErrorCode = Millrace.Protocol.ErrorCode;

namespace Millrace.Broker.Tests.Transactions;

/// <summary>An end marker that the machine lost with its power: the log ends before it, the coordinator knows the transaction as complete.</summary>
public sealed class HangingTransactionTests
{
    private const int MarkerSize = 78;

    [Fact]
    public async Task A_transaction_whose_marker_is_lost_is_told_at_the_start_and_an_administrator_can_end_it()
    {
        await using var broker = await TestBroker.StartAsync();
        string topic = await ClientKit.CreateTopicAsync(broker.Bootstrap);
        using (var producer = ClientKit.Producer(broker.Bootstrap, "pay"))
        {
            producer.InitTransactions(ClientKit.Timeout);
            producer.BeginTransaction();
            await producer.ProduceAsync(topic, new() { Key = "k", Value = "v" }, TestContext.Current.CancellationToken);
            producer.CommitTransaction(ClientKit.Timeout);
        }

        Assert.DoesNotContain("hangs", broker.Log.ToString(), StringComparison.Ordinal);
        await broker.RestartAsync(() => LoseTheEnd(Path.Combine(broker.DataDirectory, $"{topic}-0"), broker.DataDirectory));

        string told = broker.Log.ToString();
        Assert.Contains($"{topic}-0: a transaction of producer 0, epoch 0, hangs from offset 0 on", told, StringComparison.Ordinal);
        Assert.Contains("pay is in CompleteCommit", told, StringComparison.Ordinal);
        Assert.Contains($"abort --topic {topic} --partition 0 --start-offset 0", told, StringComparison.Ordinal);
        var ended = await broker.AskAsync(new WriteTxnMarkersRequest
        {
            Markers = [new() { ProducerId = 0, ProducerEpoch = 0, TransactionResult = true, CoordinatorEpoch = 0, Topics = [new() { Name = topic, PartitionIndexes = [0] }] }],
        }, 1);
        Assert.Equal(ErrorCode.None, ended.Markers[0].Topics[0].Partitions[0].ErrorCode);
        Assert.Equal(["v"], ClientKit.ReadAll(broker.Bootstrap, topic));
    }

    private static void LoseTheEnd(string partition, string data)
    {
        string log = Directory.GetFiles(partition, "*.log").Single();
        using (var file = File.OpenWrite(log)) file.SetLength(file.Length - MarkerSize);
        foreach (string snapshot in Directory.GetFiles(partition, "*.snapshot")) File.Delete(snapshot);
        foreach (string clean in Directory.GetFiles(data, ".kafka_cleanshutdown")) File.Delete(clean);
        foreach (string checkpoint in Directory.GetFiles(data, "recovery-point-offset-checkpoint")) File.Delete(checkpoint);
    }
}
