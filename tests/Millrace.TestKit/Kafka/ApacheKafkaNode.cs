namespace Millrace.TestKit.Kafka;

/// <summary>One combined broker and controller of Apache Kafka in KRaft mode, on loopback.</summary>
public sealed class ApacheKafkaNode : IAsyncDisposable
{
    private readonly TempDirectory _directory;
    private readonly ChildProcess _process;

    private ApacheKafkaNode(TempDirectory directory, ChildProcess process, string bootstrap)
    {
        _directory = directory;
        _process = process;
        Bootstrap = bootstrap;
    }

    public string Bootstrap { get; }

    public string DataDirectory => _directory.Combine("data");

    public ChildProcess Process => _process;

    /// <summary>Formats a new log directory and starts the node.</summary>
    public static async Task<ApacheKafkaNode> StartAsync(string home, params IEnumerable<string> extraProperties)
    {
        var directory = new TempDirectory("kafka");
        var (port, controller) = (FreePort.Next(), FreePort.Next());
        var properties = directory.Combine("server.properties");
        string[] lines =
        [
            "process.roles=broker,controller",
            "node.id=1",
            $"controller.quorum.voters=1@127.0.0.1:{controller}",
            $"listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}",
            $"advertised.listeners=PLAINTEXT://127.0.0.1:{port}",
            "controller.listener.names=CONTROLLER",
            "inter.broker.listener.name=PLAINTEXT",
            "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            $"log.dirs={directory.Combine("data")}",
            "offsets.topic.replication.factor=1",
            "offsets.topic.num.partitions=10",
            "transaction.state.log.replication.factor=1",
            "transaction.state.log.num.partitions=10",
            "transaction.state.log.min.isr=1",
            "share.coordinator.state.topic.replication.factor=1",
            "share.coordinator.state.topic.min.isr=1",
            "group.initial.rebalance.delay.ms=0",
            .. extraProperties,
        ];
        await File.WriteAllLinesAsync(properties, lines);

        var environment = new Dictionary<string, string?> { ["KAFKA_HEAP_OPTS"] = "-Xms256m -Xmx512m", ["LOG_DIR"] = directory.Combine("logs") };
        var tool = Path.Combine(home, "bin");
        var (code, output) = await ChildProcess.RunAsync(
            Path.Combine(tool, "kafka-storage.sh"), ["format", "-t", "MkU3OEVBNTcwNTJENDM2Qk", "-c", properties], environment);
        if (code != 0) throw new InvalidOperationException($"kafka-storage.sh format failed with {code}:\n{output}");

        var process = await ChildProcess.StartAsync(Path.Combine(tool, "kafka-server-start.sh"), [properties], environment);
        await Eventually.True(
            async () => process.HasExited || await FreePort.IsOpenAsync(port),
            $"Kafka's port {port} open; it said:\n{process.OutputText}",
            TimeSpan.FromMinutes(2));
        if (process.HasExited) throw new InvalidOperationException($"Kafka ended with code {process.ExitCode}:\n{process.OutputText}");
        return new ApacheKafkaNode(directory, process, $"127.0.0.1:{port}");
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _directory.Dispose();
    }
}
