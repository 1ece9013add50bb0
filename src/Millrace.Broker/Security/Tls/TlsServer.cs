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
    private readonly SslStreamCertificateContext _certificate;
    private readonly SslProtocols _protocols;
    private readonly CipherSuitesPolicy? _suites;

    private TlsServer(ListenerSettingsView settings)
    {
        string clients = settings.Get("ssl.client.auth");
        (_requested, _required) = (clients != "none", clients == "required");
        _trusted = KeyStores.ReadTrust(settings);
        _mapping = Mapping(settings);
        var (certificate, chain) = KeyStores.ReadKey(settings);
        _certificate = SslStreamCertificateContext.Create(certificate, chain, offline: true);
        _protocols = Protocols(settings.Get("ssl.enabled.protocols"));
        _suites = Suites(settings);
    }

    /// <summary>Whether every client has shown a certificate.</summary>
    public bool Authenticates => _required;

    /// <summary>Reads the certificates.</summary>
    /// <exception cref="SettingException">The settings are not complete, or a file cannot be read.</exception>
    public static TlsServer Create(ListenerSettingsView settings) => new(settings);

    /// <summary>The handshake with one client.</summary>
    /// <exception cref="AuthenticationException">The two sides have no version or cipher suite in common, or the client's certificate is refused; the message says why.</exception>
    public async Task AuthenticateAsync(SslStream stream, CancellationToken cancellationToken)
    {
        string? refused = null;
        var options = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = _certificate,
            ClientCertificateRequired = _requested,
            EnabledSslProtocols = _protocols,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            RemoteCertificateValidationCallback = (_, remote, sent, _) => (refused = WhyRefused(remote, sent)) is null,
            CipherSuitesPolicy = _suites,
            AllowRenegotiation = false,
            // A session that began on a listener that asks for no certificate has none; resumed here it would make the client a nobody.
            AllowTlsResume = !_requested,
        };
        try
        {
            await stream.AuthenticateAsServerAsync(options, cancellationToken);
        }
        catch (AuthenticationException e) when (refused is not null)
        {
            throw new AuthenticationException(refused, e);
        }
    }

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

    private string? WhyRefused(X509Certificate? remote, X509Chain? sent)
    {
        if (!_requested) return null;
        if (remote is null) return _required ? "the client showed no certificate, which ssl.client.auth=required asks for." : null;
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        chain.ChainPolicy.DisableCertificateDownloads = true;
        if (sent is not null) chain.ChainPolicy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
        var certificate = (X509Certificate2)remote;
        if (_trusted is not null)
        {
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.AddRange(_trusted);
            chain.ChainPolicy.ExtraStore.AddRange(_trusted);
        }

        if (chain.Build(certificate) || IsAnchored(chain)) return null;
        string why = string.Join("; ", chain.ChainElements.SelectMany(static e => e.ChainElementStatus, static (e, s) => $"{e.Certificate.Subject}: {s.Status}"));
        if (why.Length == 0) why = string.Join("; ", chain.ChainStatus.Select(static s => s.Status.ToString()));
        return $"the certificate of {certificate.Subject} (issued by {certificate.Issuer}) is not accepted: {why}. The trust store of the listener must hold the authority that issued it.";
    }

    /// <summary>As in Java every certificate of the trust store is an anchor, whether it has signed itself or not.</summary>
    private bool IsAnchored(X509Chain chain)
    {
        const X509ChainStatusFlags noRoot = X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.UntrustedRoot;
        return _trusted is not null
            && Array.TrueForAll(chain.ChainStatus, static s => (s.Status & ~noRoot) == X509ChainStatusFlags.NoError)
            && chain.ChainElements.Any(e => _trusted.Any(t => t.RawDataMemory.Span.SequenceEqual(e.Certificate.RawDataMemory.Span)));
    }
}
