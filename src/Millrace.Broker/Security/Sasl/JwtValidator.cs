using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Millrace.Broker.Security.Sasl;

/// <summary>A token is not accepted. The message goes on after "a token that".</summary>
internal sealed class JwtRefusedException(string reason) : Exception(reason);

/// <summary>What an accepted token says.</summary>
internal sealed record AcceptedToken(string Subject, DateTimeOffset ExpiresAt);

/// <summary>What a listener wants of tokens.</summary>
/// <param name="Issuer"><c>sasl.oauthbearer.expected.issuer</c>; null for any.</param>
/// <param name="Audience"><c>sasl.oauthbearer.expected.audience</c>, of which one must be there; empty for any.</param>
/// <param name="SubjectClaim"><c>sasl.oauthbearer.sub.claim.name</c>.</param>
/// <param name="ClockSkew"><c>sasl.oauthbearer.clock.skew.seconds</c>.</param>
internal sealed record JwtRules(string? Issuer, IReadOnlyList<string> Audience, string SubjectClaim, TimeSpan ClockSkew);

/// <summary>Checks a JWT (RFC 7519) signed with RS256 or ES256 by one of the keys of a JWKS.</summary>
internal sealed class JwtValidator(JsonWebKeys keys, JwtRules rules, TimeProvider time)
{
    public AcceptedToken Validate(string token)
    {
        try
        {
            string[] parts = token.Split('.');
            if (parts.Length != 3) throw new JwtRefusedException("has not three parts");
            using var header = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[0]));
            using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]));
            if (header.RootElement.ValueKind != JsonValueKind.Object || claims.RootElement.ValueKind != JsonValueKind.Object) throw new JwtRefusedException("is no JWT");
            string algorithm = Text(header.RootElement, "alg") ?? "";
            if (header.RootElement.TryGetProperty("crit", out _)) throw new JwtRefusedException("has critical extensions");
            byte[] signed = Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}");
            if (!keys.Verify(algorithm, Text(header.RootElement, "kid"), signed, Base64Url.DecodeFromChars(parts[2]))) throw new JwtRefusedException($"no known key has signed ({algorithm})");
            return Check(claims.RootElement);
        }
        catch (Exception e) when (e is FormatException or JsonException or ArgumentException or CryptographicException or InvalidOperationException)
        {
            throw new JwtRefusedException("is no JWT");
        }
    }

    private AcceptedToken Check(JsonElement claims)
    {
        var now = time.GetUtcNow();
        var expires = Seconds(claims, "exp") ?? throw new JwtRefusedException("does not expire");
        if (expires + rules.ClockSkew <= now) throw new JwtRefusedException("has expired");
        if (Seconds(claims, "nbf") is { } from && from - rules.ClockSkew > now) throw new JwtRefusedException("is not valid yet");
        if (Seconds(claims, "iat") is { } issued && issued - rules.ClockSkew > now) throw new JwtRefusedException("is issued in the future");
        if (rules.Issuer is { } issuer && Text(claims, "iss") != issuer) throw new JwtRefusedException("has another issuer");
        if (rules.Audience.Count > 0 && !Texts(claims, "aud").Any(rules.Audience.Contains)) throw new JwtRefusedException("is for another audience");
        return Text(claims, rules.SubjectClaim) is { Length: > 0 } subject ? new(subject, expires) : throw new JwtRefusedException($"has no claim {rules.SubjectClaim}");
    }

    private static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static IEnumerable<string?> Texts(JsonElement json, string name) => !json.TryGetProperty(name, out var value) ? []
        : value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Where(static v => v.ValueKind == JsonValueKind.String).Select(static v => v.GetString())]
        : [Text(json, name)];

    private static DateTimeOffset? Seconds(JsonElement json, string name)
    {
        if (!json.TryGetProperty(name, out var value)) return null;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out double seconds) || !(seconds is >= 0 and < 253_402_300_799)) throw new JwtRefusedException($"has a claim {name} that is no time");
        return DateTimeOffset.FromUnixTimeMilliseconds((long)(seconds * 1000));
    }
}
