using System.Text.Json;
using Millrace.Cli.Tests.Support;
using Millrace.TestKit.Kafka;

namespace Millrace.Cli.Tests;

/// <summary>The commands of Millrace against its own broker.</summary>
public sealed class MillraceCommandTests(EmbeddedBroker kafka) : KafkaCommandTests(kafka), IClassFixture<EmbeddedBroker>;

/// <summary>The same commands against Apache Kafka.</summary>
public sealed class ApacheKafkaCommandTests(ApacheKafka kafka) : KafkaCommandTests(kafka), IClassFixture<ApacheKafka>;

/// <summary>topics, produce, consume and groups, there and back.</summary>
public abstract class KafkaCommandTests(IKafkaTarget kafka)
{
    [Fact]
    public async Task Records_go_round()
    {
        var topic = $"tests.cli.sent-{Guid.NewGuid():N}.v1";
        var created = await JsonAsync("topics", "create", topic, "--partitions", "3", "--config", "retention.ms=600000", "--json");
        Assert.True(created.GetProperty("created").GetBoolean());
        Assert.Contains((await JsonAsync("topics", "list", "--json")).EnumerateArray(), t => t.GetProperty("name").GetString() == topic && t.GetProperty("partitions").GetInt32() == 3);

        var input = string.Join('\n', Enumerable.Range(0, 100).Select(static i => $"key-{i}:{{\"amount\":{i},\"name\":\"김\"}}").Append("key-0:NULL")) + "\n";
        var produced = (await MillraceProgram.RunWithInputAsync(input, "produce", topic, "--key-separator", ":", "--header", "origin=test", "--null-marker", "NULL", "--json", "--bootstrap", kafka.Bootstrap)).Succeeded();
        Assert.Equal(101, JsonDocument.Parse(produced.Output).RootElement.GetProperty("acknowledged").GetInt32());

        var described = await JsonAsync("topics", "describe", topic, "--json");
        Assert.Equal(101, described.GetProperty("offsets").GetInt64());
        Assert.Contains(described.GetProperty("settings").EnumerateArray(), static s => s.GetProperty("name").GetString() == "retention.ms" && s.GetProperty("value").GetString() == "600000");

        var read = await RunAsync("consume", topic, "--exit", "--json");
        var records = read.Output.Split('\n').Select(static l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.Equal(101, records.Count);
        var last = records.Last(static r => r.GetProperty("key").GetString() == "key-0");
        Assert.Equal(JsonValueKind.Null, last.GetProperty("value").ValueKind);
        Assert.Contains(records, static r => r.GetProperty("value").GetString() == "{\"amount\":42,\"name\":\"김\"}");
        Assert.All(records, static r => Assert.Equal("origin", r.GetProperty("headers")[0].GetProperty("name").GetString()));

        var some = await RunAsync("consume", topic, "--count", "5", "--keys");
        Assert.Equal(5, some.Output.Split('\n').Length);
        Assert.All(some.Output.Split('\n'), static l => Assert.StartsWith("key-", l, StringComparison.Ordinal));
        Assert.Equal("", (await RunAsync("consume", topic, "--from", "2199-01-01T00:00:00Z", "--exit")).Output);
    }

    [Fact]
    public async Task Groups_are_shown_and_moved_only_with_yes()
    {
        var topic = $"tests.cli.moved-{Guid.NewGuid():N}.v1";
        var group = $"cli-{Guid.NewGuid():N}";
        await RunAsync("topics", "create", topic, "--partitions", "1");
        (await MillraceProgram.RunWithInputAsync("a\nb\nc\n", "produce", topic, "--bootstrap", kafka.Bootstrap)).Succeeded();
        Assert.Equal("a\nb\nc", (await RunAsync("consume", topic, "--group", group, "--count", "3")).Output);
        Assert.Contains((await JsonAsync("groups", "list", "--json")).EnumerateArray(), g => g.GetProperty("id").GetString() == group);
        Assert.Equal(0, await LagAsync(group));

        var plan = await JsonAsync("groups", "reset", group, topic, "--to", "earliest", "--json");
        Assert.Equal(3, Assert.Single(plan.EnumerateArray()).GetProperty("read_again").GetInt64());
        Assert.Equal(0, await LagAsync(group));
        Assert.Contains("--yes", (await RunAsync("groups", "reset", group, topic, "--to", "-1")).Output, StringComparison.Ordinal);
        await RunAsync("groups", "reset", group, topic, "--to", "-1", "--yes");
        Assert.Equal(1, await LagAsync(group));
        Assert.Equal("c", (await RunAsync("consume", topic, "--group", group, "--count", "1")).Output);

        Assert.Contains("--yes", (await RunAsync("groups", "delete", group)).Output, StringComparison.Ordinal);
        Assert.Equal(0, await LagAsync(group));
        await RunAsync("groups", "delete", group, "--yes");
        Assert.DoesNotContain((await JsonAsync("groups", "list", "--json")).EnumerateArray(), g => g.GetProperty("id").GetString() == group);
    }

    [Fact]
    public async Task Topics_go_only_with_yes()
    {
        var topic = $"tests.cli.gone-{Guid.NewGuid():N}.v1";
        Assert.False((await JsonAsync("topics", "create", topic, "--dry-run", "--json")).GetProperty("created").GetBoolean());
        Assert.DoesNotContain(topic, (await RunAsync("topics", "list")).Output, StringComparison.Ordinal);
        await RunAsync("topics", "create", topic);
        Assert.False((await JsonAsync("topics", "delete", topic, "--json")).GetProperty("deleted").GetBoolean());
        Assert.Contains(topic, (await RunAsync("topics", "list")).Output, StringComparison.Ordinal);
        Assert.True((await JsonAsync("topics", "delete", topic, "--yes", "--json")).GetProperty("deleted").GetBoolean());
        Assert.DoesNotContain(topic, (await RunAsync("topics", "list")).Output, StringComparison.Ordinal);
    }

    private async Task<long> LagAsync(string group) => (await JsonAsync("groups", "describe", group, "--json")).GetProperty("lag").GetInt64();

    private async Task<Ended> RunAsync(params string[] arguments) => (await MillraceProgram.RunAsync([.. arguments, "--bootstrap", kafka.Bootstrap])).Succeeded();

    private async Task<JsonElement> JsonAsync(params string[] arguments) => JsonDocument.Parse((await RunAsync(arguments)).Output).RootElement.Clone();
}
