using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Tests.Server;

public sealed class NetworkTests
{
    [Fact]
    public async Task ApiVersions_lists_every_handler_and_advertises_Produce_from_0()
    {
        await using var broker = await TestBroker.StartAsync();
        var response = await broker.AskAsync(new ApiVersionsRequest { ClientSoftwareName = "t", ClientSoftwareVersion = "1" }, 4);
        Assert.Equal(ErrorCode.None, response.ErrorCode);
        var produce = response.ApiKeys.Single(k => k.ApiKey == (short)ApiKey.Produce);
        Assert.Equal((0, 13), (produce.MinVersion, produce.MaxVersion));
        Assert.Contains(response.ApiKeys, k => k.ApiKey == (short)ApiKey.JoinGroup && k.MinVersion == 0);
    }

    [Fact]
    public async Task A_newer_ApiVersions_gets_UNSUPPORTED_VERSION_in_the_oldest_form()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.ConnectAsync();
        await client.SendRawAsync(Convert.FromHexString("0012" + "0063" + "00000007" + "ffff" + "00" + "0161" + "0161" + "00"));
        byte[] frame = (await client.ReceiveRawAsync())!;
        var reader = new KafkaReader(frame);
        Assert.Equal(7, reader.ReadInt32());
        var response = new ApiVersionsResponse();
        response.Read(ref reader, 0);
        Assert.Equal(ErrorCode.UnsupportedVersion, response.ErrorCode);
        Assert.Equal(4, response.ApiKeys.Single().MaxVersion);
    }

    [Fact]
    public async Task Responses_keep_the_order_of_requests_behind_a_long_poll()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t");
        await using var client = await broker.ConnectAsync();
        int fetch = await client.SendAsync(Requests.Fetch("t", 0, maxWaitMs: 300), 12);
        int metadata = await client.SendAsync(new MetadataRequest { Topics = null }, 9);
        await client.ReceiveAsync<FetchResponse>(fetch, 12);
        var answered = await client.ReceiveAsync<MetadataResponse>(metadata, 9);
        Assert.Equal("t", answered.Topics.Single().Name);
    }

    [Fact]
    public async Task A_request_too_large_closes_the_connection_and_no_other()
    {
        await using var broker = await TestBroker.StartAsync(o => o with { MaxRequestBytes = 1000 });
        await using var good = await broker.ConnectAsync();
        await using var bad = await broker.ConnectAsync();
        await bad.SendBytesAsync([0x7f, 0, 0, 0, 1, 2, 3]);
        Assert.Null(await bad.ReceiveRawAsync());
        await good.AskAsync(new MetadataRequest { Topics = null }, 9);
    }

    [Fact]
    public async Task A_large_request_in_many_pieces_is_put_together()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("big", 1, ("max.message.bytes", "20000000"));
        byte[] batch = Requests.Batch(new string('x', 3_000_000));
        var produced = (await broker.AskAsync(Requests.Produce("big", batch), 9)).Responses[0].PartitionResponses[0];
        Assert.Equal(ErrorCode.None, produced.ErrorCode);
        var fetched = await broker.FetchAsync("big", 0);
        Assert.Equal(3_000_000, fetched.Values().Single().Length);
    }

    [Fact]
    public async Task Records_sent_with_acks_0_before_the_client_leaves_are_kept()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t");
        await using (var client = await broker.ConnectAsync())
        {
            for (int i = 0; i < 20; i++) await client.SendAsync(Requests.Produce("t", Requests.Batch($"{i}"), acks: 0), 9);
            client.EndSending();
            Assert.Null(await client.ReceiveRawAsync());
        }

        Assert.Equal(20, (await broker.FetchAsync("t", 0)).HighWatermark);
    }

    [Fact]
    public async Task Random_bytes_never_take_the_broker_down()
    {
        await using var broker = await TestBroker.StartAsync();
        var random = new Random(4711);
        for (int round = 0; round < 150; round++)
        {
            await using var client = await broker.ConnectAsync();
            byte[] frame = new byte[random.Next(4, 200)];
            random.NextBytes(frame);
            if (round % 2 == 0)
            {
                // A header that is right, in front of a body that is not.
                frame[0] = 0;
                frame[1] = (byte)random.Next(76);
                frame[2] = 0;
                frame[3] = (byte)random.Next(13);
            }

            await client.SendRawAsync(frame);
            client.EndSending();
            await client.ReceiveRawAsync();
        }

        Assert.NotNull(await broker.AskAsync(new MetadataRequest { Topics = null }, 9));
    }
}
