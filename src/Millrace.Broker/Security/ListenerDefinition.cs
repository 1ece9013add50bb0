namespace Millrace.Broker.Security;

/// <summary>What a listener speaks below the Kafka protocol, with Kafka's numbers.</summary>
internal enum SecurityProtocol
{
    Plaintext = 0,
    Ssl = 1,
    SaslPlaintext = 2,
    SaslSsl = 3,
}

/// <summary>One listener as the configuration names it.</summary>
/// <param name="Name">Its name, as in <c>listeners</c>.</param>
/// <param name="Protocol">What it speaks.</param>
/// <param name="Address">Where it listens, <c>HOST:PORT</c>.</param>
/// <param name="Advertised">What clients are told, or null for the address itself.</param>
internal sealed record ListenerDefinition(string Name, SecurityProtocol Protocol, string Address, string? Advertised)
{
    public bool UsesTls => Protocol is SecurityProtocol.Ssl or SecurityProtocol.SaslSsl;

    public bool UsesSasl => Protocol is SecurityProtocol.SaslPlaintext or SecurityProtocol.SaslSsl;

    public string ProtocolName => SecurityProtocols.Name(Protocol);
}

/// <summary>The names of the protocols.</summary>
internal static class SecurityProtocols
{
    public const string All = "PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL";

    public static SecurityProtocol? Parse(string name) => name switch
    {
        "PLAINTEXT" => SecurityProtocol.Plaintext,
        "SSL" => SecurityProtocol.Ssl,
        "SASL_PLAINTEXT" => SecurityProtocol.SaslPlaintext,
        "SASL_SSL" => SecurityProtocol.SaslSsl,
        _ => null,
    };

    public static string Name(SecurityProtocol protocol) => protocol switch
    {
        SecurityProtocol.Ssl => "SSL",
        SecurityProtocol.SaslPlaintext => "SASL_PLAINTEXT",
        SecurityProtocol.SaslSsl => "SASL_SSL",
        _ => "PLAINTEXT",
    };
}
