using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Millrace.Broker.Tests.Server;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Tests.Security;

public sealed class TlsTests(TestCertificates certificates) : IClassFixture<TestCertificates>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("pem")]
    [InlineData("pem-encrypted")]
    [InlineData("inline")]
    [InlineData("p12")]
    public async Task Librdkafka_produces_over_tls_with_every_kind_of_key_store(string kind)
    {
        certificates.Write("broker-encrypted.pem", certificates.EncryptedKey("key-secret") + "\n" + certificates.Chain);
        Dictionary<string, string> store = kind switch
        {
            "pem" => new() { ["ssl.keystore.type"] = "PEM", ["ssl.keystore.location"] = certificates.Path("broker.pem") },
            "pem-encrypted" => new() { ["ssl.keystore.type"] = "PEM", ["ssl.keystore.location"] = certificates.Path("broker-encrypted.pem"), ["ssl.key.password"] = "key-secret" },
            "inline" => new() { ["ssl.keystore.type"] = "PEM", ["ssl.keystore.key"] = certificates.BrokerKey, ["ssl.keystore.certificate.chain"] = certificates.Chain },
            _ => new() { ["ssl.keystore.type"] = "PKCS12", ["ssl.keystore.location"] = certificates.Path("broker.p12"), ["ssl.keystore.password"] = TestCertificates.Password },
        };
        await using var broker = await TestBroker.StartAsync(o => o.With(store).With(("listeners", "SSL://127.0.0.1:0")));
        await ProduceAsync(new ClientConfig { BootstrapServers = broker.Bootstrap, SecurityProtocol = Confluent.Kafka.SecurityProtocol.Ssl, SslCaLocation = certificates.Path("ca.pem") });
    }

    [Fact]
    public async Task Each_listener_speaks_its_own_protocol_and_tells_its_own_address()
    {
        await using var broker = await TestBroker.StartAsync(o => o.With(
            ("listeners", "INSIDE://127.0.0.1:0,OUTSIDE://127.0.0.1:0"),
            ("advertised.listeners", "INSIDE://127.0.0.1:0,OUTSIDE://localhost:0"),
            ("listener.security.protocol.map", "INSIDE:PLAINTEXT,OUTSIDE:SSL"),
            ("listener.name.outside.ssl.keystore.type", "PEM"),
            ("listener.name.outside.ssl.keystore.location", certificates.Path("broker.pem"))) with
        { Advertised = null });
        string outside = broker.Server.BootstrapServersOf("outside");
        Assert.NotEqual(broker.Bootstrap, outside);
        await ProduceAsync(new ClientConfig { BootstrapServers = broker.Bootstrap });

        int port = int.Parse(outside.Split(':')[^1], System.Globalization.CultureInfo.InvariantCulture);
        await using var client = await WireClient.ConnectTlsAsync(new IPEndPoint(IPAddress.Loopback, port), Trusting());
        var told = (await client.AskAsync(new MetadataRequest { Topics = [] }, 12)).Brokers.Single();
        Assert.Equal(("localhost", port), (told.Host, told.Port));
        var coordinator = (await client.AskAsync(new FindCoordinatorRequest { CoordinatorKeys = ["g"] }, 4)).Coordinators.Single();
        Assert.Equal(port, coordinator.Port);
    }

    [Theory]
    [InlineData("none", "client", true)]
    [InlineData("requested", null, true)]
    [InlineData("requested", "stranger", false)]
    [InlineData("required", null, false)]
    [InlineData("required", "stranger", false)]
    [InlineData("required", "client", true)]
    public async Task A_clients_certificate_is_asked_for_and_checked(string mode, string? shown, bool accepted)
    {
        await using var broker = await TestBroker.StartAsync(o => o.With(
            ("listeners", "SSL://127.0.0.1:0"),
            ("ssl.keystore.type", "PEM"),
            ("ssl.keystore.location", certificates.Path("broker.pem")),
            ("ssl.truststore.type", "PEM"),
            ("ssl.truststore.certificates", certificates.AuthorityPem),
            ("ssl.client.auth", mode)));
        var certificate = shown switch { "client" => certificates.Client, "stranger" => certificates.Stranger, _ => null };
        if (accepted)
        {
            try
            {
                await using var client = await WireClient.ConnectTlsAsync(broker.Server.EndPoint, Trusting(certificate));
                await client.AskAsync(new MetadataRequest { Topics = [] }, 12);
            }
            catch (EndOfStreamException e)
            {
                Assert.Fail($"{e.Message}; it says:\n{broker.Log}");
            }

            return;
        }

        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await using var client = await WireClient.ConnectTlsAsync(broker.Server.EndPoint, Trusting(certificate));
            await client.AskAsync(new MetadataRequest { Topics = [] }, 12);
        });
    }

    [Fact]
    public async Task A_session_of_a_listener_that_asks_for_no_certificate_is_not_resumed_where_one_is_required()
    {
        await using var broker = await TestBroker.StartAsync(o => o.With(
            ("listeners", "OPEN://127.0.0.1:0,MUTUAL://127.0.0.1:0"),
            ("listener.security.protocol.map", "OPEN:SSL,MUTUAL:SSL"),
            ("ssl.keystore.type", "PEM"),
            ("ssl.keystore.location", certificates.Path("broker.pem")),
            ("ssl.truststore.type", "PEM"),
            ("ssl.truststore.location", certificates.Path("ca.pem")),
            ("listener.name.mutual.ssl.client.auth", "required")) with
        { Advertised = null });
        foreach (string listener in (string[])["open", "open", "mutual", "open", "mutual"])
        {
            int port = int.Parse(broker.Server.BootstrapServersOf(listener).Split(':')[^1], System.Globalization.CultureInfo.InvariantCulture);
            await using var client = await WireClient.ConnectTlsAsync(new IPEndPoint(IPAddress.Loopback, port), Trusting(certificates.Client));
            await client.AskAsync(new MetadataRequest { Topics = [] }, 12);
        }

        Assert.DoesNotContain("handshake", broker.Log.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Librdkafka_shows_its_certificate()
    {
        await using var broker = await TestBroker.StartAsync(o => o.With(
            ("listeners", "SSL://127.0.0.1:0"),
            ("ssl.keystore.type", "PEM"),
            ("ssl.keystore.location", certificates.Path("broker.pem")),
            ("ssl.truststore.type", "PEM"),
            ("ssl.truststore.location", certificates.Path("ca.pem")),
            ("ssl.client.auth", "required")));
        await ProduceAsync(new ClientConfig
        {
            BootstrapServers = broker.Bootstrap,
            SecurityProtocol = Confluent.Kafka.SecurityProtocol.Ssl,
            SslCaLocation = certificates.Path("ca.pem"),
            SslCertificateLocation = certificates.Path("client.pem"),
            SslKeyLocation = certificates.Path("client.key"),
        });
    }

    [Theory]
    [InlineData(SslProtocols.Tls12, "TLSv1.3", false)]
    [InlineData(SslProtocols.Tls12, "TLSv1.2", true)]
    [InlineData(SslProtocols.Tls13, "TLSv1.2,TLSv1.3", true)]
    public async Task Only_the_enabled_versions_of_tls_are_spoken(SslProtocols spoken, string enabled, bool accepted)
    {
        await using var broker = await TestBroker.StartAsync(o => o.With(
            ("listeners", "SSL://127.0.0.1:0"),
            ("ssl.keystore.type", "PEM"),
            ("ssl.keystore.location", certificates.Path("broker.pem")),
            ("ssl.enabled.protocols", enabled)));
        var options = Trusting();
        options.EnabledSslProtocols = spoken;
        var connecting = WireClient.ConnectTlsAsync(broker.Server.EndPoint, options);
        if (accepted) await (await connecting).DisposeAsync();
        else await Assert.ThrowsAnyAsync<Exception>(() => connecting);
    }

    [Theory]
    [InlineData("old.jks", "JKS", "keytool -importkeystore")]
    [InlineData("broker.pem", "PKCS12", "set the store's type to PEM")]
    [InlineData("absent.p12", "PKCS12", "cannot be read")]
    [InlineData("broker.p12", "PKCS12", "password is not set")]
    [InlineData("ca.pem", "PEM", "private key")]
    public async Task A_key_store_that_cannot_be_read_stops_the_start_and_says_what_to_do(string file, string type, string says)
    {
        var error = await Assert.ThrowsAsync<BrokerStartException>(() => TestBroker.StartAsync(o => o.With(
            ("listeners", "SSL://127.0.0.1:0"), ("ssl.keystore.type", type), ("ssl.keystore.location", certificates.Path(file)))));
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.Contains("ssl.keystore.location", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_without_tls_is_closed_and_others_are_served()
    {
        await using var broker = await TestBroker.StartAsync(o => o.With(
            ("listeners", "SSL://127.0.0.1:0"), ("ssl.keystore.type", "PEM"), ("ssl.keystore.location", certificates.Path("broker.pem"))));
        await using var plain = await broker.ConnectAsync();
        await plain.SendAsync(new MetadataRequest { Topics = [] }, 9);
        Assert.Null(await plain.ReceiveRawAsync());
        await using var client = await WireClient.ConnectTlsAsync(broker.Server.EndPoint, Trusting());
        await client.AskAsync(new MetadataRequest { Topics = [] }, 12);
    }

    private SslClientAuthenticationOptions Trusting(X509Certificate2? certificate = null) => new()
    {
        TargetHost = "localhost",
        CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { X509Certificate2.CreateFromPem(certificates.AuthorityPem) },
            RevocationMode = X509RevocationMode.NoCheck,
        },
        ClientCertificateContext = certificate is null ? null : SslStreamCertificateContext.Create(certificate, null, offline: true),
    };

    private static async Task ProduceAsync(ClientConfig config)
    {
        using var admin = new AdminClientBuilder(config).Build();
        await admin.CreateTopicsAsync([new TopicSpecification { Name = "secured", NumPartitions = 1, ReplicationFactor = 1 }], new CreateTopicsOptions { RequestTimeout = Limit, OperationTimeout = Limit });
        using var producer = new ProducerBuilder<Null, byte[]>(config).Build();
        // Larger than a record of TLS, a segment of the pipe and what a response copies.
        byte[] value = new byte[300_000];
        new Random(7).NextBytes(value);
        var written = await producer.ProduceAsync("secured", new Message<Null, byte[]> { Value = value });
        using var consumer = new ConsumerBuilder<Ignore, byte[]>(new ConsumerConfig(config) { GroupId = "g" }).Build();
        consumer.Assign(written.TopicPartitionOffset);
        Assert.Equal(value, consumer.Consume(Limit)?.Message.Value);
    }
}
