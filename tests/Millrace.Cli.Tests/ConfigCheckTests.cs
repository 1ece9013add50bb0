using System.Text.Json;
using Millrace.Cli.Tests.Support;
using Millrace.TestKit;

namespace Millrace.Cli.Tests;

/// <summary><c>millrace config check</c> on a bank's usual files, and on each with a mistake.</summary>
public sealed class ConfigCheckTests : IDisposable
{
    private readonly TempDirectory _directory = new("config");

    [Theory]
    [InlineData("consumer.properties", "kafka: a consumer")]
    [InlineData("producer.properties", "kafka: a producer")]
    [InlineData("server.properties", "broker")]
    [InlineData("controller.properties", "broker")]
    [InlineData("mm2.properties", "mirror")]
    [InlineData("postgres-connector.json", "connect: the connector postgres-connector")]
    [InlineData("transaction-count.flink.java", "streams")]
    [InlineData("transactions_kafka.sql", "clickhouse")]
    [InlineData("transactions_realtime.sql", "clickhouse")]
    public async Task Snippets_are_accepted_and_named(string file, string part)
    {
        var result = (await MillraceProgram.RunAsync("config", "check", Snippet(file), "--json")).Succeeded();
        using var json = JsonDocument.Parse(result.Output);
        var one = Assert.Single(json.RootElement.EnumerateArray());
        Assert.StartsWith(part, one.GetProperty("part").GetString(), StringComparison.Ordinal);
        Assert.Empty(one.GetProperty("errors").EnumerateArray());
        if (!file.EndsWith(".java", StringComparison.Ordinal)) Assert.NotEmpty(one.GetProperty("settings").EnumerateArray());
        Assert.All(one.GetProperty("settings").EnumerateArray(), static s => Assert.NotEqual("", s.GetProperty("effect").GetString()));
        Assert.Equal("", result.Error);
    }

