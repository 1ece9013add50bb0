using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Confluent.Kafka;
using Millrace.Broker.Security.Sasl;
using Millrace.Broker.Tests.Server;
using Millrace.Protocol.Messages;
using Millrace.TestKit;

namespace Millrace.Broker.Tests.Security;

public sealed class OAuthBearerTests : IDisposable
{
    private const string Good = """{"sub":"payments","iss":"bank","aud":["x","kafka"],"exp":4102444800}""";

    private static readonly JwtRules Rules = new("bank", ["kafka"], "sub", TimeSpan.FromSeconds(30));

    private readonly TempDirectory _directory = new("jwks");
    private readonly RSA _rsa = RSA.Create(2048);
    private readonly ECDsa _curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public OAuthBearerTests()
    {
        var rsa = _rsa.ExportParameters(includePrivateParameters: false);
        var curve = _curve.ExportParameters(includePrivateParameters: false);
        File.WriteAllText(Jwks, $$"""
            {"keys":[{"kty":"RSA","kid":"r","use":"sig","n":"{{Base64Url.EncodeToString(rsa.Modulus)}}","e":"{{Base64Url.EncodeToString(rsa.Exponent)}}"},
            {"kty":"EC","kid":"e","crv":"P-256","x":"{{Base64Url.EncodeToString(curve.Q.X)}}","y":"{{Base64Url.EncodeToString(curve.Q.Y)}}"}]}
            """);
    }

    private string Jwks => _directory.Combine("jwks.json");

