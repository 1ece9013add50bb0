using Millrace.Kafka.Testing;
using Millrace.TestKit;
using Millrace.TestKit.Kafka;

namespace Millrace.Console.Tests.Support;

/// <summary>
/// A console over a Kafka with the bank's traffic: the embedded broker, or the Apache Kafka of MILLRACE_TEST_BOOTSTRAP or MILLRACE_TEST_KAFKA_HOME with
/// MILLRACE_TEST_CONSOLE_ON=apache. Connect and Flink are stand-ins that answer as the real ones were seen to.
/// </summary>
public sealed class PlatformFixture : IAsyncLifetime
{
    private readonly List<IAsyncDisposable> _parts = [];
    private readonly TempDirectory _dashboards = new("dashboards");

    public ConsoleServer Console { get; private set; } = null!;

    public string Bootstrap { get; private set; } = "";

    public ConnectStandIn Connect { get; } = new();

    public async ValueTask InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable("MILLRACE_TEST_CONSOLE_ON") == "apache")
        {
            var apache = new ApacheKafka();
            await apache.InitializeAsync();
            Bootstrap = apache.Bootstrap;
        }
        else
        {
            var kafka = Add(await EmbeddedKafka.StartAsync());
            Bootstrap = kafka.BootstrapServers;
        }

        Add(await BankTraffic.StartAsync(Bootstrap));
        var tables = Add(await BankTables.StartAsync());
        var connect = Add(await StandIn.StartAsync(Connect.Answer));
        var flink = Add(await StandIn.StartAsync(new FlinkStandIn().Answer));
        Console = Add(await ConsoleServer.StartAsync(new ConsoleOptions
        {
            Listen = "127.0.0.1:0",
            Bootstrap = Bootstrap,
            ConnectUrl = connect.Url,
            StreamsUrl = flink.Url,
            ClickHouseUrl = tables.Address.ToString(),
            DashboardsDirectory = _dashboards,
            SampleInterval = TimeSpan.FromMilliseconds(500),
        }));
    }

    public async ValueTask DisposeAsync()
    {
        for (var i = _parts.Count - 1; i >= 0; i--) await _parts[i].DisposeAsync();
        _dashboards.Dispose();
    }

    private T Add<T>(T part)
        where T : IAsyncDisposable
    {
        _parts.Add(part);
        return part;
    }
}
