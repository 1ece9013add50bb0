using Microsoft.Extensions.Time.Testing;
using Millrace.Broker.Tests.Server;
using Millrace.Protocol.Messages;
using Millrace.TestKit;

namespace Millrace.Broker.Tests.Security;

public sealed class HandshakeLimitTests
{
    [Fact]
    public async Task A_client_that_does_not_authenticate_in_time_is_closed_and_one_that_has_stays()
    {
        using var directory = new TempDirectory("broker");
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var options = new BrokerOptions { DataDirectory = directory.Path, Listen = "127.0.0.1:0" }.With(
            ("listeners", "SASL_PLAINTEXT://127.0.0.1:0"),
            ("sasl.enabled.mechanisms", "PLAIN"),
            ("sasl.jaas.config", "org.apache.kafka.common.security.plain.PlainLoginModule required user_ann=\"ann-secret\";"));
        await using var broker = await BrokerServer.StartAsync(options, time: time);
        await using var slow = await WireClient.ConnectAsync(broker.EndPoint);
        await slow.AskAsync(new SaslHandshakeRequest { Mechanism = "PLAIN" }, 1);
        await using var known = await WireClient.ConnectAsync(broker.EndPoint);
        await known.AskAsync(new SaslHandshakeRequest { Mechanism = "PLAIN" }, 1);
        await known.AskAsync(new SaslAuthenticateRequest { AuthBytes = "\0ann\0ann-secret"u8.ToArray() }, 2);
        time.Advance(TimeSpan.FromSeconds(31));
        Assert.Null(await slow.ReceiveRawAsync());
        await known.AskAsync(new MetadataRequest { Topics = [] }, 9);
    }

    [Fact]
    public async Task A_session_ends_unless_the_client_authenticates_anew()
    {
        using var directory = new TempDirectory("broker");
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var options = new BrokerOptions { DataDirectory = directory.Path, Listen = "127.0.0.1:0" }.With(
            ("listeners", "SASL_PLAINTEXT://127.0.0.1:0"),
            ("sasl.enabled.mechanisms", "PLAIN"),
            ("connections.max.reauth.ms", "60000"),
            ("connection.failed.authentication.delay.ms", "0"),
            ("sasl.jaas.config", "org.apache.kafka.common.security.plain.PlainLoginModule required user_ann=\"ann-secret\" user_bob=\"bob-secret\";"));
        await using var broker = await BrokerServer.StartAsync(options, time: time);
        await using var client = await WireClient.ConnectAsync(broker.EndPoint);
        Assert.Equal(60_000, (await LogInAsync("ann")).SessionLifetimeMs);
        time.Advance(TimeSpan.FromSeconds(50));
        Assert.Equal(60_000, (await LogInAsync("ann")).SessionLifetimeMs);
        time.Advance(TimeSpan.FromSeconds(50));
        await client.AskAsync(new MetadataRequest { Topics = [] }, 9);
        time.Advance(TimeSpan.FromSeconds(11));
        await client.SendAsync(new MetadataRequest { Topics = [] }, 9);
        Assert.Null(await client.ReceiveRawAsync());

        await using var other = await WireClient.ConnectAsync(broker.EndPoint);
        await other.AskAsync(new SaslHandshakeRequest { Mechanism = "PLAIN" }, 1);
        await other.AskAsync(new SaslAuthenticateRequest { AuthBytes = "\0ann\0ann-secret"u8.ToArray() }, 2);
        time.Advance(TimeSpan.FromSeconds(2));
        await other.AskAsync(new SaslHandshakeRequest { Mechanism = "PLAIN" }, 1);
        var changed = await other.AskAsync(new SaslAuthenticateRequest { AuthBytes = "\0bob\0bob-secret"u8.ToArray() }, 2);
        Assert.Equal(Protocol.ErrorCode.SaslAuthenticationFailed, changed.ErrorCode);
        Assert.Contains("Cannot change principals", changed.ErrorMessage, StringComparison.Ordinal);

        async Task<SaslAuthenticateResponse> LogInAsync(string user)
        {
            await client.AskAsync(new SaslHandshakeRequest { Mechanism = "PLAIN" }, 1);
            return await client.AskAsync(new SaslAuthenticateRequest { AuthBytes = System.Text.Encoding.UTF8.GetBytes($"\0{user}\0{user}-secret") }, 2);
        }
    }
}
