using Microsoft.Extensions.Time.Testing;
using Millrace.Protocol.Messages;
using Millrace.TestKit;

namespace Millrace.Broker.Tests.Server;

public sealed class IdleConnectionTests
{
    [Fact]
    public async Task A_connection_is_closed_when_it_was_quiet_for_longer_than_connections_max_idle_ms()
    {
        using var directory = new TempDirectory("broker");
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var options = new BrokerOptions { Listen = "127.0.0.1:0", DataDirectory = directory.Path, MaxConnectionIdle = TimeSpan.FromMinutes(5) };
        await using var broker = await BrokerServer.StartAsync(options, time: time);
        await using var quiet = await WireClient.ConnectAsync(broker.EndPoint);
        await using var busy = await WireClient.ConnectAsync(broker.EndPoint);
        await quiet.AskAsync(new MetadataRequest { Topics = [] }, 9);
        for (int minute = 0; minute < 6; minute++)
        {
            time.Advance(TimeSpan.FromMinutes(1));
            await busy.AskAsync(new MetadataRequest { Topics = [] }, 9);
        }

        Assert.Null(await quiet.ReceiveRawAsync());
        await busy.AskAsync(new MetadataRequest { Topics = [] }, 9);
    }
}
