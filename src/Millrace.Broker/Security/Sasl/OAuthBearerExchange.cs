using System.Text;

namespace Millrace.Broker.Security.Sasl;

/// <summary>OAUTHBEARER (RFC 7628, KIP-255): one message with a token. A refusal is told as JSON first, as the RFC wants it; the client's next message ends the exchange.</summary>
internal sealed class OAuthBearerExchange(JwtValidator validator) : ISaslExchange
{
    private const char Separator = '\u0001';

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private bool _isRefused;

    public KafkaPrincipal? Principal { get; private set; }

    public DateTimeOffset? ExpiresAt { get; private set; }

    public string Failure { get; private set; } = "Authentication failed: the token is not valid";

    public string? Claimed { get; private set; }

    public byte[]? Next(ReadOnlySpan<byte> token)
    {
        if (_isRefused) return null;
        try
        {
            var (authorization, jwt) = Read(Strict.GetString(token));
            var accepted = validator.Validate(jwt);
            Claimed = accepted.Subject;
            if (authorization.Length > 0 && authorization != accepted.Subject) throw new FormatException("Authentication failed: Client requested an authorization id that is different from the token's principal name");
            ExpiresAt = accepted.ExpiresAt;
            Principal = KafkaPrincipal.Of(accepted.Subject);
            return [];
        }
        catch (JwtRefusedException e)
        {
            // Why, is for the audit log: whoever forges tokens learns nothing from it.
            (_isRefused, Claimed) = (true, $"a token that {e.Message}");
            return "{\"status\":\"invalid_token\"}"u8.ToArray();
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            Failure = e.Message;
            return null;
        }
    }

    // gs2-header, then key=value pairs, each after a 0x01, and two of them at the end.
    private static (string Authorization, string Token) Read(string text)
    {
        const string bearer = "auth=Bearer ";
        string[] parts = text.Split(Separator);
        string[] header = parts[0].Split(',');
        if (header is not ["n" or "y", var authorization, ""]) throw new FormatException("Invalid OAUTHBEARER client first message");
        if (authorization.Length > 0 && !authorization.StartsWith("a=", StringComparison.Ordinal)) throw new FormatException("Invalid OAUTHBEARER client first message");
        if (parts.Length < 4 || parts[^1].Length > 0 || parts[^2].Length > 0 || Array.Find(parts, static p => p.StartsWith(bearer, StringComparison.OrdinalIgnoreCase)) is not { } found)
            throw new FormatException("Invalid OAUTHBEARER client first message: 'auth' not specified");
        string name = authorization.Length > 0 ? authorization[2..].Replace("=2C", ",", StringComparison.Ordinal).Replace("=3D", "=", StringComparison.Ordinal) : "";
        return (name, found[bearer.Length..].Trim());
    }
}
