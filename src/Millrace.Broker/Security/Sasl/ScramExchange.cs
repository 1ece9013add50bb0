using System.Security.Cryptography;
using System.Text;

namespace Millrace.Broker.Security.Sasl;

/// <summary>SCRAM (RFC 5802, RFC 7677) without channel binding. An unknown user gets a salt of its own, always the same, and fails where a wrong password fails.</summary>
internal sealed class ScramExchange(ScramMechanism mechanism, SecurityStore store) : ISaslExchange
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly string _serverNonce = Convert.ToBase64String(RandomNumberGenerator.GetBytes(24));
    private ScramCredential? _credential;
    private string _channel = "";
    private string _clientFirst = "";
    private string _serverFirst = "";
    private string _nonce = "";
    private bool _isKnown;

    public KafkaPrincipal? Principal { get; private set; }

    public DateTimeOffset? ExpiresAt => null;

    public string Failure { get; private set; } = $"Authentication failed during authentication due to invalid credentials with SASL mechanism {mechanism.Name}";

    public string? Claimed { get; private set; }

    public byte[]? Next(ReadOnlySpan<byte> token)
    {
        try
        {
            string text = Strict.GetString(token);
            return _credential is null ? First(text) : Final(text);
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            Failure = $"Invalid {mechanism.Name} message: {e.Message}";
            return null;
        }
    }

    private byte[]? First(string text)
    {
        // gs2-header: n or y, then an authorization id; p would bind the TLS channel, which no Kafka client does.
        if (!text.StartsWith("n,", StringComparison.Ordinal) && !text.StartsWith("y,", StringComparison.Ordinal)) throw new FormatException("it has no gs2 header without channel binding");
        int end = text.IndexOf(',', 2);
        if (end < 0) throw new FormatException("its gs2 header does not end");
        string authorization = text[2..end];
        _channel = Convert.ToBase64String(Encoding.UTF8.GetBytes(text[..(end + 1)]));
        _clientFirst = text[(end + 1)..];
        string[] parts = _clientFirst.Split(',');
        if (parts.Length < 2) throw new FormatException("it needs a name and a nonce");
        string user = Name(Value(parts[0], 'n'));
        string clientNonce = Value(parts[1], 'r');
        if (user.Length == 0 || clientNonce.Length == 0) throw new FormatException("name and nonce must not be empty");
        if (Array.Exists(parts, static p => p.StartsWith("m=", StringComparison.Ordinal))) throw new FormatException("it asks for an extension that is mandatory");
        if (Array.Exists(parts[2..], static p => p == "tokenauth=true")) throw new FormatException("delegation tokens are not offered");
        Claimed = user;
        if (authorization.Length > 0 && (!authorization.StartsWith("a=", StringComparison.Ordinal) || Name(authorization[2..]) != user))
        {
            Failure = "Authentication failed: Client requested an authorization id that is different from username";
            return null;
        }

        var known = store.Credential(mechanism, user);
        _isKnown = known is not null;
        _credential = known ?? store.Imaginary(mechanism, user);
        _nonce = clientNonce + _serverNonce;
        _serverFirst = $"r={_nonce},s={Convert.ToBase64String(_credential.Salt)},i={_credential.Iterations}";
        return Encoding.UTF8.GetBytes(_serverFirst);
    }

    private byte[]? Final(string text)
    {
        int proofAt = text.LastIndexOf(",p=", StringComparison.Ordinal);
        if (proofAt < 0) throw new FormatException("it has no proof");
        string withoutProof = text[..proofAt];
        string[] parts = withoutProof.Split(',');
        if (parts.Length < 2) throw new FormatException("it needs the channel and the nonce");
        if (Value(parts[0], 'c') != _channel) throw new FormatException("its channel binding is not that of the first message");
        // Older librdkafka (Debian's kcat) puts its own nonce before the whole once more. Kafka refuses that since 3.7.2; here it is as safe as without: the
        // server's fresh nonce must still be there, and the proof covers all of it.
        if (!Value(parts[1], 'r').EndsWith(_nonce, StringComparison.Ordinal)) throw new FormatException("its nonce is not the exchange's");
        byte[] proof = Convert.FromBase64String(text[(proofAt + 3)..]);
        byte[] message = Encoding.UTF8.GetBytes($"{_clientFirst},{_serverFirst},{withoutProof}");
        byte[] signature = mechanism.Hmac(_credential!.StoredKey, message);
        if (proof.Length != signature.Length) return null;
        for (int i = 0; i < proof.Length; i++) proof[i] ^= signature[i];
        bool isRight = CryptographicOperations.FixedTimeEquals(mechanism.Hash(proof), _credential.StoredKey);
        byte[] answer = Encoding.UTF8.GetBytes("v=" + Convert.ToBase64String(mechanism.Hmac(_credential.ServerKey, message)));
        if (!isRight || !_isKnown) return null;
        Principal = KafkaPrincipal.Of(Claimed!);
        return answer;
    }

    private static string Value(string attribute, char name) =>
        attribute.Length >= 2 && attribute[0] == name && attribute[1] == '=' ? attribute[2..] : throw new FormatException($"it has no {name}= where it must stand");

    private static string Name(string escaped)
    {
        for (int i = escaped.IndexOf('=', StringComparison.Ordinal); i >= 0; i = escaped.IndexOf('=', i + 1))
        {
            if (string.CompareOrdinal(escaped, i, "=2C", 0, 3) != 0 && string.CompareOrdinal(escaped, i, "=3D", 0, 3) != 0) throw new FormatException("a = in a name is written =3D");
        }

        return escaped.Replace("=2C", ",", StringComparison.Ordinal).Replace("=3D", "=", StringComparison.Ordinal);
    }
}
