using Millrace.Broker.Tests.Conformance;
using Millrace.Broker.Tests.Server;
using Millrace.TestKit;
using Millrace.TestKit.Kafka;

namespace Millrace.Broker.Tests.Security;

/// <summary>Clients in other languages log in: kcat, python3-kafka, kafkajs, Kafka's own tools.</summary>
public sealed class SaslForeignClientTests
{
    private const string Python = "/usr/bin/python3";

    private const string PythonScript =
        """
        import sys
        from kafka import KafkaProducer, KafkaConsumer
        bootstrap, topic, mechanism = sys.argv[1:4]
        security = dict(bootstrap_servers=bootstrap, security_protocol='SASL_PLAINTEXT', sasl_mechanism=mechanism, sasl_plain_username='ann', sasl_plain_password='ann-secret')
        producer = KafkaProducer(**security)
        producer.send(topic, b'v').get(timeout=60)
        for message in KafkaConsumer(topic, auto_offset_reset='earliest', consumer_timeout_ms=60000, **security):
            print('consumed', message.value)
            break
        """;

    private const string KafkaJsScript =
        """
        const { Kafka, logLevel } = require('kafkajs');
        const [bootstrap, topic, mechanism] = process.argv.slice(2);
        const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.ERROR, sasl: { mechanism, username: 'ann', password: 'ann-secret' } });
        (async () => {
          const admin = kafka.admin();
          await admin.connect();
          await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
          const producer = kafka.producer();
          await producer.connect();
          await producer.send({ topic, messages: [{ value: 'v' }] });
          console.log('offset', (await admin.fetchTopicOffsets(topic))[0].high);
          await producer.disconnect();
          await admin.disconnect();
        })().catch(e => { console.error(e); process.exit(1); });
        """;

    [Theory]
    [InlineData("PLAIN")]
    [InlineData("SCRAM-SHA-256")]
    [InlineData("SCRAM-SHA-512")]
    public async Task Kcat(string mechanism)
    {
        string kcat = InstalledProgram.Require("kcat");
        await using var broker = await StartAsync();
        string output = await RunAsync(
            kcat, "-b", broker.Bootstrap, "-L", "-X", "security.protocol=SASL_PLAINTEXT", "-X", "sasl.mechanism=" + mechanism, "-X", "sasl.username=ann", "-X", "sasl.password=ann-secret");
        Assert.Contains(broker.Bootstrap, output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("PLAIN")]
    [InlineData("SCRAM-SHA-512")]
    public async Task Python3_kafka(string mechanism)
    {
        Assert.SkipWhen(!File.Exists(Python), $"needs {Python}");
        var (code, _) = await ChildProcess.RunAsync(Python, ["-c", "import kafka"]);
        Assert.SkipWhen(code != 0, "needs Debian's package python3-kafka");
        await using var broker = await StartAsync();
        Assert.Contains("consumed b'v'", await RunAsync(Python, "-c", PythonScript, broker.Bootstrap, "secured", mechanism), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("scram-sha-256")]
    public async Task Kafkajs(string mechanism)
    {
        string node = InstalledProgram.Require("node");
        string modules = await KafkaJs.InstallAsync();
        await using var broker = await StartAsync();
        using var directory = new TempDirectory("kafkajs");
        string script = directory.Combine("run.js");
        await File.WriteAllTextAsync(script, KafkaJsScript, TestContext.Current.CancellationToken);
        var (code, output) = await ChildProcess.RunAsync(
            node, [script, broker.Bootstrap, "secured", mechanism], new Dictionary<string, string?> { ["NODE_PATH"] = modules }, TimeSpan.FromMinutes(2));
        Assert.True(code == 0, output);
        Assert.Contains("offset 1", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Kafkas_tools_manage_users_and_authenticate_anew()
    {
        string configs = ApacheKafka.Tool("kafka-configs.sh");
        // Shorter than the producer runs: its session ends unless it authenticates anew, and then the broker would close it.
        await using var broker = await StartAsync(("connections.max.reauth.ms", "2000"));
        using var directory = new TempDirectory("sasl");
        string ann = directory.Combine("ann.properties");
        string dave = directory.Combine("dave.properties");
        await File.WriteAllTextAsync(ann, Properties("SCRAM-SHA-256", "ann", "ann-secret"), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(dave, Properties("SCRAM-SHA-512", "dave", "dave-secret"), TestContext.Current.CancellationToken);
        string[] server = ["--bootstrap-server", broker.Bootstrap, "--command-config", ann, "--entity-type", "users"];
        await RunAsync(configs, [.. server, "--alter", "--add-config", "SCRAM-SHA-512=[iterations=8192,password=dave-secret]", "--entity-name", "dave"]);
        Assert.Contains("SCRAM-SHA-512=iterations=8192", await RunAsync(configs, [.. server, "--describe", "--entity-name", "dave"]), StringComparison.Ordinal);
        string perf = await RunAsync(
            ApacheKafka.Tool("kafka-producer-perf-test.sh"), "--bootstrap-server", broker.Bootstrap, "--command-config", dave, "--topic", "secured", "--num-records", "70", "--record-size", "10", "--throughput", "10");
        Assert.Contains("70 records sent", perf, StringComparison.Ordinal);
        Assert.Contains("again: True", broker.Log.ToString(), StringComparison.Ordinal);
        await RunAsync(configs, [.. server, "--alter", "--delete-config", "SCRAM-SHA-512", "--entity-name", "dave"]);
        Assert.DoesNotContain("dave", await RunAsync(configs, [.. server, "--describe"]), StringComparison.Ordinal);
    }

    private static string Properties(string mechanism, string user, string password) =>
        $"security.protocol=SASL_PLAINTEXT\nsasl.mechanism={mechanism}\nsasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username=\"{user}\" password=\"{password}\";\n";

    private static Task<TestBroker> StartAsync(params (string Key, string Value)[] more) => TestBroker.StartAsync(o => o.With(
        ("listeners", "SASL_PLAINTEXT://127.0.0.1:0"),
        ("sasl.enabled.mechanisms", "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512"),
        ("listener.name.sasl_plaintext.plain.sasl.jaas.config", "org.apache.kafka.common.security.plain.PlainLoginModule required user_ann=\"ann-secret\";")).With(more) with
    { AddScram = ["SCRAM-SHA-256=[name=ann,password=ann-secret]", "SCRAM-SHA-512=[name=ann,password=ann-secret]"] });

    private static async Task<string> RunAsync(string file, params string[] arguments)
    {
        var (code, output) = await ChildProcess.RunAsync(file, arguments, new Dictionary<string, string?> { ["KAFKA_HEAP_OPTS"] = "-Xmx256m" }, TimeSpan.FromMinutes(2));
        Assert.True(code == 0, $"{file} ended with {code}:\n{output}");
        return output;
    }
}
