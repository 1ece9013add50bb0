using System.Security.Cryptography;
using System.Text;

namespace Millrace.Broker.Security.Sasl;

/// <summary>PLAIN (RFC 4616): <c>authzid NUL user NUL password</c>. Only digests of passwords are kept and compared, and an unknown user costs what a known one costs.</summary>
internal sealed class PlainExchange(PlainUsers users) : ISaslExchange
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public KafkaPrincipal? Principal { get; private set; }

    public DateTimeOffset? ExpiresAt => null;

    public string Failure { get; private set; } = "Authentication failed: Invalid username or password";

    public string? Claimed { get; private set; }

    public byte[]? Next(ReadOnlySpan<byte> token)
    {
        string[] parts;
        try
        {
            parts = Strict.GetString(token).Split('\0');
        }
        catch (DecoderFallbackException)
        {
            Failure = "Invalid SASL/PLAIN response: it is not UTF-8";
            return null;
        }

        if (parts is not [var authorization, var user, var password])
        {
            Failure = $"Invalid SASL/PLAIN response: expected 3 tokens, got {parts.Length}";
            return null;
        }

        Claimed = user;
        if (user.Length == 0) return Refuse("Authentication failed: username not specified");
        if (password.Length == 0) return Refuse("Authentication failed: password not specified");
        if (!users.Knows(user, password)) return null;
        if (authorization.Length > 0 && authorization != user) return Refuse("Authentication failed: Client requested an authorization id that is different from username");
        Principal = KafkaPrincipal.Of(user);
        return [];
    }

    private byte[]? Refuse(string failure)
    {
        Failure = failure;
        return null;
    }
}

/// <summary>The users of PLAIN on one listener, from <c>user_NAME="PASSWORD"</c> of its JAAS entry.</summary>
internal sealed class PlainUsers
{
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly Dictionary<string, byte[]> _digests = new(StringComparer.Ordinal);
    private readonly byte[] _nobody = RandomNumberGenerator.GetBytes(32);

    public PlainUsers(IReadOnlyDictionary<string, string> options)
    {
        const string prefix = "user_";
        foreach (var (key, value) in options)
        {
            if (key.StartsWith(prefix, StringComparison.Ordinal)) _digests[key[prefix.Length..]] = Digest(value);
        }
    }

    public bool Knows(string user, string password) => CryptographicOperations.FixedTimeEquals(_digests.GetValueOrDefault(user, _nobody), Digest(password));

    private byte[] Digest(string password) => HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(password));
}
