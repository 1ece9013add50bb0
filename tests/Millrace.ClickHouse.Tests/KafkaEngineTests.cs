using System.Diagnostics;
using System.Net;
using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Millrace.TestKit;
using Millrace.TestKit.Kafka;

namespace Millrace.ClickHouse.Tests;

/// <summary>ClickHouse's own Kafka table engine, with DDL as operators write it.</summary>
public sealed class KafkaEngineTests(ApacheKafka kafka) : IClassFixture<ApacheKafka>
{
    private const string Target = """
        CREATE TABLE payments_realtime (
            transaction_id UUID,
            account_id UInt64,
            amount Decimal64(2),
            currency LowCardinality(String),
            created_at DateTime64(3, 'Asia/Seoul')
        ) ENGINE = MergeTree()
        PARTITION BY toYYYYMMDD(created_at)
        ORDER BY (account_id, created_at)
        TTL created_at + INTERVAL 90 DAY;
        """;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Tables_with_brokers_that_do_not_exist_are_created_and_hold_up_nothing()
    {
        using var data = new TempDirectory("clickhouse");
        await using var server = await ClickHouseServer.StartAsync(ClickHouseFixture.Options(data), ct: Ct);
        using var http = new HttpClient { BaseAddress = server.Address };
        await http.AskAsync(Target);
        await http.AskAsync(Source("nowhere1.invalid:9092,nowhere2.invalid:9092", "payments"));
        Assert.Equal("0", await http.AskAsync("SELECT count() FROM payments_realtime"));
        Assert.Equal("3", await http.AskAsync("SELECT count() FROM system.tables WHERE database = 'default'"));
        await Eventually.True(
            async () => (await http.AskAsync("SELECT toString(exceptions.text) FROM system.kafka_consumers")).Contains("resolve", StringComparison.Ordinal),
            "the consumer's error is seen in system.kafka_consumers", cancellationToken: Ct);
        // They are there again after a crash, and still hold up nothing.
        using (var engine = Process.GetProcessById(server.EngineProcessId))
            engine.Kill();
        await Eventually.True(() => server is { EngineRestarts: 1, EngineProcessId: > 0 }, "the engine is started again", cancellationToken: Ct);
        Assert.Equal("3", await http.AskAsync("SELECT count() FROM system.tables WHERE database = 'default'"));
        await http.AskAsync("DROP TABLE payments_mv; DROP TABLE payments_kafka; DROP TABLE payments_realtime");
    }

    [Fact]
    public async Task Records_of_a_real_broker_arrive()
    {
        var topic = "payments-" + Guid.NewGuid().ToString("N");
        using (var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka.Bootstrap }).Build())
            await admin.CreateTopicsAsync([new TopicSpecification { Name = topic, NumPartitions = 2, ReplicationFactor = 1 }]);
        using var data = new TempDirectory("clickhouse");
        await using var server = await ClickHouseServer.StartAsync(ClickHouseFixture.Options(data), ct: Ct);
        using var http = new HttpClient { BaseAddress = server.Address };
        await http.AskAsync(Target);
        await http.AskAsync(Source(kafka.Bootstrap, topic));
        using var producer = new ProducerBuilder<string, string>(new ProducerConfig { BootstrapServers = kafka.Bootstrap }).Build();
        for (var i = 0; i < 500; i++)
            producer.Produce(topic, new Message<string, string> { Key = i.ToString(), Value = Payment(i) });
        producer.Flush(Ct);
        await Eventually.True(async () => await http.AskAsync("SELECT count() FROM payments_realtime") == "500", "all payments are in ClickHouse", TimeSpan.FromSeconds(60), Ct);
        Assert.Equal("500\t6237.5", await http.AskAsync("SELECT uniqExact(transaction_id), sum(amount) FROM payments_realtime"));
    }

    private static string Source(string brokers, string topic) => $"""
        CREATE TABLE payments_kafka (
            transaction_id UUID,
            account_id UInt64,
            amount Decimal64(2),
            created_at DateTime64(3)
        ) ENGINE = Kafka()
        SETTINGS
            kafka_broker_list = '{brokers}',
            kafka_topic_list = '{topic}',
            kafka_group_name = 'clickhouse-{topic}',
            kafka_format = 'JSONEachRow',
            kafka_flush_interval_ms = 200;

        CREATE MATERIALIZED VIEW payments_mv TO payments_realtime AS
        SELECT * FROM payments_kafka;
        """;

    // Of now: the table's TTL drops older ones.
    private static string Payment(int i) => new StringBuilder("{\"transaction_id\":\"").Append(new Guid(i, 0, 0, new byte[8]))
        .Append("\",\"account_id\":").Append(i % 7).Append(",\"amount\":").Append(i / 20m).Append(",\"created_at\":\"").Append(TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd HH:mm:ss.fff")).Append("\"}").ToString();
}
