using Confluent.Kafka;
using Millrace.Broker;
using Millrace.TestKit;

namespace Millrace.Kafka.Testing.Tests;

public sealed class EmbeddedKafkaTests
{
    [Fact]
    public async Task Several_run_side_by_side_and_leave_nothing_behind()
    {
        string[] directories;
        await using (var one = await EmbeddedKafka.StartAsync())
        await using (var two = await EmbeddedKafka.StartAsync())
        {
            directories = [one.DataDirectory, two.DataDirectory];
            Assert.NotEqual(one.BootstrapServers, two.BootstrapServers);
            await ProduceAsync(one, "a");
            await ProduceAsync(two, "b");
        }

        Assert.All(directories, static d => Assert.False(Directory.Exists(d)));
    }

    [Fact]
    public async Task A_named_directory_is_kept_and_continued()
    {
        using var directory = new TempDirectory();
        await using (var first = await EmbeddedKafka.StartAsync(o => o.DataDirectory = directory)) Assert.Equal(0, await ProduceAsync(first, "a"));

        await using var second = await EmbeddedKafka.StartAsync(o => o.DataDirectory = directory);
        Assert.Equal(1, await ProduceAsync(second, "b"));
    }

    [Fact]
    public async Task A_setting_out_of_range_is_refused_by_name()
    {
        var error = await Assert.ThrowsAsync<BrokerStartException>(() => EmbeddedKafka.StartAsync(static o => o.Settings["group.max.size"] = "0"));

        Assert.Contains("group.max.size=0", error.Message, StringComparison.Ordinal);
    }

    private static async Task<long> ProduceAsync(EmbeddedKafka kafka, string value)
    {
        using var producer = new ProducerBuilder<Null, string>(new ProducerConfig { BootstrapServers = kafka.BootstrapServers, LingerMs = 0 }).Build();
        return (await producer.ProduceAsync("t", new() { Value = value })).Offset.Value;
    }
}
