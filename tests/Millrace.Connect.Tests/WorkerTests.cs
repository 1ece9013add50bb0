using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Kafka.Consuming;
using Millrace.TestKit;
using Millrace.TestKit.Kafka;

namespace Millrace.Connect.Tests;

public sealed class WorkerOnMillraceTests(EmbeddedBroker kafka) : WorkerTests<EmbeddedBroker>(kafka);

public sealed class WorkerOnApacheKafkaTests(ApacheKafka kafka) : WorkerTests<ApacheKafka>(kafka);

/// <summary>The worker as users see it: REST, exactly-once sources, sinks with retries and dead letters, restarts.</summary>
public abstract class WorkerTests<TKafka>(TKafka kafka) : IClassFixture<TKafka> where TKafka : class, IKafkaTarget
{
    private readonly string _id = "w" + Guid.NewGuid().ToString("N")[..8];
    private readonly List<object?> _seen = [];

    [Fact]
    public async Task Connectors_live_through_REST_and_survive_the_worker()
    {
        var topic = _id + "-numbers";
        await using (var worker = await StartAsync())
        {
            using var client = new HttpClient { BaseAddress = worker.Address };
            Assert.Equal("[]", await client.GetStringAsync(new Uri("/connectors", UriKind.Relative)));
            using var created = await client.PostAsJsonAsync("/connectors", new { name = "count", config = new Dictionary<string, string> { ["connector.class"] = "Counting", ["topic"] = topic, ["limit"] = "500", ["fail.at"] = "250" } });
            Assert.Equal(HttpStatusCode.Created, created.StatusCode);
            using var again = await client.PostAsJsonAsync("/connectors", new { name = "count", config = new { topic } });
            Assert.Equal(HttpStatusCode.BadRequest, again.StatusCode);
            await Eventually.True(async () => (await GetAsync(client, "/connectors/count/offsets"))["offsets"]?[0]?["offset"]?["n"]?.GetValue<long>() == 499, "all 500 numbers, past a failure and its restart");
            var status = await GetAsync(client, "/connectors/count/status");
            Assert.Equal("RUNNING", status["connector"]!["state"]!.GetValue<string>());
            Assert.Equal("RUNNING", status["tasks"]![0]!["state"]!.GetValue<string>());
            Assert.Equal(1, (await GetAsync(client, "/connectors/count/metrics"))["tasks"]![0]!["restarts"]!.GetValue<int>());
            Assert.Equal(topic, (await GetAsync(client, "/connectors/count"))["config"]!["topic"]!.GetValue<string>());
            Assert.Equal("source", (await GetAsync(client, "/connectors?expand=info&expand=status"))["count"]!["info"]!["type"]!.GetValue<string>());
            using var stopped = await client.PutAsync(new Uri("/connectors/count/stop", UriKind.Relative), null);
            Assert.Equal(HttpStatusCode.NoContent, stopped.StatusCode);
        }

        // The failure in the middle left nothing half done: each number once.
        Assert.Equal(Enumerable.Range(0, 500).Select(n => n.ToString()), Read(topic).Select(r => r.Value));

        await using (var worker = await StartAsync())
        {
            using var client = new HttpClient { BaseAddress = worker.Address };
            Assert.Equal("STOPPED", (await GetAsync(client, "/connectors/count/status"))["connector"]!["state"]!.GetValue<string>());
            using var reset = await client.DeleteAsync(new Uri("/connectors/count/offsets", UriKind.Relative));
            Assert.Equal(HttpStatusCode.OK, reset.StatusCode);
            using var resumed = await client.PutAsync(new Uri("/connectors/count/resume", UriKind.Relative), null);
            Assert.Equal(HttpStatusCode.Accepted, resumed.StatusCode);
            await Eventually.True(() => Task.FromResult(Read(topic).Count == 1000), "the numbers again after the offsets were reset");
            using var deleted = await client.DeleteAsync(new Uri("/connectors/count", UriKind.Relative));
            Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
            using var gone = await client.GetAsync(new Uri("/connectors/count", UriKind.Relative));
            Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
            Assert.Equal(404, JsonNode.Parse(await gone.Content.ReadAsStringAsync())!["error_code"]!.GetValue<int>());
        }
    }

