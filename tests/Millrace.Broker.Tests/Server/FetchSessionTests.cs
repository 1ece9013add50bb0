using System.Net;
using Microsoft.Extensions.Time.Testing;
using Millrace.Broker.Fetching;
using Millrace.Broker.Tests.Groups;
using Millrace.Protocol;
using Millrace.Protocol.Messages;
using Millrace.Protocol.Records;
using Millrace.TestKit;
using Millrace.TestKit.Kafka;

namespace Millrace.Broker.Tests.Server;

public sealed class FetchSessionsOnMillrace(EmbeddedBroker kafka) : FetchSessionTests<EmbeddedBroker>(kafka);

public sealed class FetchSessionsOnApacheKafka(ApacheKafka kafka) : FetchSessionTests<ApacheKafka>(kafka);

/// <summary>KIP-227 request by request; the same on our broker and on Apache Kafka.</summary>
public abstract class FetchSessionTests<TKafka>(TKafka kafka) : IClassFixture<TKafka>
    where TKafka : class, IKafkaTarget
{
    private const short ByName = 12;
    private const short ById = 13;

    [Fact]
    public async Task A_session_tells_only_what_is_new()
    {
        await using var client = await WireClient.ConnectAsync(IPEndPoint.Parse(kafka.Bootstrap));
        var topic = await TopicAsync(client, 3);
        await ProduceAsync(client, topic, 0, "a");

        var full = await client.AskAsync(Fetch(0, 0, (topic, 0, 0), (topic, 1, 0), (topic, 2, 0)), ByName);
        Assert.NotEqual(0, full.SessionId);
        Assert.Equal([0, 1, 2], Partitions(full));
        Assert.Equal(["a"], full.Responses[0].Partitions[0].Values());

        // The client has read the record; nothing is new.
        var quiet = await client.AskAsync(Fetch(full.SessionId, 1, (topic, 0, 1)), ByName);
        Assert.Equal((full.SessionId, ErrorCode.None, 0), (quiet.SessionId, quiet.ErrorCode, quiet.Responses.Count));

        await ProduceAsync(client, topic, 2, "b");
        var news = await client.AskAsync(Fetch(full.SessionId, 2), ByName);
        Assert.Equal([2], Partitions(news));
        Assert.Equal(["b"], news.Responses.Single().Partitions.Single().Values());

        // Not forgotten and not read: the record comes again.
        Assert.Equal([2], Partitions(await client.AskAsync(Fetch(full.SessionId, 3), ByName)));

        // A forgotten partition is not looked at any more.
        var forget = Fetch(full.SessionId, 4);
        forget.ForgottenTopicsData = [new() { Topic = topic, Partitions = [2] }];
        Assert.Empty((await client.AskAsync(forget, ByName)).Responses);
    }

    [Fact]
    public async Task Wrong_numbers_are_refused_and_the_end_is_the_end()
    {
        await using var client = await WireClient.ConnectAsync(IPEndPoint.Parse(kafka.Bootstrap));
        var topic = await TopicAsync(client, 1);
        Assert.Equal(ErrorCode.FetchSessionIdNotFound, (await client.AskAsync(Fetch(123456, 1), ByName)).ErrorCode);

        var session = (await client.AskAsync(Fetch(0, 0, (topic, 0, 0)), ByName)).SessionId;
        Assert.Equal(ErrorCode.InvalidFetchSessionEpoch, (await client.AskAsync(Fetch(session, 2), ByName)).ErrorCode);
        var byId = await client.AskAsync(Fetch(session, 1), ById);
        Assert.Equal((ErrorCode.FetchSessionTopicIdError, 0), (byId.ErrorCode, byId.SessionId));

        // -1 closes the session and still answers.
        var last = await client.AskAsync(Fetch(session, -1, (topic, 0, 0)), ByName);
        Assert.Equal((0, ErrorCode.None), (last.SessionId, last.ErrorCode));
        Assert.Equal([0], Partitions(last));
        Assert.Equal(ErrorCode.FetchSessionIdNotFound, (await client.AskAsync(Fetch(session, 1), ByName)).ErrorCode);

        // A new session in place of an old one; a session without partitions is over.
        var first = (await client.AskAsync(Fetch(0, 0, (topic, 0, 0)), ByName)).SessionId;
        var second = (await client.AskAsync(Fetch(first, 0, (topic, 0, 0)), ByName)).SessionId;
        Assert.Equal(ErrorCode.FetchSessionIdNotFound, (await client.AskAsync(Fetch(first, 1), ByName)).ErrorCode);
        var empty = Fetch(second, 1);
        empty.ForgottenTopicsData = [new() { Topic = topic, Partitions = [0] }];
        Assert.Equal(0, (await client.AskAsync(empty, ByName)).SessionId);
        Assert.Equal(ErrorCode.FetchSessionIdNotFound, (await client.AskAsync(Fetch(second, 2), ByName)).ErrorCode);
        Assert.Equal(0, (await client.AskAsync(Fetch(0, -1, (topic, 0, 0)), ByName)).SessionId);
    }

    [Fact]
    public async Task An_error_is_told_each_time()
    {
        await using var client = await WireClient.ConnectAsync(IPEndPoint.Parse(kafka.Bootstrap));
        var topic = await TopicAsync(client, 1);
        var full = await client.AskAsync(Fetch(0, 0, (topic, 0, 0), (topic, 7, 0)), ByName);
        for (var epoch = 1; epoch < 4; epoch++)
        {
            var answer = await client.AskAsync(Fetch(full.SessionId, epoch), ByName);
            Assert.Equal(ErrorCode.UnknownTopicOrPartition, answer.Responses.Single().Partitions.Single(p => p.PartitionIndex == 7).ErrorCode);
        }
    }

    private static IEnumerable<int> Partitions(FetchResponse response) => response.Responses.SelectMany(static t => t.Partitions).Select(static p => p.PartitionIndex).Order();

    private static FetchRequest Fetch(int session, int epoch, params (string Topic, int Partition, long Offset)[] partitions) => new()
    {
        SessionId = session,
        SessionEpoch = epoch,
        MinBytes = 1,
        Topics =
        [
            .. partitions.GroupBy(static p => p.Topic, StringComparer.Ordinal).Select(static t => new FetchRequest.FetchTopic
            {
                Topic = t.Key,
                Partitions = [.. t.Select(static p => new FetchRequest.FetchPartition { Partition = p.Partition, FetchOffset = p.Offset, PartitionMaxBytes = 1 << 20 })],
            }),
        ],
    };

    private static async Task ProduceAsync(WireClient client, string topic, int partition, string value)
    {
        var answer = await client.AskAsync(Requests.Produce(topic, Requests.Batch(value), partition: partition), 9);
        Assert.Equal(ErrorCode.None, answer.Responses.Single().PartitionResponses.Single().ErrorCode);
    }

    private static async Task<string> TopicAsync(WireClient client, int partitions)
    {
        var topic = ClientKit.Name("t");
        var request = new CreateTopicsRequest
        {
            TimeoutMs = 30_000,
            Topics = [new() { Name = topic, NumPartitions = partitions, ReplicationFactor = 1 }],
        };
        Assert.Equal(ErrorCode.None, (await client.AskAsync(request, 7)).Topics.Single().ErrorCode);
        await Eventually.True(
            async () => (await client.AskAsync(Fetch(0, -1, [.. Enumerable.Range(0, partitions).Select(p => (topic, p, 0L))]), ByName)).Responses
                .SelectMany(static t => t.Partitions).All(static p => p.ErrorCode == ErrorCode.None),
            "the topic's leaders");
        return topic;
    }
}

