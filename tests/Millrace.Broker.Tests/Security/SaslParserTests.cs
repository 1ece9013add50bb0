using System.Text;
using Millrace.Broker.Security;
using Millrace.Broker.Security.Sasl;
using Millrace.TestKit;

namespace Millrace.Broker.Tests.Security;

public sealed class SaslParserTests
{
    // The example of RFC 7677, section 3: user "user", password "pencil".
    [Fact]
    public void Stored_keys_verify_the_proof_of_rfc_7677()
    {
        byte[] salt = Convert.FromBase64String("W22ZaJ0SNY7soEsUEjb6gQ==");
        var credential = ScramCredential.OfPassword(ScramMechanism.Sha256, "pencil", salt, 4096);
        byte[] message = Encoding.UTF8.GetBytes(
            "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");
        byte[] proof = Convert.FromBase64String("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
        byte[] signature = ScramMechanism.Sha256.Hmac(credential.StoredKey, message);
        Assert.Equal(credential.StoredKey, ScramMechanism.Sha256.Hash(proof.Zip(signature, static (a, b) => (byte)(a ^ b)).ToArray()));
        Assert.Equal("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", Convert.ToBase64String(ScramMechanism.Sha256.Hmac(credential.ServerKey, message)));
    }

    [Fact]
    public void An_unknown_user_gets_the_same_salt_each_time()
    {
        using var directory = new TempDirectory("scram");
        var store = SecurityStore.Open(directory.Combine(""));
        string First(string user) => Encoding.UTF8.GetString(new ScramExchange(ScramMechanism.Sha256, store).Next(Encoding.UTF8.GetBytes($"n,,n={user},r=abc"))!).Split(',')[1];
        Assert.Equal(First("nobody"), First("nobody"));
        Assert.NotEqual(First("nobody"), First("noone"));
    }

    [Theory]
    [InlineData("A.B required a=\"x y\" b='q\"r' c=d e=\"\\\"\";", "x y|q\"r|d|\"")]
    [InlineData("  A.B\n required\n a=1 ;", "1")]
    public void A_jaas_entry_is_read(string text, string values) => Assert.Equal(values, string.Join('|', JaasEntry.Parse(text).Options.Values));

    [Theory]
    [InlineData("A.B required a=1")]
    [InlineData("A.B a=1;")]
    [InlineData("A.B required a;")]
    [InlineData("A.B required a=\"1;")]
    [InlineData("A.B required a=1; C.D required;")]
    public void What_is_no_jaas_entry_is_refused(string text) => Assert.Throws<FormatException>(() => JaasEntry.Parse(text));

    [Theory]
    [InlineData("SCRAM-SHA-1=[name=a,password=b]")]
    [InlineData("SCRAM-SHA-256=name=a,password=b")]
    [InlineData("SCRAM-SHA-256=[name=a]")]
    [InlineData("SCRAM-SHA-256=[name=a,password=b,iterations=1]")]
    [InlineData("SCRAM-SHA-256=[name=a,password=secret,color=x]")]
    public void A_first_user_that_is_not_understood_stops_the_start_and_shows_no_password(string text)
    {
        using var directory = new TempDirectory("scram");
        var error = Assert.Throws<BrokerStartException>(() => FirstScramUser.Create([text], SecurityStore.Open(directory.Combine(""))));
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Random_tokens_are_answered_or_refused_and_nothing_else()
    {
        using var directory = new TempDirectory("scram");
        var store = SecurityStore.Open(directory.Combine(""));
        FirstScramUser.Create(["SCRAM-SHA-256=[name=ann,password=ann-secret]"], store);
        var users = new PlainUsers(new Dictionary<string, string> { ["user_ann"] = "ann-secret" });
        var random = new Random(20260117);
        string[] pieces = ["n,", "y,", "p=tls,", ",", "n=ann", "n=", "r=abc", "a=ann", "c=biws", "p=", "AAAA", "=2C", "=", "m=x", "\0", "ann", "v=", "i=4096", "\u00e9"];
        for (int i = 0; i < 20_000; i++)
        {
            byte[] Token()
            {
                byte[] token = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, random.Next(10)).Select(_ => pieces[random.Next(pieces.Length)])));
                if (token.Length > 0 && random.Next(4) == 0) token[random.Next(token.Length)] = (byte)random.Next(256);
                return token;
            }

            foreach (ISaslExchange exchange in new ISaslExchange[] { new ScramExchange(ScramMechanism.Sha256, store), new PlainExchange(users) })
            {
                if (exchange.Next(Token()) is not null && exchange is ScramExchange) exchange.Next(Token());
                Assert.Null(exchange.Principal);
            }
        }
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"Version\":2,\"ScramUsers\":[]}")]
    [InlineData("{\"Version\":1,\"ScramUsers\":[{\"Name\":\"a\",\"Mechanism\":\"X\"}]}")]
    [InlineData("{\"Version\":1,\"ScramUsers\":[{\"Name\":\"a\",\"Mechanism\":\"SCRAM-SHA-256\"}]}")]
    [InlineData("not json")]
    public void A_damaged_file_of_users_stops_the_start(string content)
    {
        using var directory = new TempDirectory("scram");
        string file = directory.Combine(SecurityStore.FileName);
        File.WriteAllText(file, content);
        Assert.Contains(file, Assert.Throws<BrokerStartException>(() => SecurityStore.Open(directory.Combine(""))).Message, StringComparison.Ordinal);
    }
}