    [Fact]
    public async Task A_second_worker_takes_over_and_every_number_comes_once()
    {
        var topic = _id + "-takeover";
        await using var first = await StartAsync();
        await first.PutConnectorAsync("count", new Dictionary<string, string> { ["connector.class"] = "Counting", ["topic"] = topic });
        await Eventually.True(() => Task.FromResult(Read(topic).Count > 100), "the first worker's numbers");
        await using var second = await StartAsync();
        var before = Read(topic).Count;
        await Eventually.True(() => Task.FromResult(Read(topic).Count > before + 100), "the second worker's numbers");
        using var client = new HttpClient { BaseAddress = first.Address };
        JsonNode? status = null;
        await Eventually.True(
            async () => (status = await GetAsync(client, "/connectors/count/status"))["tasks"]![0]!["trace"]?.GetValue<string>().Contains("Another worker", StringComparison.Ordinal) is true
                ? true : throw new InvalidOperationException($"the first worker says {status}"),
            "the first worker's task to be fenced");
        using var stop = await new HttpClient { BaseAddress = second.Address }.PutAsync(new Uri("/connectors/count/stop", UriKind.Relative), null);
        var numbers = Read(topic).Select(r => long.Parse(r.Value!)).ToList();
        Assert.Equal(Enumerable.Range(0, numbers.Count).Select(n => (long)n), numbers);
    }

    [Fact]
    public async Task A_connector_is_paused_resumed_and_deleted_from_any_state()
    {
        var topic = _id + "-pause";
        await using var worker = await StartAsync();
        using var client = new HttpClient { BaseAddress = worker.Address };
        await worker.PutConnectorAsync("count", new Dictionary<string, string> { ["connector.class"] = "Counting", ["topic"] = topic });
        await Eventually.True(() => Read(topic).Count > 0, "numbers");
        await PutAsync("pause");
        Assert.Equal("PAUSED", worker.Find("count").Tasks[0].State);
        await PutAsync("pause");
        // A restart of a task does not end the pause.
        using var restart = await client.PostAsync(new Uri("/connectors/count/tasks/0/restart", UriKind.Relative), null);
        Assert.Equal(HttpStatusCode.NoContent, restart.StatusCode);
        Assert.Equal("PAUSED", worker.Find("count").Tasks[0].State);
        await PutAsync("resume");
        var before = Read(topic).Count;
        await Eventually.True(() => Read(topic).Count > before, "more numbers");
        await PutAsync("pause");
        await PutAsync("stop");
        await PutAsync("pause");
        using var deleted = await client.DeleteAsync(new Uri("/connectors/count", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);

        async Task PutAsync(string verb)
        {
            using var response = await client.PutAsync(new Uri($"/connectors/count/{verb}", UriKind.Relative), null);
            Assert.True(response.IsSuccessStatusCode, $"{verb}: {await response.Content.ReadAsStringAsync()}");
        }
    }

    [Fact]
    public async Task A_worker_that_was_held_up_goes_on_after_the_broker_has_ended_its_transaction()
    {
        var topic = _id + "-stall";
        using var gate = CountingSource.Stalls[topic] = new ManualResetEventSlim();
        await using var worker = await StartAsync();
        await worker.PutConnectorAsync("count", new Dictionary<string, string>
        {
            ["connector.class"] = "Counting",
            ["topic"] = topic,
            ["limit"] = "100",
            ["stall"] = topic,
            ["producer.override.transaction.timeout.ms"] = "1000",
            ["transaction.boundary.interval.ms"] = "60000",
        });
        using (var consumer = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig { BootstrapServers = kafka.Bootstrap, GroupId = topic, IsolationLevel = IsolationLevel.ReadCommitted }).Build())
        {
            // Nothing was committed, so the last stable offset moves only when the broker aborts.
            await Eventually.True(() => consumer.QueryWatermarkOffsets(new TopicPartition(topic, 0), TimeSpan.FromSeconds(10)).High.Value > 0, "the broker to end the open transaction");
        }

        gate.Set();
        await Eventually.True(() => Task.FromResult(Read(topic).Count == 100), "all numbers, after a restart of the task");
        Assert.Equal(Enumerable.Range(0, 100).Select(n => n.ToString()), Read(topic).Select(r => r.Value));
        Assert.Equal(1, worker.Find("count").Tasks[0].Restarts);
    }

