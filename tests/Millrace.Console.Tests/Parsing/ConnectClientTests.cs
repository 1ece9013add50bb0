using Millrace.Console.Backends;
using Millrace.Console.Backends.Connect;
using Millrace.Console.Tests.Support;

namespace Millrace.Console.Tests.Parsing;

public sealed class ConnectClientTests
{
    [Theory]
    [InlineData("records", "39596", "records", "39,596")]
    [InlineData("records_per_second", "208.1", "records per second", "208 /s")]
    [InlineData("lsn_lag_bytes", "2500", "lsn lag", "2.5 kB")]
    [InlineData("last_commit_ms", "1795469040783", "last commit", "2026-11-23 21:24:00 UTC")]
    [InlineData("linger_ms", "250", "linger", "250 ms")]
    [InlineData("lsn_received", "41772112", "lsn received", "41772112")]
    [InlineData("phase", "streaming", "phase", "streaming")]
    [InlineData("odd_ms", "1e400", "odd", "1e400")]
    public void What_a_worker_counts_is_shown_with_its_unit(string name, string value, string label, string shown) =>
        Assert.Equal((label, shown), (TaskMetric.Label(name), TaskMetric.Show(name, value)));

    [Fact]
    public void A_sink_whose_task_failed_is_failed_although_the_connector_runs()
    {
        var sink = ConnectClient.Parse("file-sink", Answers.Json("connect-connectors").GetProperty("file-sink"), ["cdc.accounts"]);

        Assert.Equal("RUNNING", sink.State);
        Assert.Equal("FAILED", sink.WorstState);
        Assert.StartsWith("org.apache.kafka.connect.errors.ConnectException: Couldn't find or create file", Assert.Single(sink.Tasks).Trace, StringComparison.Ordinal);
        Assert.Equal("connect-file-sink", sink.ConsumerGroup);
        Assert.False(sink.IsSource);
    }

    [Fact]
    public void Answers_with_other_values_than_promised_never_throw()
    {
        var random = new Random(99);
        var all = Answers.Json("connect-connectors");
        for (var i = 0; i < 2000; i++)
        {
            foreach (var field in Damage.Element(all, random).Fields()) Assert.NotNull(ConnectClient.Parse(field.Name, field.Value, []).WorstState);
        }
    }

    [Theory]
    [InlineData("database.password", "hunter2", Secrets.Mask)]
    [InlineData("sasl.jaas.config", "…", Secrets.Mask)]
    [InlineData("aws.secret.access.key", "x", Secrets.Mask)]
    [InlineData("connection.url", "https://bank:hunter2@db:5432/x", "https://" + Secrets.Mask + "@db:5432/x")]
    [InlineData("connection.url", "jdbc:postgresql://db/x?user=a&password=hunter2", Secrets.Mask)]
    [InlineData("topics", "cdc.accounts", "cdc.accounts")]
    [InlineData("key.converter", "org.apache.kafka.connect.json.JsonConverter", "org.apache.kafka.connect.json.JsonConverter")]
    [InlineData("database.user", "debezium", "debezium")]
    public void Secrets_are_masked_and_nothing_else(string key, string value, string shown) => Assert.Equal(shown, Secrets.Show(key, value));

    [Fact]
    public async Task A_worker_that_is_away_is_explained_with_its_address_and_what_to_do()
    {
        var port = TestKit.FreePort.Next();
        using var client = new ConnectClient($"http://127.0.0.1:{port}");

        var error = await Assert.ThrowsAsync<BackendException>(() => client.ListAsync(TestContext.Current.CancellationToken));

        Assert.Equal($"http://127.0.0.1:{port}", error.Problem.Address);
        Assert.Contains("nothing listens there", error.Problem.What, StringComparison.Ordinal);
        Assert.Contains("ConnectUrl", error.Problem.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Something_else_than_a_worker_is_said_to_be_something_else()
    {
        await using var page = await StandIn.StartAsync(static (_, _) => (200, "<html>hello</html>"));
        using var client = new ConnectClient(page.Url);

        var error = await Assert.ThrowsAsync<BackendException>(() => client.ListAsync(TestContext.Current.CancellationToken));

        Assert.Contains("something other than JSON", error.Problem.What, StringComparison.Ordinal);
    }
}
