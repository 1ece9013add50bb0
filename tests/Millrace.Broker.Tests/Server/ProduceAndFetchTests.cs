using Millrace.Protocol;
using Millrace.Protocol.Messages;
using Millrace.Protocol.Records;

namespace Millrace.Broker.Tests.Server;

public sealed class ProduceAndFetchTests
{
    [Fact]
    public async Task What_was_produced_is_fetched_in_every_version()
    {
        await using var broker = await TestBroker.StartAsync();
        var id = (await broker.CreateTopicAsync("t")).TopicId;
        long expected = 0;
        for (short version = ProduceRequest.LowestVersion; version <= ProduceRequest.HighestVersion; version++)
        {
            var request = Requests.Produce("t", Requests.Batch($"v{version}"));
            request.TopicData[0].TopicId = id;
            var answer = (await broker.AskAsync(request, version)).Responses.Single().PartitionResponses.Single();
            Assert.Equal((ErrorCode.None, expected++), (answer.ErrorCode, answer.BaseOffset));
        }

        for (short version = FetchRequest.LowestVersion; version <= FetchRequest.HighestVersion; version++)
        {
            var request = Requests.Fetch("t", 0);
            request.Topics[0].TopicId = id;
            var data = (await broker.AskAsync(request, version)).Responses.Single().Partitions.Single();
            Assert.Equal(expected, data.Values().Count);
            Assert.Equal(expected, data.HighWatermark);
        }
    }

    [Fact]
    public async Task A_long_poll_ends_when_records_arrive()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t");
        await using var client = await broker.ConnectAsync();
        int waiting = await client.SendAsync(Requests.Fetch("t", 0, maxWaitMs: 20_000), 12);
        await broker.ProduceAsync("t", "here");
        var response = await client.ReceiveAsync<FetchResponse>(waiting, 12);
        Assert.Equal(["here"], response.Responses.Single().Partitions.Single().Values());
    }

    [Fact]
    public async Task Each_partition_fails_for_itself()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t", 1, ("max.message.bytes", "200"));
        byte[] damaged = Requests.Batch("a");
        damaged[^1] ^= 0xff;
        var request = new ProduceRequest
        {
            Acks = -1,
            TopicData =
            [
                new() { Name = "none", PartitionData = [new() { Index = 0, Records = Requests.Batch("a") }] },
                new() { Name = "t", PartitionData = [new() { Index = 7, Records = Requests.Batch("a") }, new() { Index = 0, Records = damaged }] },
                new() { Name = "t", PartitionData = [new() { Index = 0, Records = Requests.Batch(new string('x', 500)) }] },
                new() { Name = "t", PartitionData = [new() { Index = 0, Records = Requests.Batch("good") }] },
            ],
        };
        var response = await broker.AskAsync(request, 9);
        Assert.Equal(
            [ErrorCode.UnknownTopicOrPartition, ErrorCode.UnknownTopicOrPartition, ErrorCode.CorruptMessage, ErrorCode.MessageTooLarge, ErrorCode.None],
            response.Responses.SelectMany(r => r.PartitionResponses).Select(p => p.ErrorCode));
        Assert.Equal(["good"], (await broker.FetchAsync("t", 0)).Values());
    }

    [Fact]
    public async Task Acks_other_than_minus_one_zero_and_one_are_refused()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t");
        var answer = (await broker.AskAsync(Requests.Produce("t", Requests.Batch("a"), acks: 2), 9)).Responses[0].PartitionResponses[0];
        Assert.Equal(ErrorCode.InvalidRequiredAcks, answer.ErrorCode);
    }

    [Fact]
    public async Task Zstd_needs_version_7()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t");
        byte[] batch = new RecordBatchBuilder(new RecordBatchOptions { Compression = CompressionType.Zstd }).Append(Requests.Now, null, new string('z', 100)).Build();
        var old = (await broker.AskAsync(Requests.Produce("t", batch), 6)).Responses[0].PartitionResponses[0];
        var young = (await broker.AskAsync(Requests.Produce("t", batch), 7)).Responses[0].PartitionResponses[0];
        Assert.Equal((ErrorCode.UnsupportedCompressionType, ErrorCode.None), (old.ErrorCode, young.ErrorCode));
    }

    [Fact]
    public async Task Offsets_are_listed_by_position_and_by_time()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t");
        var builder = new RecordBatchBuilder();
        for (int i = 0; i < 10; i++) builder.Append(Requests.Now + (i * 1000), null, $"{i}");
        await broker.AskAsync(Requests.Produce("t", builder.Build()), 9);
        await broker.AskAsync(new DeleteRecordsRequest { Topics = [new() { Name = "t", Partitions = [new() { PartitionIndex = 0, Offset = 2 }] }] }, 2);

        Assert.Equal(10, (await ListAsync(broker, -1)).Offset);
        Assert.Equal(2, (await ListAsync(broker, -2)).Offset);
        Assert.Equal(9, (await ListAsync(broker, -3)).Offset);
        var byTime = await ListAsync(broker, Requests.Now + 4500);
        Assert.Equal((5, Requests.Now + 5000), (byTime.Offset, byTime.Timestamp));
        Assert.Equal(-1, (await ListAsync(broker, Requests.Now + 60_000)).Offset);
        Assert.Equal(ErrorCode.OffsetOutOfRange, (await broker.FetchAsync("t", 1)).ErrorCode);
    }

    [Fact]
    public async Task A_wrong_leader_epoch_is_told()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t");
        var request = Requests.Fetch("t", 0);
        request.Topics[0].Partitions[0].CurrentLeaderEpoch = 999;
        var data = (await broker.AskAsync(request, 12)).Responses[0].Partitions[0];
        Assert.Equal(ErrorCode.UnknownLeaderEpoch, data.ErrorCode);
    }

    [Fact]
    public async Task An_unknown_fetch_session_is_told()
    {
        await using var broker = await TestBroker.StartAsync();
        var response = await broker.AskAsync(new FetchRequest { SessionId = 5, SessionEpoch = 1 }, 12);
        Assert.Equal(ErrorCode.FetchSessionIdNotFound, response.ErrorCode);
    }

    private static async Task<ListOffsetsResponse.ListOffsetsPartitionResponse> ListAsync(TestBroker broker, long timestamp) =>
        (await broker.AskAsync(new ListOffsetsRequest { ReplicaId = -1, Topics = [new() { Name = "t", Partitions = [new() { PartitionIndex = 0, Timestamp = timestamp }] }] }, 7))
        .Topics.Single().Partitions.Single();
}