    [Fact]
    public async Task A_sink_retries_and_sends_what_it_cannot_use_to_the_dead_letters()
    {
        var topic = _id + "-in";
        using (var producer = new ProducerBuilder<Null, string>(new ProducerConfig { BootstrapServers = kafka.Bootstrap }).Build())
        {
            foreach (var value in (string[])["\"a\"", "{broken", "\"later\"", "\"bad\"", "\"z\""]) await producer.ProduceAsync(topic, new() { Value = value });
        }

        await using var worker = await StartAsync();
        using var client = new HttpClient { BaseAddress = worker.Address };
        using var created = await client.PostAsJsonAsync("/connectors", new
        {
            name = _id + "-sink",
            config = new Dictionary<string, string>
            {
                ["connector.class"] = "Collecting",
                ["topics"] = topic,
                ["errors.tolerance"] = "all",
                ["errors.deadletterqueue.topic.name"] = topic + "-dead",
                ["errors.deadletterqueue.context.headers.enable"] = "true",
            },
        });
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        await Eventually.True(() => Task.FromResult(Seen().Count == 3), "three good values");
        Assert.Equal(["a", "later", "z"], Seen());
        await Eventually.True(async () => (await GetAsync(client, $"/connectors/{_id}-sink/offsets"))["offsets"]?.AsArray().Sum(o => o!["offset"]!["kafka_offset"]!.GetValue<long>()) == 5, "committed offsets");
        var dead = Read(topic + "-dead");
        Assert.Equal(["{broken", "\"bad\""], dead.Select(d => d.Value));
        Assert.Equal("bad value", dead[1].Headers["__connect.errors.exception.message"]);
    }

    [Fact]
    public async Task A_sink_that_was_there_before_its_topic_reads_it_within_seconds()
    {
        var topic = _id + "-later";
        await using var worker = await StartAsync();
        await worker.PutConnectorAsync(_id + "-sink", new Dictionary<string, string> { ["connector.class"] = "Collecting", ["topics"] = topic });
        await Eventually.True(() => worker.Find(_id + "-sink").Tasks is [{ State: "RUNNING" }], "the task to run");
        using (var producer = new ProducerBuilder<Null, string>(new ProducerConfig { BootstrapServers = kafka.Bootstrap }).Build())
        {
            await producer.ProduceAsync(topic, new() { Value = "\"first\"" });
        }

        await Eventually.True(() => Seen().Count == 1, "the record of the new topic");
    }

    [Fact]
    public async Task Bad_configurations_are_refused_with_their_reasons()
    {
        await using var worker = await StartAsync();
        using var client = new HttpClient { BaseAddress = worker.Address };
        using var unknown = await client.PostAsJsonAsync("/connectors", new { name = "x", config = new Dictionary<string, string> { ["connector.class"] = "org.example.Nothing" } });
        Assert.Contains("Failed to find any class", await unknown.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var wrong = await client.PostAsJsonAsync("/connectors", new { name = "x", config = new Dictionary<string, string> { ["connector.class"] = "Counting", ["topik"] = "t", ["transforms"] = "r", ["transforms.r.type"] = "RegexRouter" } });
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        var message = JsonNode.Parse(await wrong.Content.ReadAsStringAsync())!["message"]!.GetValue<string>();
        Assert.Contains("Did you mean \"topic\"?", message, StringComparison.Ordinal);
        Assert.Contains("\"transforms.r.regex\"", message, StringComparison.Ordinal);
        using var validated = await client.PutAsJsonAsync("/connector-plugins/Counting/config/validate", new Dictionary<string, string> { ["name"] = "x", ["database.password"] = "s3cret" });
        var infos = JsonNode.Parse(await validated.Content.ReadAsStringAsync())!;
        Assert.Equal(1, infos["error_count"]!.GetValue<int>());
        Assert.DoesNotContain("s3cret", infos.ToJsonString(), StringComparison.Ordinal);
        using var garbage = await client.PostAsync(new Uri("/connectors", UriKind.Relative), new StringContent("{"));
        Assert.Equal(HttpStatusCode.BadRequest, garbage.StatusCode);
        using var method = await client.PutAsync(new Uri("/connectors", UriKind.Relative), null);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, method.StatusCode);
    }