    [Fact]
    public async Task All_at_once_are_printed_for_people()
    {
        var result = (await MillraceProgram.RunAsync(["config", "check", .. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Snippets"))])).Succeeded();
        Assert.Contains("slot.name = debezium_slot", result.Output, StringComparison.Ordinal);
        Assert.Contains("CREATE TABLE = transactions_realtime", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("consumer.properties", "isolation.levl=read_committed", "isolation.levl")]
    [InlineData("producer.properties", "enable.idempotense=true", "enable.idempotense")]
    [InlineData("server.properties", "log.retention.huors=1", "log.retention.huors")]
    [InlineData("controller.properties", "controler.quorum.voters=1@localhost:1", "controler.quorum.voters")]
    [InlineData("mm2.properties", "source->nowhere.enabled = true", "source->nowhere.enabled")]
    [InlineData("mm2.properties", "refresh.topcis.interval.seconds = 5", "refresh.topcis.interval.seconds")]
    [InlineData("producer.properties", "acks=0", "acks")]
    public async Task A_mistake_is_named_by_file_line_and_key(string file, string mistake, string key)
    {
        var text = (await File.ReadAllTextAsync(Snippet(file), TestContext.Current.CancellationToken)).TrimEnd();
        // A contradiction changes the line that is there; an unknown key is one more line.
        var lines = text.Split('\n').Where(l => !l.StartsWith(key + "=", StringComparison.Ordinal)).Append(mistake).ToArray();
        var broken = _directory.Combine(file);
        await File.WriteAllLinesAsync(broken, lines, TestContext.Current.CancellationToken);
        var result = await MillraceProgram.RunAsync("config", "check", broken);
        Assert.True(result.ExitCode == 1, $"{result.ExitCode}\n{result.Output}\n{result.Error}");
        Assert.Contains(file, result.Error, StringComparison.Ordinal);
        Assert.Matches($":{lines.Length}:", result.Error);
        Assert.Contains(key, result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("postgres-connector.json", "\"plugin.name\"", "\"table.exclude.list\": \"public.x\",\n    \"plugin.name\"", "table.exclude.list: .*cannot both")]
    [InlineData("postgres-connector.json", "\"5432\"", "\"99999\"", "database.port: .*at most 65535")]
    [InlineData("postgres-connector.json", "cdc.$2", "cdc.$3", "transforms.route.topic.replacement: .*only 2")]
    [InlineData("producer.properties", "linger.ms=5", "linger.ms=5\ndelivery.timeout.ms=1000", "delivery.timeout.ms: .*request.timeout.ms")]
    [InlineData("controller.properties", "node.id=1", "node.id=7", "node.id: .*controller.quorum.voters")]
    [InlineData("controller.properties", "2@controller2:9093", "2@controller2", "controller.quorum.voters: ")]
    [InlineData("transactions_realtime.sql", "MergeTree", "MergTree", "ENGINE: .*MergTree")]
    [InlineData("transactions_realtime.sql", "Decimal64(2)", "Decimal64(99)", "amount: .*Decimal64.*18")]
    [InlineData("transactions_realtime.sql", "(account_id, created_at)", "(account_idd, created_at)", "ORDER BY: .*account_idd")]
    [InlineData("transactions_realtime.sql", "TTL created_at", "TTL created", "TTL: .*created")]
    public async Task A_contradiction_in_a_snippet_is_named_by_file_line_and_key(string name, string old, string changed, string expected)
    {
        var text = await File.ReadAllTextAsync(Snippet(name), TestContext.Current.CancellationToken);
        Assert.Contains(old, text, StringComparison.Ordinal);
        var file = _directory.Combine(name);
        await File.WriteAllTextAsync(file, text.Replace(old, changed, StringComparison.Ordinal), TestContext.Current.CancellationToken);
        var result = await MillraceProgram.RunAsync("config", "check", file);
        Assert.True(result.ExitCode == 1, $"{result.ExitCode}\n{result.Output}\n{result.Error}");
        Assert.Matches($"{name}:[0-9]+: {expected}", result.Error);
    }

    [Fact]
    public async Task A_connectors_unknown_key_is_named_with_its_line()
    {
        var text = (await File.ReadAllTextAsync(Snippet("postgres-connector.json"), TestContext.Current.CancellationToken)).Replace("\"slot.name\"", "\"slott.name\"", StringComparison.Ordinal);
        var line = text[..text.IndexOf("slott.name", StringComparison.Ordinal)].Count(static c => c == '\n') + 1;
        var broken = _directory.Combine("connector.json");
        await File.WriteAllTextAsync(broken, text, TestContext.Current.CancellationToken);
        var result = await MillraceProgram.RunAsync("config", "check", broken);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"connector.json:{line}: slott.name", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_kafka_tables_unknown_setting_is_named_with_its_line()
    {
        var broken = _directory.Combine("kafka.sql");
        await File.WriteAllTextAsync(broken, "CREATE TABLE t (a Int32)\nENGINE = Kafka\nSETTINGS kafka_broker_list = 'k:9092', kafka_topic_list = 't', kafka_group_name = 'g',\n  kafka_format = 'JSONEachRow', kafka_fromat = 'x';\n", TestContext.Current.CancellationToken);
        var result = await MillraceProgram.RunAsync("config", "check", broken);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("kafka.sql:4: kafka_fromat", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Windows_line_ends_a_mark_at_the_start_and_continued_lines_are_read_and_their_lines_counted()
    {
        var file = _directory.Combine("producer.properties");
        await File.WriteAllBytesAsync(file, [0xEF, 0xBB, 0xBF, .. "acks=all\r\ncompression.type=\\\r\n  lz4\r\nlinger.msec=5\r\n"u8], TestContext.Current.CancellationToken);
        var result = await MillraceProgram.RunAsync("config", "check", file);
        Assert.Equal(1, result.ExitCode);
        Assert.Matches("producer.properties:4:.*linger.msec", result.Error);
        await File.WriteAllBytesAsync(file, [0xEF, 0xBB, 0xBF, .. "acks=all\r\ncompression.type=\\\r\n  lz4\r\n"u8], TestContext.Current.CancellationToken);
        Assert.Contains("compression.type = lz4", (await MillraceProgram.RunAsync("config", "check", file)).Succeeded().Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("producer.properties", "acks=all\nlinger.ms=5\nacks=all\n", ":3:.*acks")]
    [InlineData("server.properties", "log.dirs=/a\nnum.partitions=3\nlog.dirs=/b\n", ":3:.*log.dirs")]
    [InlineData("mm2.properties", "clusters=a,b\na.bootstrap.servers=a:1\nb.bootstrap.servers=b:1\nclusters=a\n", ":4:.*clusters")]
    [InlineData("worker.properties", "offset.storage.topic=o\ngroup.id=g\ngroup.id=h\n", ":3:.*group.id")]
    [InlineData("connector.json", "{\"name\":\"c\",\"config\":{\n\"connector.class\":\"io.debezium.connector.postgresql.PostgresConnector\",\n\"slot.name\":\"a\",\n\"slot.name\":\"b\"}}", "connector.json:4: slot.name")]
    [InlineData("connector.json", "{\n\"name\":,", "connector.json:2: not JSON: ")]
    [InlineData("console.json", "{\n\"listen\": \"::1:8080\",\n\"bootstrap\": \"b:9092\"}", "console.json:2: listen: '::1:8080': must be")]
    [InlineData("console.json", "{\n// where Kafka is\n\"bootstrap\": \"::1:19301\"}", "console.json:3: bootstrap: '::1:19301': ")]
    [InlineData("console.json", "{\"listen\": \"127.0.0.1:0\",\n\"samplesKept\": 1}", "console.json:2: samplesKept: 1: must be between")]
    [InlineData("console.json", "{\"listen\": \"127.0.0.1:0\",\n\"readOnly\": 1}", "console.json:2: readOnly: true or false is needed")]
    [InlineData("console.json", "{\"listen\": \"127.0.0.1:0\",\n\"tilte\": \"x\"}", "console.json:2: tilte: is no option of the console")]
    [InlineData("connector.json", "[1,2]", "connector.json")]
    [InlineData("connector.json", "", "connector.json")]
    [InlineData("tables.sql", "-- CREATE TABLE t\n", "no CREATE")]
    [InlineData("empty.properties", "", "empty.properties")]
    public async Task Nonsense_is_an_error_that_names_the_file(string name, string text, string expected)
    {
        var file = _directory.Combine(name);
        await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
        var result = await MillraceProgram.RunAsync("config", "check", file);
        Assert.True(result.ExitCode == 1, $"{result.ExitCode}\n{result.Output}\n{result.Error}");
        Assert.Matches(expected, result.Error);
        Assert.Contains(name, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_configuration_is_told_from_one()
    {
        var latin = _directory.Combine("latin.properties");
        await File.WriteAllBytesAsync(latin, [.. "acks=all\nclient.id=caf"u8, 0xE9, 0x0A], TestContext.Current.CancellationToken);
        var large = _directory.Combine("large.properties");
        await File.WriteAllTextAsync(large, new string('x', 10_000_000), TestContext.Current.CancellationToken);
        var result = await MillraceProgram.RunAsync("config", "check", latin, large, _directory.Path);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("latin.properties:2: has bytes that are no UTF-8", result.Error, StringComparison.Ordinal);
        Assert.Contains("is it the right file?", result.Error, StringComparison.Ordinal);
        Assert.Contains("is a directory", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_consoles_and_a_workers_file_are_recognised_and_each_key_says_what_it_does()
    {
        var (console, worker) = (_directory.Combine("console.json"), _directory.Combine("worker.properties"));
        await File.WriteAllTextAsync(console, "{\n  \"listen\": \"[::1]:8080\", // loopback\n  \"clickHousePassword\": \"secret\",\n}\n", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(worker, "offset.storage.topic=o\nplugin.path=/plugins\nsasl.password=secret\n", TestContext.Current.CancellationToken);
        var said = (await MillraceProgram.RunAsync("config", "check", console, worker)).Succeeded().Output;
        Assert.Contains("console: the web console", said, StringComparison.Ordinal);
        Assert.Contains("listen = [::1]:8080  – where the console is served", said, StringComparison.Ordinal);
        Assert.Contains("connect: a worker", said, StringComparison.Ordinal);
        Assert.Contains("plugin.path = /plugins  – no effect: ", said, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_file_is_an_error()
    {
        var result = await MillraceProgram.RunAsync("config", "check", _directory.Combine("nothing.properties"));
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("there is no such file", result.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();

    private static string Snippet(string file) => Path.Combine(AppContext.BaseDirectory, "Snippets", file);
}
