using System.Text.Json;
using Confluent.Kafka;
using Millrace.Cli.Tests.Support;
using Millrace.Engines;
using Millrace.TestKit;
using Millrace.TestKit.Kafka;
using Npgsql;

namespace Millrace.Cli.Tests;

/// <summary>Records and tables that do not fit, each where it meets a part of the platform: the message names the place and says what to do, and nothing is passed over.</summary>
public sealed class BadRecordTests(EmbeddedBroker kafka) : IClassFixture<EmbeddedBroker>, IDisposable
{
    private readonly TempDirectory _directory = new("record");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Consume_shows_bytes_that_are_no_text()
    {
        using (var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig { BootstrapServers = kafka.Bootstrap }).Build())
            await producer.ProduceAsync("tests.bad.bytes.v1", new Message<byte[], byte[]> { Key = [0xff, 0xfe], Value = [0x80, 0x00, 0xc3, 0x28] }, Ct);
        var line = (await MillraceProgram.RunAsync("consume", "tests.bad.bytes.v1", "--exit", "--keys", "--bootstrap", kafka.Bootstrap)).Succeeded().Output;
        Assert.Equal("fffe\t8000c328", line.Replace(" ", "", StringComparison.Ordinal), ignoreCase: true);
        var json = JsonDocument.Parse((await MillraceProgram.RunAsync("consume", "tests.bad.bytes.v1", "--exit", "--json", "--bootstrap", kafka.Bootstrap)).Succeeded().Output).RootElement;
        Assert.Equal("hex", json.GetProperty("value_format").GetString());
        Assert.Equal("hex", json.GetProperty("key_format").GetString());
    }

    [Fact]
    public async Task Consume_prints_large_values_whole_and_marks_those_that_it_was_asked_to_cut()
    {
        var value = new string('x', 900_000);
        (await MillraceProgram.RunWithInputAsync(value + "\n", "produce", "tests.large.whole.v1", "--bootstrap", kafka.Bootstrap)).Succeeded();
        string[] consume = ["consume", "tests.large.whole.v1", "--exit", "--bootstrap", kafka.Bootstrap];
        Assert.Equal(value, (await MillraceProgram.RunAsync(consume)).Succeeded().Output);
        var whole = JsonDocument.Parse((await MillraceProgram.RunAsync([.. consume, "--json"])).Succeeded().Output).RootElement;
        Assert.Equal((value, false), (whole.GetProperty("value").GetString(), whole.GetProperty("truncated").GetBoolean()));
        Assert.Equal("xxx… [cut: 900000 bytes]", (await MillraceProgram.RunAsync([.. consume, "--max-bytes", "3"])).Succeeded().Output);
        var cut = JsonDocument.Parse((await MillraceProgram.RunAsync([.. consume, "--json", "--max-bytes", "3"])).Succeeded().Output).RootElement;
        Assert.Equal(("xxx…", true), (cut.GetProperty("value").GetString(), cut.GetProperty("truncated").GetBoolean()));
    }

    [Fact]
    public async Task A_stream_job_names_the_record_that_it_cannot_read_and_does_not_go_past_it()
    {
        (await MillraceProgram.RunWithInputAsync("this is no change\n", "produce", "cdc.transactions", "--bootstrap", kafka.Bootstrap)).Succeeded();
        await using var server = await MillraceProgram.StartAsync(["streams", "fraud-rules", "--listen", "127.0.0.1:0", "--bootstrap", kafka.Bootstrap, "--checkpoints", _directory.Combine("checkpoints")]);
        var line = await server.Process.WaitForLineAsync("cannot be deserialised");
        Assert.Contains("cdc.transactions-", line, StringComparison.Ordinal);
        Assert.Contains("@0", line, StringComparison.Ordinal);
        Assert.Contains("PoisonPolicy", line, StringComparison.Ordinal);
        Assert.Equal(0, await server.Process.TerminateAsync());
        var groups = (await MillraceProgram.RunAsync("groups", "list", "--json", "--bootstrap", kafka.Bootstrap)).Succeeded().Output;
        if (!groups.Contains("fraud-rules", StringComparison.Ordinal)) return;
        using var group = JsonDocument.Parse((await MillraceProgram.RunAsync("groups", "describe", "fraud-rules", "--json", "--bootstrap", kafka.Bootstrap)).Succeeded().Output);
        Assert.All(group.RootElement.GetProperty("partitions").EnumerateArray(), static p => Assert.NotEqual(1, p.GetProperty("committed").GetInt64()));
    }

    [Fact]
    public async Task A_sink_names_the_record_that_does_not_fit_and_a_wrong_password_is_refused()
    {
        await using var clickhouse = await MillraceProgram.StartAsync(["clickhouse", "--listen", "127.0.0.1:0", "--data", _directory.Combine("clickhouse"), "--user", "bank", "--password", "secret"]);
        var port = new Uri(clickhouse.Address).Port;
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Add("X-ClickHouse-User", "bank");
        http.DefaultRequestHeaders.Add("X-ClickHouse-Key", "secret");
        using (var created = await http.PostAsync(new Uri(clickhouse.Address), new StringContent("CREATE TABLE numbers (id UInt8) ENGINE = MergeTree ORDER BY id"), Ct)) created.EnsureSuccessStatusCode();
        (await MillraceProgram.RunWithInputAsync("{\"id\":1}\n{\"id\":\"many\"}\n", "produce", "tests.bad.fit.v1", "--bootstrap", kafka.Bootstrap)).Succeeded();
        (await MillraceProgram.RunWithInputAsync("{\"id\":1\n", "produce", "tests.bad.syntax.v1", "--bootstrap", kafka.Bootstrap)).Succeeded();
        var locked = (await MillraceProgram.RunAsync("connect", "--listen", "127.0.0.1:0", "--log-level", "none", "--bootstrap", kafka.Bootstrap, "--connector", await SinkAsync("locked-out", port, "tests.bad.fit.v1", "wrong"))).Refusal();
        Assert.Contains("bank: Authentication failed: password is incorrect", locked, StringComparison.Ordinal);
        await using var connect = await MillraceProgram.StartAsync(
        [
            "connect", "--listen", "127.0.0.1:0", "--bootstrap", kafka.Bootstrap, "--connector", await SinkAsync("fits-not", port, "tests.bad.fit.v1", "secret"),
            "--connector", await SinkAsync("no-json", port, "tests.bad.syntax.v1", "secret"),
        ]);
        var fit = await FailureAsync(http, connect.Address, "fits-not");
        Assert.Contains("tests.bad.fit.v1-0 offset 1", fit, StringComparison.Ordinal);
        Assert.Contains("the field id with the value 'many'", fit, StringComparison.Ordinal);
        Assert.Contains("errors.tolerance", fit, StringComparison.Ordinal);
        var syntax = await FailureAsync(http, connect.Address, "no-json");
        Assert.Contains("tests.bad.syntax.v1-0", syntax, StringComparison.Ordinal);
        Assert.Contains("errors.tolerance", syntax, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_table_without_a_primary_key_is_captured_and_the_log_says_what_to_mend()
    {
        await using var postgres = await EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions { Databases = ["tossbank"] }, ct: Ct);
        await using var database = NpgsqlDataSource.Create(postgres.ConnectionString);
        await using (var command = database.CreateCommand("CREATE TABLE accounts (id int); CREATE TABLE transactions (id int PRIMARY KEY); INSERT INTO accounts VALUES (1)")) await command.ExecuteNonQueryAsync(Ct);
        await using var connect = await MillraceProgram.StartAsync(
        [
            "connect", "--bootstrap", kafka.Bootstrap, "--listen", "127.0.0.1:0", "--connector", Path.Combine(AppContext.BaseDirectory, "Snippets", "postgres-connector.json"),
            "--override", "database.hostname=127.0.0.1", "--override", $"database.port={postgres.Port}", "--override", $"database.user={postgres.User}", "--override", $"database.password={postgres.Password}",
        ]);
        var line = await connect.Process.WaitForLineAsync("has no primary key");
        Assert.Contains("public.accounts", line, StringComparison.Ordinal);
        Assert.Contains("REPLICA IDENTITY FULL", line, StringComparison.Ordinal);
        await using (var command = database.CreateCommand("INSERT INTO accounts VALUES (2)")) await command.ExecuteNonQueryAsync(Ct);
        var read = (await MillraceProgram.RunAsync("consume", "cdc.accounts", "--count", "2", "--keys", "--bootstrap", kafka.Bootstrap)).Succeeded().Output;
        Assert.All(read.Split('\n'), static l => Assert.StartsWith("null\t", l, StringComparison.Ordinal));
    }

    public void Dispose() => _directory.Dispose();

    private static async Task<string> FailureAsync(HttpClient http, string connect, string connector)
    {
        var trace = "";
        await Eventually.True(async () =>
        {
            using var status = JsonDocument.Parse(await http.GetStringAsync(new Uri($"{connect}/connectors/{connector}/status"), Ct));
            foreach (var task in status.RootElement.GetProperty("tasks").EnumerateArray().Append(status.RootElement.GetProperty("connector")))
                trace = task.TryGetProperty("trace", out var text) ? text.GetString()! : trace;
            return trace.Length > 0;
        }, $"{connector} has failed", TimeSpan.FromSeconds(60), Ct);
        return trace;
    }

    private async Task<string> SinkAsync(string name, int port, string topic, string password)
    {
        var file = _directory.Combine($"{name}.json");
        var config = new Dictionary<string, string>
        {
            ["connector.class"] = "com.clickhouse.kafka.connect.ClickHouseSinkConnector",
            ["topics"] = topic,
            ["hostname"] = "127.0.0.1",
            ["port"] = $"{port}",
            ["username"] = "bank",
            ["password"] = password,
            ["topic2TableMap"] = $"{topic}=numbers",
            ["consumer.override.auto.offset.reset"] = "earliest",
        };
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(new { name, config }), Ct);
        return file;
    }
}