    [Fact]
    public async Task A_broker_that_is_not_there_and_a_port_in_use_are_said_plainly()
    {
        await using var worker = await StartAsync();
        var e = await Assert.ThrowsAsync<ConnectException>(() => ConnectWorker.StartAsync(Options() with { Listener = worker.Address.ToString().TrimEnd('/'), GroupId = _id + "-other" }, Plugins(), NullLoggerFactory.Instance));
        Assert.Contains("cannot listen at", e.Message, StringComparison.Ordinal);
        // Of the same group, as the same command given twice: it has not taken over from the one that works.
        await Assert.ThrowsAsync<ConnectException>(() => ConnectWorker.StartAsync(Options() with { Listener = worker.Address.ToString().TrimEnd('/') }, Plugins(), NullLoggerFactory.Instance));
        Assert.True(await worker.PutConnectorAsync("count", new Dictionary<string, string> { ["connector.class"] = "Counting", ["topic"] = _id + "-mine", ["limit"] = "5" }));
    }

    private List<object?> Seen()
    {
        lock (_seen) return [.. _seen];
    }

    private static async Task<JsonNode> GetAsync(HttpClient client, string path) => JsonNode.Parse(await client.GetStringAsync(new Uri(path, UriKind.Relative)))!;

    private ConnectWorkerOptions Options() => new()
    {
        BootstrapServers = kafka.Bootstrap,
        Listener = "http://127.0.0.1:0",
        GroupId = _id,
        ConfigTopic = _id + "-configs",
        OffsetTopic = _id + "-offsets",
        StatusTopic = _id + "-status",
        OffsetTopicPartitions = 3,
        StatusTopicPartitions = 1,
    };

    private ConnectPlugins Plugins() => new ConnectPlugins().AddConnector("test.Counting", static () => new CountingSource()).AddConnector("test.Collecting", () => new CollectingSink(_seen));

    private Task<ConnectWorker> StartAsync() => ConnectWorker.StartAsync(Options(), Plugins(), NullLoggerFactory.Instance);

    private List<(string? Value, Dictionary<string, string> Headers)> Read(string topic)
    {
        using var reader = KafkaRecordReader.Create(new Dictionary<string, string> { ["bootstrap.servers"] = kafka.Bootstrap, ["isolation.level"] = "read_committed" });
        reader.Assign([new PartitionOffset(topic, 0, Offset.Beginning.Value)]);
        var result = new List<(string?, Dictionary<string, string>)>();
        for (var i = 0; i < 200; i++)
        {
            using var batch = reader.ReadBatch(TimeSpan.FromMilliseconds(100));
            foreach (var record in batch)
            {
                var headers = new Dictionary<string, string>();
                for (var h = 0; h < record.Headers.Count; h++) headers[Encoding.UTF8.GetString(record.Headers[h].Name)] = Encoding.UTF8.GetString(record.Headers[h].Value);
                result.Add((record.IsValueNull ? null : Encoding.UTF8.GetString(record.Value), headers));
            }

            if (batch.Events.OfType<PartitionEndReached>().Any()) return result;
            if (batch.Events.OfType<ReaderError>().Any(e => e.Error.Code is ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownPartition or ErrorCode.Local_UnknownTopic)) return result;
        }

        return result;
    }
}