/// <summary>What the broker does when all slots are taken, and for batches that a producer compressed itself.</summary>
public sealed class FetchSessionCacheTests
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public void A_full_cache_gives_up_who_is_idle_or_small_and_else_nobody()
    {
        var cache = new FetchSessionCache(2, _clock);
        var (first, second) = (cache.TryCreate(Some(2), byId: false)!, cache.TryCreate(Some(3), byId: false)!);
        Assert.Null(cache.TryCreate(Some(9), byId: false));

        _clock.Advance(TimeSpan.FromMinutes(2));
        Use(first, 1);
        Use(second, 1);
        // As old as the others, and larger than the smallest.
        var third = cache.TryCreate(Some(4), byId: false);
        Assert.NotNull(third);
        Assert.Null(cache.Find(first.Id));
        Assert.NotNull(cache.Find(second.Id));
        // None is smaller and old enough.
        Assert.Null(cache.TryCreate(Some(2), byId: false));

        _clock.Advance(TimeSpan.FromMinutes(2.1));
        Use(third, 1);
        Assert.NotNull(cache.TryCreate(Some(1), byId: false));
        Assert.Null(cache.Find(second.Id));
        Assert.Equal(2, cache.Count);
    }

    [Fact]
    public void Partitions_that_had_their_turn_come_last()
    {
        var session = new FetchSession(1, byId: false, 0, Some(3));
        Assert.Equal(ErrorCode.None, session.TryBegin(new FetchRequest { SessionId = 1, SessionEpoch = 1 }, byId: false, 0, out var order));
        session.End([order[0]]);
        session.TryBegin(new FetchRequest { SessionId = 1, SessionEpoch = 2 }, byId: false, 0, out order);
        Assert.Equal([1, 2, 0], order.Select(static p => p.Key.Partition));
    }

    [Fact]
    public async Task An_old_client_gets_a_batch_in_zstd_as_apache_kafka_gives_it()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t");
        var builder = new RecordBatchBuilder(new RecordBatchOptions { Compression = CompressionType.Zstd });
        builder.Append(Requests.Now, null, "a");
        await broker.AskAsync(Requests.Produce("t", builder.Build()), 9);
        // KIP-110 would refuse it below version 10; Apache Kafka 4 no longer looks, and neither does this broker: a client that can read zstd goes on working.
        Assert.Equal(["a"], (await broker.AskAsync(Requests.Fetch("t", 0), 9)).Responses.Single().Partitions.Single().Values());
    }

    private static List<FetchedPartition> Some(int count) =>
        [.. Enumerable.Range(0, count).Select(static i => new FetchedPartition(new FetchKey("t", Guid.Empty, i), new FetchRequest.FetchPartition { Partition = i }))];

    private void Use(FetchSession session, int epoch) =>
        Assert.Equal(ErrorCode.None, session.TryBegin(
            new FetchRequest { SessionId = session.Id, SessionEpoch = epoch }, byId: false, (long)_clock.GetElapsedTime(0).TotalMilliseconds, out _));
}
