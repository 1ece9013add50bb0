namespace Millrace.Broker.Security.Sasl;

/// <summary>The names of the mechanisms.</summary>
internal static class SaslMechanisms
{
    public const string Plain = "PLAIN";
    public const string ScramSha256 = "SCRAM-SHA-256";
    public const string ScramSha512 = "SCRAM-SHA-512";
    public const string OAuthBearer = "OAUTHBEARER";

    public static IReadOnlyList<string> Offered { get; } = [Plain, ScramSha256, ScramSha512, OAuthBearer];
}
