namespace Millrace.Kafka.Testing.Tests;

public sealed class ExternalKafkaTests
{
    [Fact]
    public async Task The_same_object_can_stand_for_a_kafka_that_runs_elsewhere()
    {
        await using var elsewhere = await EmbeddedKafka.StartAsync();
        await using var kafka = await EmbeddedKafka.StartAsync(o => o.ExternalBootstrapServers = elsewhere.BootstrapServers);

        using (var producer = Clients.Producer(kafka)) await producer.ProduceAsync("t", new() { Value = "x" });

        Assert.True(kafka.IsExternal);
        Assert.Equal(["x"], Clients.ReadAll(elsewhere, "t"));
        Assert.Contains("ExternalBootstrapServers", Assert.Throws<NotSupportedException>(() => kafka.Faults).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<NotSupportedException>(() => kafka.StopBrokerAsync(1));
    }
}