    public void Dispose()
    {
        _rsa.Dispose();
        _curve.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [InlineData("RS256")]
    [InlineData("ES256")]
    public async Task Librdkafka_authenticates_with_a_token(string algorithm)
    {
        await using var broker = await StartAsync();
        using var producer = new ProducerBuilder<Null, string>(new ProducerConfig
        {
            BootstrapServers = broker.Bootstrap,
            SecurityProtocol = SecurityProtocol.SaslPlaintext,
            SaslMechanism = SaslMechanism.OAuthBearer,
        }).SetOAuthBearerTokenRefreshHandler((client, _) => client.OAuthBearerSetToken(Sign(Good, algorithm), 4102444800000, "payments")).Build();
        Assert.Equal(0, (await producer.ProduceAsync("secured", new Message<Null, string> { Value = "v" })).Offset.Value);
        Assert.Contains("User:payments", broker.Log.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_token_gets_the_answer_of_the_rfc_and_then_the_end()
    {
        await using var broker = await StartAsync();
        await using var client = await broker.ConnectAsync();
        await client.AskAsync(new SaslHandshakeRequest { Mechanism = "OAUTHBEARER" }, 1);
        string token = Sign(Good.Replace("4102444800", "1", StringComparison.Ordinal), "RS256");
        var first = await client.AskAsync(new SaslAuthenticateRequest { AuthBytes = Encoding.UTF8.GetBytes($"n,,\u0001auth=Bearer {token}\u0001\u0001") }, 2);
        Assert.Equal((Protocol.ErrorCode.None, """{"status":"invalid_token"}"""), (first.ErrorCode, Encoding.UTF8.GetString(first.AuthBytes)));
        var second = await client.AskAsync(new SaslAuthenticateRequest { AuthBytes = [1] }, 2);
        Assert.Equal(Protocol.ErrorCode.SaslAuthenticationFailed, second.ErrorCode);
        Assert.Null(await client.ReceiveRawAsync());
        Assert.Contains("has expired", broker.Log.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"sub":"p","iss":"bank","aud":"kafka","exp":1}""", "has expired")]
    [InlineData("""{"sub":"p","iss":"bank","aud":"kafka"}""", "does not expire")]
    [InlineData("""{"sub":"p","iss":"other","aud":"kafka","exp":4102444800}""", "has another issuer")]
    [InlineData("""{"sub":"p","iss":"bank","aud":["x"],"exp":4102444800}""", "is for another audience")]
    [InlineData("""{"iss":"bank","aud":"kafka","exp":4102444800}""", "has no claim sub")]
    [InlineData("""{"sub":"p","iss":"bank","aud":"kafka","exp":4102444800,"nbf":4102444000}""", "is not valid yet")]
    [InlineData("""{"sub":"p","iss":"bank","aud":"kafka","exp":"soon"}""", "that is no time")]
    [InlineData("[]", "is no JWT")]
    public void A_token_that_does_not_hold_is_refused(string claims, string reason) =>
        Assert.Contains(reason, Assert.Throws<JwtRefusedException>(() => Validator().Validate(Sign(claims, "ES256"))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_token_that_nobody_signed_or_a_stranger_is_refused()
    {
        using var other = RSA.Create(2048);
        string unsigned = $"{Encode("""{"alg":"none"}""")}.{Encode(Good)}.";
        string payload = $"{Encode("""{"alg":"RS256","kid":"r"}""")}.{Encode(Good)}";
        string stranger = $"{payload}.{Base64Url.EncodeToString(other.SignData(Encoding.ASCII.GetBytes(payload), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
        // The public key as the secret of an HMAC: the classic confusion of algorithms.
        string confused = $"{Encode("""{"alg":"HS256","kid":"r"}""")}.{Encode(Good)}";
        confused += "." + Base64Url.EncodeToString(HMACSHA256.HashData(_rsa.ExportSubjectPublicKeyInfo(), Encoding.ASCII.GetBytes(confused)));
        foreach (string token in new[] { unsigned, stranger, confused }) Assert.Throws<JwtRefusedException>(() => Validator().Validate(token));
        Assert.Equal("payments", Validator().Validate(Sign(Good, "RS256")).Subject);
    }

    [Fact]
    public void Random_messages_are_refused_and_nothing_else()
    {
        var random = new Random(20260119);
        string good = Sign(Good, "ES256");
        var validator = Validator();
        for (int i = 0; i < 3000; i++)
        {
            byte[] message = Encoding.UTF8.GetBytes($"n,,\u0001auth=Bearer {good}\u0001\u0001");
            int changes = 1 + random.Next(3);
            // Not in the last characters of the signature, whose lowest bits mean nothing.
            for (int c = 0; c < changes; c++) message[random.Next(message.Length - 4)] ^= (byte)(1 + random.Next(255));
            if (random.Next(3) == 0) message = message[..random.Next(message.Length)];
            new OAuthBearerExchange(validator).Next(message);
        }
    }

    [Theory]
    [InlineData(null, "is needed")]
    [InlineData("https://login.bank.example/keys", "no file")]
    [InlineData("file:///nowhere/jwks.json", "cannot be read")]
    public async Task Without_keys_the_broker_does_not_start(string? url, string says)
    {
        Dictionary<string, string> settings = new() { ["listeners"] = "SASL_PLAINTEXT://127.0.0.1:0", ["sasl.enabled.mechanisms"] = "OAUTHBEARER" };
        if (url is not null) settings["sasl.oauthbearer.jwks.endpoint.url"] = url;
        var error = await Assert.ThrowsAsync<BrokerStartException>(() => TestBroker.StartAsync(o => o.With(settings)));
        Assert.Contains("sasl.oauthbearer.jwks.endpoint.url", error.Message, StringComparison.Ordinal);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    private Task<TestBroker> StartAsync() => TestBroker.StartAsync(o => o.With(
        ("listeners", "SASL_PLAINTEXT://127.0.0.1:0"),
        ("sasl.enabled.mechanisms", "OAUTHBEARER"),
        ("sasl.oauthbearer.jwks.endpoint.url", new Uri(Jwks).AbsoluteUri),
        ("sasl.oauthbearer.expected.issuer", "bank"),
        ("sasl.oauthbearer.expected.audience", "kafka"),
        ("connection.failed.authentication.delay.ms", "0")));

    private JwtValidator Validator() => new(JsonWebKeys.Open(Jwks), Rules, TimeProvider.System);

    private string Sign(string claims, string algorithm)
    {
        string payload = $"{Encode($$"""{"alg":"{{algorithm}}","kid":"{{(algorithm == "RS256" ? "r" : "e")}}"}""")}.{Encode(claims)}";
        byte[] bytes = Encoding.ASCII.GetBytes(payload);
        return $"{payload}.{Base64Url.EncodeToString(algorithm == "RS256" ? _rsa.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1) : _curve.SignData(bytes, HashAlgorithmName.SHA256))}";
    }
}
