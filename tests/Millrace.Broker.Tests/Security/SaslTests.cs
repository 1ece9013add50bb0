using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Millrace.Broker.Tests.Server;
using Millrace.Protocol;
using Millrace.Protocol.Messages;
using Millrace.TestKit;

namespace Millrace.Broker.Tests.Security;

public sealed class SaslTests(TestCertificates certificates) : IClassFixture<TestCertificates>
{
    private const string PlainModule = "org.apache.kafka.common.security.plain.PlainLoginModule required user_ann=\"ann-secret\" user_bob='b\"b';";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("PLAIN", "SASL_PLAINTEXT")]
    [InlineData("PLAIN", "SASL_SSL")]
    [InlineData("SCRAM-SHA-256", "SASL_PLAINTEXT")]
    [InlineData("SCRAM-SHA-512", "SASL_SSL")]
    public async Task Librdkafka_authenticates_produces_and_consumes(string mechanism, string protocol)
    {
        await using var broker = await StartAsync(protocol);
        var config = Client(broker, mechanism, protocol, "ann", "ann-secret");
        using var admin = new AdminClientBuilder(config).Build();
        await admin.CreateTopicsAsync([new TopicSpecification { Name = "secured", NumPartitions = 1, ReplicationFactor = 1 }], new CreateTopicsOptions { RequestTimeout = Limit, OperationTimeout = Limit });
        using var producer = new ProducerBuilder<Null, string>(config).Build();
        var written = await producer.ProduceAsync("secured", new Message<Null, string> { Value = "v" });
        using var consumer = new ConsumerBuilder<Ignore, string>(new ConsumerConfig(config) { GroupId = "g" }).Build();
        consumer.Assign(written.TopicPartitionOffset);
        Assert.Equal("v", consumer.Consume(Limit)?.Message.Value);
    }

    [Theory]
    [InlineData("PLAIN", "ann", "wrong")]
    [InlineData("PLAIN", "nobody", "ann-secret")]
    [InlineData("SCRAM-SHA-256", "ann", "wrong")]
    [InlineData("SCRAM-SHA-512", "nobody", "ann-secret")]
    public async Task A_wrong_password_and_an_unknown_user_are_refused_alike(string mechanism, string user, string password)
    {
        await using var broker = await StartAsync("SASL_PLAINTEXT");
        var told = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var producer = new ProducerBuilder<Null, string>(Client(broker, mechanism, "SASL_PLAINTEXT", user, password))
            .SetLogHandler(static (_, _) => { })
            .SetErrorHandler((_, e) =>
            {
                if (e.Code == Confluent.Kafka.ErrorCode.Local_Authentication) told.TrySetResult(e.Reason);
            }).Build();
        string reason = await told.Task.WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.Contains(mechanism == "PLAIN" ? "Invalid username or password" : "invalid credentials with SASL mechanism", reason, StringComparison.Ordinal);
        await Eventually.True(() => broker.Log.ToString().Contains($"gave itself out for '{user}'", StringComparison.Ordinal), "the audit log to name the user");
        Assert.DoesNotContain(password, broker.Log.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Before_authentication_nothing_else_is_answered()
    {
        await using var broker = await StartAsync("SASL_PLAINTEXT");
        await using (var client = await broker.ConnectAsync())
        {
            Assert.Equal(Protocol.ErrorCode.None, (await client.AskAsync(new ApiVersionsRequest { ClientSoftwareName = "t", ClientSoftwareVersion = "1" }, 3)).ErrorCode);
            await client.SendAsync(new MetadataRequest { Topics = [] }, 9);
            Assert.Null(await client.ReceiveRawAsync());
        }

        await using (var client = await broker.ConnectAsync())
        {
            await client.AskAsync(new SaslHandshakeRequest { Mechanism = "PLAIN" }, 1);
            await client.SendAsync(new ApiVersionsRequest { ClientSoftwareName = "t", ClientSoftwareVersion = "1" }, 3);
            Assert.Null(await client.ReceiveRawAsync());
        }

        await using (var client = await broker.ConnectAsync())
        {
            var refused = await client.AskAsync(new SaslHandshakeRequest { Mechanism = "GSSAPI" }, 1);
            Assert.Equal(Protocol.ErrorCode.UnsupportedSaslMechanism, refused.ErrorCode);
            Assert.Equal(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"], refused.Mechanisms);
            Assert.Null(await client.ReceiveRawAsync());
        }
    }

    [Fact]
    public async Task Tokens_without_requests_around_them_are_taken_after_the_oldest_handshake()
    {
        await using var broker = await StartAsync("SASL_PLAINTEXT");
        await using var client = await broker.ConnectAsync();
        await client.AskAsync(new SaslHandshakeRequest { Mechanism = "PLAIN" }, 0);
        await client.SendRawAsync("\0ann\0ann-secret"u8.ToArray());
        Assert.Empty((await client.ReceiveRawAsync())!);
        Assert.Single((await client.AskAsync(new MetadataRequest { Topics = [] }, 9)).Brokers);
    }

    [Fact]
    public async Task Users_are_changed_through_the_api_and_outlive_a_restart()
    {
        await using var broker = await StartAsync("SASL_PLAINTEXT");
        using (var admin = new AdminClientBuilder(Client(broker, "SCRAM-SHA-256", "SASL_PLAINTEXT", "ann", "ann-secret")).Build())
        {
            await admin.AlterUserScramCredentialsAsync(
            [
                new UserScramCredentialUpsertion { User = "carl", ScramCredentialInfo = new() { Mechanism = ScramMechanism.ScramSha512, Iterations = 8192 }, Password = "carl-secret"u8.ToArray() },
                new UserScramCredentialDeletion { User = "ann", Mechanism = ScramMechanism.ScramSha512 },
            ]);
        }

        string file = Path.Combine(broker.DataDirectory, "security.json");
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.DoesNotContain("carl-secret", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await broker.RestartAsync();
        using var again = new AdminClientBuilder(Client(broker, "SCRAM-SHA-512", "SASL_PLAINTEXT", "carl", "carl-secret")).Build();
        var described = await again.DescribeUserScramCredentialsAsync([], new DescribeUserScramCredentialsOptions { RequestTimeout = Limit });
        var carl = described.UserScramCredentialsDescriptions.Single(static d => d.User == "carl").ScramCredentialInfos.Single();
        Assert.Equal((ScramMechanism.ScramSha512, 8192), (carl.Mechanism, carl.Iterations));
    }

    [Fact]
    public async Task What_cannot_be_changed_is_refused_one_by_one()
    {
        await using var broker = await TestBroker.StartAsync();
        byte[] key = new byte[32];
        var response = await broker.AskAsync(
            new AlterUserScramCredentialsRequest
            {
                Deletions = [new() { Name = "absent", Mechanism = 1 }],
                Upsertions =
                [
                    new() { Name = "few", Mechanism = 1, Iterations = 4095, Salt = key, SaltedPassword = key },
                    new() { Name = "many", Mechanism = 1, Iterations = 16385, Salt = key, SaltedPassword = key },
                    new() { Name = "odd", Mechanism = 9, Iterations = 4096, Salt = key, SaltedPassword = key },
                    new() { Name = "", Mechanism = 1, Iterations = 4096, Salt = key, SaltedPassword = key },
                    new() { Name = "twice", Mechanism = 1, Iterations = 4096, Salt = key, SaltedPassword = key },
                    new() { Name = "twice", Mechanism = 1, Iterations = 4096, Salt = key, SaltedPassword = key },
                    new() { Name = "good", Mechanism = 2, Iterations = 4096, Salt = key, SaltedPassword = key },
                ],
            },
            0);
        Assert.Equal(
            [
                ("absent", Protocol.ErrorCode.ResourceNotFound), ("few", Protocol.ErrorCode.UnacceptableCredential), ("many", Protocol.ErrorCode.UnacceptableCredential),
                ("odd", Protocol.ErrorCode.UnsupportedSaslMechanism), ("", Protocol.ErrorCode.UnacceptableCredential), ("twice", Protocol.ErrorCode.DuplicateResource), ("good", Protocol.ErrorCode.None),
            ],
            response.Results.Select(static r => (r.User, r.ErrorCode)));
        var described = await broker.AskAsync(new DescribeUserScramCredentialsRequest { Users = [new() { Name = "good" }, new() { Name = "few" }] }, 0);
        Assert.Equal([Protocol.ErrorCode.None, Protocol.ErrorCode.ResourceNotFound], described.Results.Select(static r => r.ErrorCode));
    }

    [Theory]
    [InlineData("", "sasl.enabled.mechanisms", "is needed")]
    [InlineData("GSSAPI", "sasl.enabled.mechanisms", "is not offered")]
    [InlineData("PLAIN", "sasl.jaas.config", "user_NAME")]
    public async Task A_listener_without_mechanisms_or_users_does_not_start(string mechanisms, string key, string says)
    {
        var error = await Assert.ThrowsAsync<BrokerStartException>(() => TestBroker.StartAsync(o => o.With(("listeners", "SASL_PLAINTEXT://127.0.0.1:0"), ("sasl.enabled.mechanisms", mechanisms))));
        Assert.Contains(key, error.Message, StringComparison.Ordinal);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    private Task<TestBroker> StartAsync(string protocol) => TestBroker.StartAsync(o => o.With(
        ("listeners", protocol + "://127.0.0.1:0"),
        ("ssl.keystore.type", "PEM"),
        ("ssl.keystore.location", certificates.Path("broker.pem")),
        ("sasl.enabled.mechanisms", "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512"),
        ($"listener.name.{protocol.ToLowerInvariant()}.plain.sasl.jaas.config", PlainModule),
        ("connection.failed.authentication.delay.ms", "0")) with
    { AddScram = ["SCRAM-SHA-256=[name=ann,password=ann-secret]", "SCRAM-SHA-512=[name=ann,password=ann-secret,iterations=5000]"] });

    private ClientConfig Client(TestBroker broker, string mechanism, string protocol, string user, string password) => new()
    {
        BootstrapServers = broker.Bootstrap,
        SecurityProtocol = protocol == "SASL_SSL" ? SecurityProtocol.SaslSsl : SecurityProtocol.SaslPlaintext,
        SslCaLocation = certificates.Path("ca.pem"),
        SaslMechanism = mechanism switch { "PLAIN" => SaslMechanism.Plain, "SCRAM-SHA-256" => SaslMechanism.ScramSha256, _ => SaslMechanism.ScramSha512 },
        SaslUsername = user,
        SaslPassword = password,
    };
}
