using System.Diagnostics;
using Millrace.TestKit;

namespace Millrace.ClickHouse.Tests;

/// <summary>ClickHouse's own Kafka table engine, with DDL as operators write it.</summary>
public sealed class KafkaEngineTests
{
    internal static readonly string Target = Statement("transactions_realtime.sql");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Tables_with_brokers_that_do_not_exist_are_created_and_hold_up_nothing()
    {
        using var data = new TempDirectory("clickhouse");
        await using var server = await ClickHouseServer.StartAsync(ClickHouseFixture.Options(data), ct: Ct);
        using var http = new HttpClient { BaseAddress = server.Address };
        await http.AskAsync(Target);
        await http.AskAsync(Source("nowhere1.invalid:9092,nowhere2.invalid:9092", "payments"));
        Assert.Equal("0", await http.AskAsync("SELECT count() FROM transactions_realtime"));
        Assert.Equal("3", await http.AskAsync("SELECT count() FROM system.tables WHERE database = 'default'"));
        await Eventually.True(
            async () => (await http.AskAsync("SELECT toString(exceptions.text) FROM system.kafka_consumers")).Contains("resolve", StringComparison.Ordinal),
            "the consumer's error is seen in system.kafka_consumers", cancellationToken: Ct);
        // They are there again after a crash, and still hold up nothing.
        using (var engine = Process.GetProcessById(server.EngineProcessId))
            engine.Kill();
        await Eventually.True(() => server is { EngineRestarts: 1, EngineProcessId: > 0 }, "the engine is started again", cancellationToken: Ct);
        Assert.Equal("3", await http.AskAsync("SELECT count() FROM system.tables WHERE database = 'default'"));
        await http.AskAsync("DROP TABLE transactions_mv; DROP TABLE transactions_kafka; DROP TABLE transactions_realtime");
    }

    // As it stands, but for the addresses.
    internal static string Source(string brokers, string topic) => Statement("transactions_kafka.sql")
        .Replace("'kafka1:9092,kafka2:9092'", $"'{brokers}'", StringComparison.Ordinal).Replace("'transactions'", $"'{topic}'", StringComparison.Ordinal);

    private static string Statement(string file) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, file));
}
