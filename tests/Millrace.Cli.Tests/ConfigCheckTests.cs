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
        Assert.Matches($"(:|, line ){lines.Length}:", result.Error);
        Assert.Contains(key, result.Error, StringComparison.Ordinal);
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
        Assert.Contains($"connector.json, line {line}: slott.name", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_kafka_tables_unknown_setting_is_named_with_its_line()
    {
        var broken = _directory.Combine("kafka.sql");
        await File.WriteAllTextAsync(broken, "CREATE TABLE t (a Int32)\nENGINE = Kafka\nSETTINGS kafka_broker_list = 'k:9092', kafka_topic_list = 't', kafka_group_name = 'g',\n  kafka_format = 'JSONEachRow', kafka_fromat = 'x';\n", TestContext.Current.CancellationToken);
        var result = await MillraceProgram.RunAsync("config", "check", broken);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("kafka.sql, line 4: kafka_fromat", result.Error, StringComparison.Ordinal);
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
