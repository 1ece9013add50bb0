using Millrace.TestKit;
using Millrace.TestKit.Kafka;

namespace Millrace.Broker.Tests.Conformance;

/// <summary>Clients in other languages, as programs: kcat, python3-kafka, python3-confluent-kafka, kafkajs, Kafka's own tools.</summary>
public abstract class ForeignClientTests<TTarget>(TTarget target)
    where TTarget : IKafkaTarget
{
    /// <summary>The distribution's own Python, which has the packages python3-kafka and python3-confluent-kafka.</summary>
    private const string Python = "/usr/bin/python3";

    private readonly string _topic = "foreign-" + Guid.NewGuid().ToString("N")[..8];

    [Theory]
    [InlineData("none")]
    [InlineData("gzip")]
    [InlineData("snappy")]
    [InlineData("lz4")]
    [InlineData("zstd")]
    public async Task Kcat_produces_and_consumes(string codec)
    {
        string kcat = InstalledProgram.Require("kcat");
        using var directory = new TempDirectory("kcat");
        string input = directory.Combine("in");
        await File.WriteAllTextAsync(input, "k1:v1\nk2:v2\nk3:v3\n", TestContext.Current.CancellationToken);
        await RunAsync(kcat, "-b", target.Bootstrap, "-t", _topic, "-P", "-K:", "-z", codec, "-l", input);
        string output = await RunAsync(kcat, "-b", target.Bootstrap, "-t", _topic, "-C", "-e", "-q", "-o", "beginning", "-K:");
        Assert.Equal(["k1:v1", "k2:v2", "k3:v3"], Lines(output));
        Assert.Contains(_topic, await RunAsync(kcat, "-b", target.Bootstrap, "-L"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Python3_kafka_produces_consumes_in_a_group_and_administers()
    {
        await RequireModuleAsync("kafka", "python3-kafka");
        string output = await RunAsync(Python, "-c", Scripts.PythonKafka, target.Bootstrap, _topic);
        Assert.Contains("consumed 100", output, StringComparison.Ordinal);
        Assert.Contains("created", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Python3_confluent_kafka_produces_transactionally_and_consumes_in_a_group()
    {
        await RequireModuleAsync("confluent_kafka", "python3-confluent-kafka");
        string output = await RunAsync(Python, "-c", Scripts.PythonConfluent, target.Bootstrap, _topic);
        Assert.Contains("consumed 300", output, StringComparison.Ordinal);
        Assert.Contains("deleted", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Kafkajs_produces_consumes_in_a_group_and_administers()
    {
        string node = InstalledProgram.Require("node");
        string modules = await KafkaJs.InstallAsync();
        using var directory = new TempDirectory("kafkajs");
        string script = directory.Combine("run.js");
        await File.WriteAllTextAsync(script, Scripts.KafkaJs, TestContext.Current.CancellationToken);
        var (code, output) = await ChildProcess.RunAsync(node, [script, target.Bootstrap, _topic], new Dictionary<string, string?> { ["NODE_PATH"] = modules }, TimeSpan.FromMinutes(2));
        Assert.True(code == 0, output);
        Assert.Contains("consumed 100", output, StringComparison.Ordinal);
        Assert.Contains("committed 100", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Kafkas_own_tools_create_produce_consume_describe_and_delete()
    {
        string Tool(string name) => ApacheKafka.Tool(name);
        string[] server = ["--bootstrap-server", target.Bootstrap];
        await RunAsync(Tool("kafka-topics.sh"), [.. server, "--create", "--topic", _topic, "--partitions", "3", "--config", "retention.ms=3600000"]);
        Assert.Contains("PartitionCount: 3", await RunAsync(Tool("kafka-topics.sh"), [.. server, "--describe", "--topic", _topic]), StringComparison.Ordinal);
        string perf = await RunAsync(Tool("kafka-producer-perf-test.sh"), [.. server, "--topic", _topic, "--num-records", "20000", "--record-size", "100", "--throughput", "-1"]);
        Assert.Contains("20000 records sent", perf, StringComparison.Ordinal);
        string consumed = await RunAsync(Tool("kafka-console-consumer.sh"), [.. server, "--topic", _topic, "--group", "tools-" + _topic, "--from-beginning", "--max-messages", "20000", "--timeout-ms", "60000"]);
        Assert.Contains("Processed a total of 20000 messages", consumed, StringComparison.Ordinal);
        string group = await RunAsync(Tool("kafka-consumer-groups.sh"), [.. server, "--describe", "--group", "tools-" + _topic]);
        Assert.Contains(_topic, group, StringComparison.Ordinal);
        await RunAsync(Tool("kafka-configs.sh"), [.. server, "--alter", "--topic", _topic, "--add-config", "max.message.bytes=2000000"]);
        Assert.Contains("max.message.bytes=2000000", await RunAsync(Tool("kafka-configs.sh"), [.. server, "--describe", "--topic", _topic]), StringComparison.Ordinal);
        Assert.Contains(_topic + ":0:", await RunAsync(Tool("kafka-get-offsets.sh"), [.. server, "--topic", _topic]), StringComparison.Ordinal);
        await RunAsync(Tool("kafka-topics.sh"), [.. server, "--delete", "--topic", _topic]);
        Assert.DoesNotContain(_topic, Lines(await RunAsync(Tool("kafka-topics.sh"), [.. server, "--list"])));
    }

    private static string[] Lines(string output) => output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static async Task RequireModuleAsync(string module, string package)
    {
        Assert.SkipWhen(!File.Exists(Python), $"needs {Python}");
        var (code, _) = await ChildProcess.RunAsync(Python, ["-c", "import " + module]);
        Assert.SkipWhen(code != 0, $"needs Debian's package {package}");
    }

    private static async Task<string> RunAsync(string file, params string[] arguments)
    {
        var environment = new Dictionary<string, string?> { ["KAFKA_HEAP_OPTS"] = "-Xmx256m" };
        var (code, output) = await ChildProcess.RunAsync(file, arguments, environment, TimeSpan.FromMinutes(2));
        Assert.True(code == 0, $"{file} {string.Join(' ', arguments)} ended with {code}:\n{output}");
        return output;
    }
}

public sealed class ForeignClientsOnMillrace(EmbeddedBroker target) : ForeignClientTests<EmbeddedBroker>(target), IClassFixture<EmbeddedBroker>;

public sealed class ForeignClientsOnApacheKafka(ApacheKafka target) : ForeignClientTests<ApacheKafka>(target), IClassFixture<ApacheKafka>;
