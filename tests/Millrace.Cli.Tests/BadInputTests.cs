using System.Text.Json;
using Millrace.Cli.Tests.Support;
using Millrace.Engines;
using Millrace.TestKit;
using Millrace.TestKit.Kafka;

namespace Millrace.Cli.Tests;

/// <summary>What people get wrong at the command line gets one clear message, exit code 1 and no stack trace.</summary>
public sealed class BadInputTests(EmbeddedBroker kafka) : IClassFixture<EmbeddedBroker>, IDisposable
{
    private readonly TempDirectory _directory = new("bad");

    [Theory]
    [InlineData("topics list")]
    [InlineData("topics describe t")]
    [InlineData("produce t")]
    [InlineData("consume t --exit")]
    [InlineData("groups list")]
    [InlineData("groups describe g")]
    public async Task An_unreachable_broker_is_named(string command)
    {
        var address = $"127.0.0.1:{FreePort.Next()}";
        var error = (await MillraceProgram.RunAsync([.. command.Split(' '), "--bootstrap", address])).Refusal();
        Assert.Contains(address, error, StringComparison.Ordinal);
        Assert.Contains("--bootstrap", error, StringComparison.Ordinal);
        Assert.Single(error.Split('\n'));
    }

    [Theory]
    [InlineData("topics list", "localhost", "HOST:PORT")]
    [InlineData("topics list", "::1:19301", "[::1]:9092")]
    [InlineData("produce t", "127.0.0.1:9092,::1:19301", "[::1]:9092")]
    [InlineData("console --listen 127.0.0.1:0", "[::g]:9092", "HOST:PORT")]
    public async Task Bootstrap_servers_that_are_none_are_refused_at_once(string command, string servers, string expected) =>
        Assert.Contains(expected, (await MillraceProgram.RunAsync([.. command.Split(' '), "--bootstrap", servers])).Misunderstanding(), StringComparison.Ordinal);

    [Theory]
    [InlineData("Blah")]
    [InlineData("17")]
    public async Task A_log_level_that_is_none_is_answered_with_those_there_are(string level) =>
        Assert.Contains(
            $"MILLRACE_LOG_LEVEL: '{level}' is not understood: use one of Trace, Debug, Information, Warning, Error, Critical, None",
            (await MillraceProgram.RunAsync(["connect"], new Dictionary<string, string?> { ["MILLRACE_LOG_LEVEL"] = level })).Misunderstanding(),
            StringComparison.Ordinal);

    [Fact]
    public async Task A_connector_file_that_is_wrong_is_refused_before_the_worker_takes_over_from_another()
    {
        var file = Path.Combine(_directory, "connector.json");
        await File.WriteAllTextAsync(file, """{"name":"c","config":{"connector.class":"PostgresConnector","database.user":"u","database.dbname":"${env:CONNECTOR_DATABASE}","topic.prefix":"p","slot.nmae":"s","database.port":"x"}}""", TestContext.Current.CancellationToken);
        // No broker is there: a worker that had begun would have said that.
        var run = await MillraceProgram.RunAsync(
            ["connect", "--bootstrap", $"127.0.0.1:{FreePort.Next()}", "--listen", "127.0.0.1:0", "--connector", file, "--override", "database.hostname=h", "--override", "c:database.port=5432"],
            new Dictionary<string, string?> { ["CONNECTOR_DATABASE"] = "bank" });
        Assert.Equal($"millrace connect: {file}: Unknown configuration \"slot.nmae\". Did you mean \"slot.name\"?", run.Refusal());
    }

    [Fact]
    public async Task A_flag_of_a_variable_is_true_or_false() =>
        Assert.Contains("MILLRACE_JSON", (await MillraceProgram.RunAsync(["topics", "list"], new Dictionary<string, string?> { ["MILLRACE_JSON"] = "yes" })).Misunderstanding(), StringComparison.Ordinal);

    [Theory]
    [InlineData("topics create payments.created", "--any-name")]
    [InlineData("topics create payments/created --any-name", "1 to 249 of the characters")]
    [InlineData("topics describe no.such.topic.v1", "no.such.topic.v1")]
    [InlineData("topics delete no.such.topic.v1 --yes", "no.such.topic.v1")]
    [InlineData("consume no.such.topic.v1 --exit", "topics list")]
    [InlineData("groups reset nobody no.such.topic.v1", "no.such.topic.v1")]
    public async Task Names_are_checked(string command, string expected) =>
        Assert.Contains(expected, (await MillraceProgram.RunAsync([.. command.Split(' '), "--bootstrap", kafka.Bootstrap])).Refusal(), StringComparison.Ordinal);

