using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.TestKit;
using Millrace.TestKit.Kafka;

namespace Millrace.Connect.ClickHouse.Tests;

/// <summary>The connector in a worker, reading a real broker.</summary>
public sealed class WorkerTests(ApacheKafka kafka, ServerFixture fixture) : IClassFixture<ApacheKafka>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_topic_arrives_once_though_the_worker_stops_and_starts_and_bad_records_are_dead_lettered()
    {
        var topic = "sink-" + Guid.NewGuid().ToString("N");
        using (var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka.Bootstrap }).Build())
            await admin.CreateTopicsAsync([new TopicSpecification { Name = topic, NumPartitions = 3, ReplicationFactor = 1 }]);
        await fixture.AskAsync("CREATE OR REPLACE TABLE arrived (id Int64, amount Decimal64(2)) ENGINE = MergeTree ORDER BY id");
        var config = fixture.Config(
            ("name", topic), ("connector.class", ClickHouseSinkConnector.ClassName), ("topics", topic), ("tasks.max", "2"), ("exactlyOnce", "true"), ("topic2TableMap", topic + "=arrived"),
            ("errors.tolerance", "all"), ("errors.deadletterqueue.topic.name", topic + "-dlq"), ("consumer.override.auto.offset.reset", "earliest"));
        var options = new ConnectWorkerOptions
        {
            BootstrapServers = kafka.Bootstrap,
            Listener = "http://127.0.0.1:0",
            GroupId = "workers-" + topic,
            ConfigTopic = topic + "-configs",
            OffsetTopic = topic + "-offsets",
            StatusTopic = topic + "-status",
        };
        using var producer = new ProducerBuilder<string, string>(new ProducerConfig { BootstrapServers = kafka.Bootstrap }).Build();
        for (var round = 0; round < 2; round++)
        {
            var worker = await ConnectWorker.StartAsync(options, ClickHouseSinkConnector.AddTo(new ConnectPlugins()), NullLoggerFactory.Instance, Ct);
            await using (worker)
            {
                await worker.PutConnectorAsync(topic, config, Ct);
                for (var i = 0; i < 500; i++)
                    producer.Produce(topic, new Message<string, string> { Key = $"\"{i}\"", Value = $"{{\"id\":{(round * 500) + i},\"amount\":\"1.25\"}}" });
                producer.Produce(topic, new Message<string, string> { Key = "\"bad\"", Value = "{\"id\":\"not a number\"}" });
                producer.Flush(Ct);
                var expected = ((round + 1) * 500).ToString();
                await Eventually.True(async () => await fixture.AskAsync("SELECT uniqExact(id) FROM arrived") == expected, "all records are in ClickHouse", TimeSpan.FromSeconds(60), Ct);
            }
        }

        Assert.Equal("1000\t1250", await fixture.AskAsync("SELECT count(), sum(amount) FROM arrived"));
        using var consumer = new ConsumerBuilder<string, string>(new ConsumerConfig { BootstrapServers = kafka.Bootstrap, GroupId = topic + "-check", AutoOffsetReset = AutoOffsetReset.Earliest }).Build();
        consumer.Assign(new TopicPartitionOffset(topic + "-dlq", 0, Offset.Beginning));
        Assert.Equal("{\"id\":\"not a number\"}", consumer.Consume(TimeSpan.FromSeconds(90))?.Message.Value);
    }
}
