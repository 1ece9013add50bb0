using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Millrace.TestKit;
using Millrace.TestKit.Kafka;

namespace Millrace.ClickHouse.Tests;

/// <summary>What ClickHouse's Kafka table engine reads, from our broker and from Apache Kafka.</summary>
public abstract class KafkaEngineRecordsTests<T>(T kafka) : IClassFixture<T>
    where T : class, IKafkaTarget
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Records_arrive()
    {
        var topic = "payments-" + Guid.NewGuid().ToString("N");
        using (var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka.Bootstrap }).Build())
            await admin.CreateTopicsAsync([new TopicSpecification { Name = topic, NumPartitions = 2, ReplicationFactor = 1 }]);
        using var data = new TempDirectory("clickhouse");
        await using var server = await ClickHouseServer.StartAsync(ClickHouseFixture.Options(data), ct: Ct);
        using var http = new HttpClient { BaseAddress = server.Address };
        await http.AskAsync(KafkaEngineTests.Target);
        await http.AskAsync(KafkaEngineTests.Source(kafka.Bootstrap, topic));
        using var producer = new ProducerBuilder<string, string>(new ProducerConfig { BootstrapServers = kafka.Bootstrap }).Build();
        for (var i = 0; i < 500; i++)
            producer.Produce(topic, new Message<string, string> { Key = i.ToString(), Value = Payment(i) });
        producer.Flush(Ct);
        await Eventually.True(async () => await http.AskAsync("SELECT count() FROM transactions_realtime") == "500", "all payments are in ClickHouse", cancellationToken: Ct);
        Assert.Equal("500\t6237.5", await http.AskAsync("SELECT uniqExact(transaction_id), sum(amount) FROM transactions_realtime"));
    }

    // Of now: the table's TTL drops older ones.
    private static string Payment(int i) => new StringBuilder("{\"transaction_id\":\"").Append(new Guid(i, 0, 0, new byte[8]))
        .Append("\",\"account_id\":").Append(i % 7).Append(",\"amount\":").Append(i / 20m).Append(",\"created_at\":\"").Append(TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd HH:mm:ss.fff")).Append("\"}").ToString();
}

public sealed class KafkaEngineWithMillraceTests(EmbeddedBroker kafka) : KafkaEngineRecordsTests<EmbeddedBroker>(kafka);

public sealed class KafkaEngineWithApacheKafkaTests(ApacheKafka kafka) : KafkaEngineRecordsTests<ApacheKafka>(kafka);