    [Fact]
    public async Task What_no_option_can_mend_is_not_answered_with_an_option()
    {
        var illegal = (await MillraceProgram.RunAsync("topics", "create", "payments created", "--bootstrap", kafka.Bootstrap)).Refusal();
        Assert.DoesNotContain("--any-name", illegal, StringComparison.Ordinal);
        var unusual = (await MillraceProgram.RunAsync("topics", "create", "payments.created", "--bootstrap", kafka.Bootstrap)).Refusal();
        Assert.DoesNotContain("TopicNaming", unusual, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_record_that_is_too_large_is_answered_with_the_limit_and_what_was_written_before()
    {
        const string Topic = "tests.large.refused.v1";
        (await MillraceProgram.RunAsync("topics", "create", Topic, "--partitions", "1", "--config", "max.message.bytes=2000", "--bootstrap", kafka.Bootstrap)).Succeeded();
        // Many small ones are no large batch, and what the broker's default would refuse is for the topic to judge.
        var input = string.Concat(Enumerable.Repeat(new string('x', 100) + "\n", 200)) + new string('y', 3_000) + "\n";
        string[] produce = ["produce", Topic, "--compression", "none", "--bootstrap", kafka.Bootstrap];
        var error = (await MillraceProgram.RunWithInputAsync(input, produce)).Refusal();
        foreach (var part in (string[])["after 200 acknowledged records", "line 201", "3,000 bytes", "2,000 bytes", "max.message.bytes", "message.max.bytes"]) Assert.Contains(part, error, StringComparison.Ordinal);
        const string Large = "tests.large.taken.v1";
        (await MillraceProgram.RunAsync("topics", "create", Large, "--partitions", "1", "--config", "max.message.bytes=5000000", "--bootstrap", kafka.Bootstrap)).Succeeded();
        (await MillraceProgram.RunWithInputAsync(new string('z', 3_000_000) + "\n", "produce", Large, "--compression", "none", "--bootstrap", kafka.Bootstrap)).Succeeded();
    }

    [Theory]
    [InlineData("broker --config /nope")]
    [InlineData("connect /nope --bootstrap {kafka}")]
    [InlineData("connect --connector /nope --bootstrap {kafka}")]
    [InlineData("console --config /nope")]
    [InlineData("streams --assembly /nope")]
    public async Task A_file_that_is_not_there_is_named_alike_everywhere(string command) =>
        Assert.Contains("/nope: there is no such file", (await MillraceProgram.RunAsync(command.Replace("{kafka}", kafka.Bootstrap, StringComparison.Ordinal).Split(' '))).Refusal(), StringComparison.Ordinal);

    [Fact]
    public async Task A_variable_that_nothing_reads_is_told_with_those_that_are_near()
    {
        var variables = new Dictionary<string, string?> { ["MILLRACE_BOOTSTARP"] = "x", ["MILLRACE_DATA"] = "y", ["MILLRACE_TEST_ANYTHING"] = "z", ["MILLRACE_BUILD"] = "0" };
        var ended = (await MillraceProgram.RunAsync(["topics", "list", "--bootstrap", kafka.Bootstrap], variables)).Succeeded();
        Assert.Equal(2, ended.Error.Split('\n').Length);
        Assert.Contains("MILLRACE_BOOTSTARP is read by nothing; did you mean MILLRACE_BOOTSTRAP?", ended.Error, StringComparison.Ordinal);
        Assert.Contains("MILLRACE_BROKER_DATA, MILLRACE_CLICKHOUSE_DATA, MILLRACE_DEMO_DATA", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_job_is_answered_with_those_that_exist() =>
        Assert.Contains("fraud-rules", (await MillraceProgram.RunAsync("streams", "fraud-ruels", "--bootstrap", kafka.Bootstrap)).Refusal(), StringComparison.Ordinal);

    [Fact]
    public async Task Jobs_are_listed()
    {
        using var json = JsonDocument.Parse((await MillraceProgram.RunAsync("streams", "--list", "--json")).Succeeded().Output);
        Assert.Contains(json.RootElement.EnumerateArray(), static j => j.GetProperty("name").GetString() == "fraud-rules");
    }

    [Fact]
    public async Task Checkpoints_of_another_job_are_refused()
    {
        (await MillraceProgram.RunWithInputAsync("{\"op\":\"r\"}\n", "produce", "cdc.transactions", "--bootstrap", kafka.Bootstrap)).Succeeded();
        var checkpoints = _directory.Combine("checkpoints");
        string[] arguments = ["streams", "account-activity", "--listen", "127.0.0.1:0", "--bootstrap", kafka.Bootstrap, "--checkpoints", checkpoints, "--checkpoint-interval", "100ms"];
        await using (var server = await MillraceProgram.StartAsync(arguments))
        {
            // It ends with a checkpoint.
            await server.Process.WaitForLineAsync("Job account-activity");
            Assert.Equal(0, await server.Process.TerminateAsync());
        }

        Directory.Move(Path.Combine(checkpoints, "account-activity"), Path.Combine(checkpoints, "fraud-rules"));
        arguments[1] = "fraud-rules";
        var ended = await MillraceProgram.RunAsync(arguments);
        Assert.True(ended.ExitCode == 1, $"{ended.ExitCode}\n{ended.Output}\n{ended.Error}");
        Assert.Contains("account-activity", ended.Error, StringComparison.Ordinal);
        Assert.Contains("fraud-rules", ended.Error, StringComparison.Ordinal);
        Assert.Contains("own CheckpointStorage folder", ended.Error, StringComparison.Ordinal);
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(checkpoints, "fraud-rules"), "*.ckpt"));
    }

    [Fact]
    public async Task A_database_that_cannot_be_captured_is_explained()
    {
        await using var postgres = await EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions { WalLevel = "replica", Databases = ["tossbank"] }, ct: TestContext.Current.CancellationToken);
        string[] arguments =
        [
            "connect", "--bootstrap", kafka.Bootstrap, "--listen", "127.0.0.1:0", "--connector", Path.Combine(AppContext.BaseDirectory, "Snippets", "postgres-connector.json"),
            "--override", "database.hostname=127.0.0.1", "--override", $"database.port={postgres.Port}", "--override", $"database.user={postgres.User}",
        ];
        var wrong = (await MillraceProgram.RunAsync([.. arguments, "--override", "database.password=wrong"])).Refusal();
        Assert.Contains("refuses the user", wrong, StringComparison.Ordinal);
        // The same by the environment, as containers are given it.
        var replica = (await MillraceProgram.RunAsync(arguments[..7], new Dictionary<string, string?>
        {
            ["MILLRACE_OVERRIDE"] = $"database.hostname=127.0.0.1;database.port={postgres.Port};database.user={postgres.User};database.password={postgres.Password}",
        })).Refusal();
        Assert.Contains("wal_level", replica, StringComparison.Ordinal);
        Assert.Contains("logical", replica, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("broker --config {file}", "log.retention.huors=1")]
    [InlineData("connect {file} --bootstrap {kafka}", "offset.flush.intervall.ms=1")]
    [InlineData("console --config {file}", "{\n \"lisen\": \"127.0.0.1:0\" }")]
    [InlineData("console --config {file}", "{\n \"samplesKept\": \"many\" }")]
    [InlineData("console --config {file}", "{\n \"not JSON\" }")]
    [InlineData("connect --bootstrap {kafka} --listen 127.0.0.1:0 --log-level none --connector {file}", "{\n \"not JSON\" }")]
    public async Task A_file_with_an_unknown_key_is_refused(string command, string text)
    {
        var file = _directory.Combine("given.conf");
        await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
        var error = (await MillraceProgram.RunAsync(command.Replace("{file}", file, StringComparison.Ordinal).Replace("{kafka}", kafka.Bootstrap, StringComparison.Ordinal).Split(' '))).Refusal();
        Assert.Contains("given.conf", error, StringComparison.Ordinal);
        Assert.Contains(text.Contains('\n', StringComparison.Ordinal) ? "given.conf:2: " : "given.conf:1: ", error, StringComparison.Ordinal);
        Assert.Contains(text.Split('=')[0].Split('"') is [_, var key, ..] ? key : text.Split('=')[0], error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_disk_stops_nothing_that_was_acknowledged()
    {
        var mount = _directory.Combine("small");
        Directory.CreateDirectory(mount);
        var (code, output) = await ChildProcess.RunAsync("/bin/mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", mount]);
        Assert.SkipWhen(code != 0, $"needs the right to mount a small file system: {output}");
        try
        {
            await using var broker = await MillraceProgram.StartAsync(["broker", "--listen", "127.0.0.1:0", "--data", Path.Combine(mount, "data")]);
            (await MillraceProgram.RunAsync("topics", "create", "tests.disk.filled.v1", "--partitions", "1", "--bootstrap", broker.Address)).Succeeded();
            var row = new string('x', 10_000);
            var few = string.Join('\n', Enumerable.Repeat(row, 100));
            (await MillraceProgram.RunWithInputAsync(few, "produce", "tests.disk.filled.v1", "--compression", "none", "--bootstrap", broker.Address)).Succeeded();
            var many = string.Join('\n', Enumerable.Repeat(row, 2_000));
            var error = (await MillraceProgram.RunWithInputAsync(many, "produce", "tests.disk.filled.v1", "--compression", "none", "--timeout", "3s", "--bootstrap", broker.Address)).Refusal();
            Assert.Contains("acknowledged records", error, StringComparison.Ordinal);
            Assert.Contains(broker.Process.StandardError, static l => l.Contains("space", StringComparison.OrdinalIgnoreCase) || l.Contains("full", StringComparison.OrdinalIgnoreCase));
            var read = (await MillraceProgram.RunAsync("consume", "tests.disk.filled.v1", "--count", "100", "--bootstrap", broker.Address)).Succeeded();
            Assert.Equal(100, read.Output.Split('\n').Length);
        }
        finally
        {
            await ChildProcess.RunAsync("/bin/umount", ["-l", mount]);
        }
    }

    public void Dispose() => _directory.Dispose();
}
