using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Millrace.Broker.Configuration;

namespace Millrace.Broker.Security.Tls;

/// <summary>The TLS side of one listener: its certificate, whom it trusts, and who a client's certificate says that it is.</summary>
internal sealed class TlsServer
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly bool _requested;
    private readonly bool _required;
    private readonly X509Certificate2Collection? _trusted;
    private readonly PrincipalMapping _mapping;

    private TlsServer(ListenerSettingsView settings)
    {
        string clients = settings.Get("ssl.client.auth");
        (_requested, _required) = (clients != "none", clients == "required");
        _trusted = KeyStores.ReadTrust(settings);
        _mapping = Mapping(settings);
        var (certificate, chain) = KeyStores.ReadKey(settings);
        Options = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(certificate, chain, offline: true),
            ClientCertificateRequired = _requested,
            EnabledSslProtocols = Protocols(settings.Get("ssl.enabled.protocols")),
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            RemoteCertificateValidationCallback = (_, remote, sent, _) => Accepts(remote, sent),
            CipherSuitesPolicy = Suites(settings),
            AllowRenegotiation = false,
        };
    }

    public SslServerAuthenticationOptions Options { get; }

    /// <summary>Whether every client has shown a certificate.</summary>
    public bool Authenticates => _required;

    /// <summary>Reads the certificates.</summary>
    /// <exception cref="SettingException">The settings are not complete, or a file cannot be read.</exception>
    public static TlsServer Create(ListenerSettingsView settings) => new(settings);

    /// <summary>Reads the mapping rules of a listener.</summary>
    /// <exception cref="SettingException">They are not rules.</exception>
    public static PrincipalMapping Mapping(ListenerSettingsView settings)
    {
        string text = settings.Find("ssl.principal.mapping.rules", out string where) ?? SecuritySettings.Default("ssl.principal.mapping.rules");
        try
        {
            return PrincipalMapping.Parse(text);
        }
        catch (FormatException e)
        {
            throw new SettingException(where, e.Message, e);
        }
    }

    /// <summary>Who the client is.</summary>
    /// <exception cref="AuthenticationException">No mapping rule applies to the certificate's subject.</exception>
    public KafkaPrincipal PrincipalOf(X509Certificate? certificate)
    {
        if (certificate is not X509Certificate2 client) return KafkaPrincipal.Anonymous;
        string subject = DistinguishedNames.Format(client.SubjectName);
        return KafkaPrincipal.Of(_mapping.Map(subject) ?? throw new AuthenticationException($"no rule in ssl.principal.mapping.rules applies to the subject {subject}"));
    }

    private static SslProtocols Protocols(string list)
    {
        var protocols = SslProtocols.None;
        foreach (string name in list.Split(',', StringSplitOptions.TrimEntries)) protocols |= name == "TLSv1.3" ? SslProtocols.Tls13 : SslProtocols.Tls12;
        return protocols;
    }

    private static CipherSuitesPolicy? Suites(ListenerSettingsView settings)
    {
        if (settings.Find("ssl.cipher.suites", out string where) is not { Length: > 0 } list || !OperatingSystem.IsLinux()) return null;
        List<TlsCipherSuite> suites = [];
        foreach (string name in list.Split(',', StringSplitOptions.TrimEntries))
            suites.Add(Enum.TryParse(name, out TlsCipherSuite suite) ? suite : throw new SettingException(where, $"there is no cipher suite {name}"));
        return new CipherSuitesPolicy(suites);
    }

    private bool Accepts(X509Certificate? remote, X509Chain? sent)
    {
        if (!_requested) return true;
        if (remote is null) return !_required;
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        chain.ChainPolicy.DisableCertificateDownloads = true;
        if (sent is not null) chain.ChainPolicy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
        var certificate = (X509Certificate2)remote;
        if (_trusted is null) return chain.Build(certificate);
        // As in Java every certificate of the trust store is an anchor, whether it has signed itself or not.
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_trusted);
        chain.ChainPolicy.ExtraStore.AddRange(_trusted);
        if (chain.Build(certificate)) return true;
        const X509ChainStatusFlags noRoot = X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.UntrustedRoot;
        return Array.TrueForAll(chain.ChainStatus, static s => (s.Status & ~noRoot) == X509ChainStatusFlags.NoError)
            && chain.ChainElements.Any(e => _trusted.Any(t => t.RawDataMemory.Span.SequenceEqual(e.Certificate.RawDataMemory.Span)));
    }
}
