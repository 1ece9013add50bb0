using Millrace.Broker.Tests.Security;
using Millrace.Protocol.Messages;
using Millrace.TestKit;

namespace Millrace.Broker.Tests.Server;

public sealed class ConnectionLimitTests
{
    [Theory]
    [InlineData("max.connections.per.ip", "2")]
    [InlineData("max.connections.per.ip.overrides", "127.0.0.1:2,10.0.0.1:0")]
    public async Task Connections_above_those_of_an_address_are_closed(string key, string value)
    {
        await using var broker = await TestBroker.StartAsync(o => o.With((key, value)));
        await using var first = await broker.ConnectAsync();
        await using (var second = await broker.ConnectAsync())
        {
            await first.AskAsync(new MetadataRequest { Topics = [] }, 9);
            await second.AskAsync(new MetadataRequest { Topics = [] }, 9);
            await using var third = await broker.ConnectAsync();
            Assert.Null(await third.ReceiveRawAsync());
        }

        await Eventually.True(
            async () =>
            {
                try
                {
                    await broker.AskAsync(new MetadataRequest { Topics = [] }, 9);
                    return true;
                }
                catch (IOException)
                {
                    return false;
                }
            },
            "the place of a connection that has ended");
    }

    [Fact]
    public async Task A_connection_above_the_most_waits_until_another_ends()
    {
        await using var broker = await TestBroker.StartAsync(o => o.With(("max.connections", "1")));
        var first = await broker.ConnectAsync();
        await first.AskAsync(new MetadataRequest { Topics = [] }, 9);
        await using var second = await broker.ConnectAsync();
        int asked = await second.SendAsync(new MetadataRequest { Topics = [] }, 9);
        await first.AskAsync(new MetadataRequest { Topics = [] }, 9);
        await first.DisposeAsync();
        Assert.Single((await second.ReceiveAsync<MetadataResponse>(asked, 9)).Brokers);
    }

    [Fact]
    public async Task An_override_that_is_none_stops_the_start()
    {
        var error = await Assert.ThrowsAsync<BrokerStartException>(() => TestBroker.StartAsync(o => o.With(("max.connections.per.ip.overrides", "host:2"))));
        Assert.Contains("ADDRESS:NUMBER", error.Message, StringComparison.Ordinal);
    }
}
