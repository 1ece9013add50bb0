using System.Collections.Frozen;
using Millrace.Broker.Metadata;
using Millrace.Broker.Security;
using Millrace.Broker.Security.Sasl;

namespace Millrace.Broker.Configuration;

/// <summary>The settings of listeners, TLS, SASL and the authorizer, with Kafka's names and defaults. Each can stand behind <c>listener.name.NAME.</c>, and those of SASL behind the mechanism, too.</summary>
internal static class SecuritySettings
{
    private static readonly ConfigDefinition[] Definitions =
    [
        Text("listener.security.protocol.map", "", "The security protocol of each listener."),
        Text("inter.broker.listener.name", "", "The listener of other brokers; there are none."),
        Text("controller.listener.names", "", "The listeners of controllers, which this broker does not open."),
        Text("security.inter.broker.protocol", "PLAINTEXT", "The protocol of other brokers; there are none."),
        Words("ssl.keystore.type", "JKS", "The format of the key store.", ["PEM", "PKCS12", "JKS"]),
        Text("ssl.keystore.location", "", "The file with the broker's key and certificate chain."),
        Secret("ssl.keystore.password", "The key store's password."),
        Secret("ssl.keystore.key", "The broker's private key, as PEM."),
        Text("ssl.keystore.certificate.chain", "", "The broker's certificate chain, as PEM."),
        Secret("ssl.key.password", "The private key's password."),
        Words("ssl.truststore.type", "JKS", "The format of the trust store.", ["PEM", "PKCS12", "JKS"]),
        Text("ssl.truststore.location", "", "The file with the certificates of authorities that clients' certificates come from."),
        Secret("ssl.truststore.password", "The trust store's password."),
        Text("ssl.truststore.certificates", "", "The certificates of those authorities, as PEM."),
        Words("ssl.client.auth", "none", "Whether clients must have a certificate.", ["none", "requested", "required"]),
        new("ssl.enabled.protocols", null, ConfigType.List, "TLSv1.2,TLSv1.3", "The versions of TLS.") { Words = ["TLSv1.2", "TLSv1.3"] },
        new("ssl.cipher.suites", null, ConfigType.List, "", "The cipher suites of TLS; empty leaves them to the system."),
        new("sasl.enabled.mechanisms", null, ConfigType.List, "", "The SASL mechanisms of clients.") { Words = SaslMechanisms.Offered },
        Secret("sasl.jaas.config", "The login module of a mechanism, for PLAIN with its users."),
        new("sasl.server.max.receive.size", null, ConfigType.Int, "524288", "The largest request of a client that is not known yet.") { Minimum = 1 },
        new("connections.max.reauth.ms", null, ConfigType.Long, "0", "How long a client may go on without authenticating anew; 0 for ever.") { Minimum = 0 },
        new("connection.failed.authentication.delay.ms", null, ConfigType.Int, "100", "How long the answer to a failed authentication waits.") { Minimum = 0 },
        Text("sasl.oauthbearer.jwks.endpoint.url", "", "The file with the keys that sign tokens."),
        Text("sasl.oauthbearer.expected.issuer", "", "Who must have issued a token."),
        new("sasl.oauthbearer.expected.audience", null, ConfigType.List, "", "For whom a token must be."),
        Text("sasl.oauthbearer.sub.claim.name", "sub", "The claim that names the user."),
        new("sasl.oauthbearer.clock.skew.seconds", null, ConfigType.Int, "30", "How far clocks may differ.") { Minimum = 0 },
        Text("sasl.mechanism.inter.broker.protocol", "GSSAPI", "The SASL mechanism of other brokers; there are none."),
        Text("ssl.principal.mapping.rules", "DEFAULT", "How a certificate's subject becomes a user's name."),
    ];

    private static readonly FrozenDictionary<string, ConfigDefinition> ByName = Definitions.ToFrozenDictionary(static d => d.Name, StringComparer.Ordinal);

    /// <summary>Keys of Java's TLS and of clients' logins: accepted, without effect here.</summary>
    private static readonly FrozenSet<string> Unused = FrozenSet.Create(
        StringComparer.Ordinal,
    [
        "ssl.allow.dn.changes", "ssl.allow.san.changes", "ssl.endpoint.identification.algorithm", "ssl.keymanager.algorithm", "ssl.protocol",
        "ssl.provider", "ssl.secure.random.implementation", "ssl.trustmanager.algorithm",
    ]);

    public static IReadOnlyList<ConfigDefinition> All => Definitions;

    public static string Default(string name) => ByName[name].Default;

    /// <summary>The definition of a key, with or without the prefix of a listener and a mechanism.</summary>
    public static ConfigDefinition? Find(string key) => ByName.GetValueOrDefault(Bare(key));

    /// <summary>Whether the key only matters to Java's own TLS, or to connections that this broker does not open.</summary>
    public static bool IsUnused(string key) => Unused.Contains(Bare(key));

    /// <summary>The key without the prefix of a listener.</summary>
    public static string Bare(string key)
    {
        if (!key.StartsWith(ListenerSettingsView.Prefix, StringComparison.Ordinal)) return key;
        int dot = key.IndexOf('.', ListenerSettingsView.Prefix.Length);
        if (dot < 0) return key;
        string bare = key[(dot + 1)..];
        string? mechanism = SaslMechanisms.Offered.FirstOrDefault(m => bare.StartsWith(m + ".", StringComparison.OrdinalIgnoreCase));
        return mechanism is null ? bare : bare[(mechanism.Length + 1)..];
    }

    private static ConfigDefinition Text(string name, string fallback, string text) => new(name, null, ConfigType.String, fallback, text);

    private static ConfigDefinition Secret(string name, string text) => new(name, null, ConfigType.Password, "", text);

    private static ConfigDefinition Words(string name, string fallback, string text, string[] words) => new(name, null, ConfigType.String, fallback, text) { Words = words };
}
