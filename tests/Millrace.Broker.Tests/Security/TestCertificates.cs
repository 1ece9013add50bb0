using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Millrace.TestKit;

namespace Millrace.Broker.Tests.Security;

/// <summary>An authority, a certificate of the broker, one of a client and one of a stranger, in the formats that Kafka reads.</summary>
public sealed class TestCertificates : IDisposable
{
    public const string Password = "store-secret";

    private static readonly DateTimeOffset From = DateTimeOffset.UnixEpoch.AddYears(50);
    private static readonly DateTimeOffset To = DateTimeOffset.UnixEpoch.AddYears(80);

    private readonly TempDirectory _directory = new("certificates");
    private readonly X509Certificate2 _authority;

    public TestCertificates()
    {
        _authority = Authority("CN=Bank CA");
        using var intermediate = Issue(_authority, "CN=Bank Issuing CA", isAuthority: true);
        Broker = Issue(intermediate, "CN=broker.bank.example,O=Bank", isAuthority: false);
        Client = Issue(_authority, "CN=payments, OU=Apps, O=Bank", isAuthority: false);
        using var other = Authority("CN=Other CA");
        Stranger = Issue(other, "CN=payments,OU=Apps,O=Bank", isAuthority: false);
        AuthorityPem = _authority.ExportCertificatePem();
        Chain = Broker.ExportCertificatePem() + "\n" + intermediate.ExportCertificatePem() + "\n";
        Write("ca.pem", AuthorityPem);
        Write("broker.pem", Key(Broker) + "\n" + Chain);
        Write("client.pem", Client.ExportCertificatePem());
        Write("client.key", Key(Client));
        Write("client-store.pem", Key(Client) + "\n" + Client.ExportCertificatePem());
        File.WriteAllBytes(Path("broker.p12"), new X509Certificate2Collection { Broker, X509CertificateLoader.LoadCertificate(intermediate.RawData) }.Export(X509ContentType.Pkcs12, Password)!);
        File.WriteAllBytes(Path("old.jks"), [0xFE, 0xED, 0xFE, 0xED, 0, 0, 0, 2]);
    }

    public X509Certificate2 Broker { get; }

    public X509Certificate2 Client { get; }

    public X509Certificate2 Stranger { get; }

    public string AuthorityPem { get; }

    /// <summary>The broker's certificate and the one between it and the authority.</summary>
    public string Chain { get; }

    public string Path(string name) => _directory.Combine(name);

    public string EncryptedKey(string password)
    {
        using var key = Broker.GetECDsaPrivateKey()!;
        return key.ExportEncryptedPkcs8PrivateKeyPem(password, new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 2048));
    }

    public string BrokerKey => Key(Broker);

    public void Write(string name, string text) => File.WriteAllText(Path(name), text);

    public void Dispose()
    {
        _authority.Dispose();
        Broker.Dispose();
        Client.Dispose();
        Stranger.Dispose();
        _directory.Dispose();
    }

    private static string Key(X509Certificate2 certificate)
    {
        using var key = certificate.GetECDsaPrivateKey()!;
        return key.ExportPkcs8PrivateKeyPem();
    }

    private static X509Certificate2 Authority(string subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        return request.CreateSelfSigned(From, To);
    }

    private static X509Certificate2 Issue(X509Certificate2 authority, string subject, bool isAuthority)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, hasPathLengthConstraint: false, 0, critical: true));
        if (!isAuthority)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(IPAddress.Loopback);
            names.AddDnsName("localhost");
            request.CertificateExtensions.Add(names.Build());
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        }

        byte[] serial = new byte[8];
        RandomNumberGenerator.Fill(serial);
        serial[0] &= 0x7f;
        using var issued = request.Create(authority, From, To, serial);
        return issued.CopyWithPrivateKey(key);
    }
}
