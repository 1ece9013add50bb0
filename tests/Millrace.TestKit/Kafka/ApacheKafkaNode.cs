namespace Millrace.TestKit.Kafka;

/// <summary>One combined broker and controller of Apache Kafka in KRaft mode, on loopback.</summary>
public sealed class ApacheKafkaNode : IAsyncDisposable
{
    private readonly TempDirectory _directory;
    private readonly string _home;
    private ChildProcess _process;

    private ApacheKafkaNode(TempDirectory directory, string home, ChildProcess process, string bootstrap)
    {
        _directory = directory;
        _home = home;
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

        var (code, output) = await ChildProcess.RunAsync(
            Path.Combine(home, "bin", "kafka-storage.sh"), ["format", "-t", "MkU3OEVBNTcwNTJENDM2Qk", "-c", properties], Environment(directory));
        if (code != 0) throw new InvalidOperationException($"kafka-storage.sh format failed with {code}:\n{output}");
        return new ApacheKafkaNode(directory, home, await RunAsync(home, directory, port), $"127.0.0.1:{port}");
    }

    /// <summary>Stops the node cleanly. Its data stay.</summary>
    public Task<int> StopAsync() => _process.TerminateAsync(TimeSpan.FromMinutes(1));

    /// <summary>Starts the stopped node again on the same data and ports.</summary>
    public async Task RestartAsync()
    {
        await _process.DisposeAsync();
        _process = await RunAsync(_home, _directory, int.Parse(Bootstrap.AsSpan(Bootstrap.IndexOf(':', StringComparison.Ordinal) + 1)));
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _directory.Dispose();
    }

    private static Dictionary<string, string?> Environment(TempDirectory directory)
        => new() { ["KAFKA_HEAP_OPTS"] = "-Xms256m -Xmx512m", ["LOG_DIR"] = directory.Combine("logs") };

    private static async Task<ChildProcess> RunAsync(string home, TempDirectory directory, int port)
    {
        var process = await ChildProcess.StartAsync(
            Path.Combine(home, "bin", "kafka-server-start.sh"), [directory.Combine("server.properties")], Environment(directory));
        await Eventually.True(
            async () => process.HasExited || await FreePort.IsOpenAsync(port),
            $"Kafka's port {port} open; it said:\n{process.OutputText}",
            TimeSpan.FromMinutes(2));
        return process.HasExited ? throw new InvalidOperationException($"Kafka ended with code {process.ExitCode}:\n{process.OutputText}") : process;
    }
}
