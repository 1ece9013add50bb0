using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Millrace.Broker.Security.Tls;

/// <summary>Reads key stores and trust stores: PEM (in a file or in the setting itself, KIP-651) and PKCS12. Java's old JKS format is named, with the command that converts it.</summary>
internal static class KeyStores
{
    private const uint JksMagic = 0xFEEDFEED;
    private const uint JceksMagic = 0xCECECECE;

    /// <summary>The broker's certificate with its key, and the certificates that lead to its authority.</summary>
    /// <exception cref="SettingException">There is none, or it cannot be read.</exception>
    public static (X509Certificate2 Certificate, X509Certificate2Collection Chain) ReadKey(ListenerSettingsView settings)
    {
        if (settings.Find("ssl.keystore.key", out string inlineKey) is { } key)
        {
            if (settings.Find("ssl.keystore.location", out string both) is not null) throw new SettingException(both, $"{inlineKey} is set, too: keep one of them");
            string chain = settings.Find("ssl.keystore.certificate.chain", out string chainKey) ?? throw new SettingException(chainKey, $"is needed beside {inlineKey}");
            return ReadPem(inlineKey, chain, key, settings.Find("ssl.key.password"));
        }

        string location = settings.Find("ssl.keystore.location", out string where)
            ?? throw new SettingException(where, "a listener with TLS needs a certificate: name a PKCS12 file here, or a PEM file with ssl.keystore.type=PEM");
        byte[] bytes = ReadFile(where, location);
        if (settings.Get("ssl.keystore.type") == "PEM")
        {
            string text = System.Text.Encoding.ASCII.GetString(bytes);
            return ReadPem(where, text, text, settings.Find("ssl.key.password"));
        }

        var all = ReadPkcs12(where, location, bytes, settings.Find("ssl.keystore.password"));
        var own = all.FirstOrDefault(static c => c.HasPrivateKey) ?? throw new SettingException(where, $"{location} has no private key");
        all.Remove(own);
        return (own, all);
    }

    /// <summary>The authorities of clients' certificates; null where none are named, which means those of the system.</summary>
    /// <exception cref="SettingException">They cannot be read.</exception>
    public static X509Certificate2Collection? ReadTrust(ListenerSettingsView settings)
    {
        if (settings.Find("ssl.truststore.certificates", out string inline) is { } pem) return ReadPemCertificates(inline, pem);
        if (settings.Find("ssl.truststore.location", out string where) is not { } location) return null;
        byte[] bytes = ReadFile(where, location);
        return settings.Get("ssl.truststore.type") == "PEM"
            ? ReadPemCertificates(where, System.Text.Encoding.ASCII.GetString(bytes))
            : ReadPkcs12(where, location, bytes, settings.Find("ssl.truststore.password"));
    }

    private static (X509Certificate2 Certificate, X509Certificate2Collection Chain) ReadPem(string where, string certificates, string key, string? password)
    {
        try
        {
            var own = password is null ? X509Certificate2.CreateFromPem(certificates, key) : X509Certificate2.CreateFromEncryptedPem(certificates, key, password);
            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(certificates);
            if (chain.FirstOrDefault(c => c.Thumbprint == own.Thumbprint) is { } same) chain.Remove(same);
            return (own, chain);
        }
        catch (CryptographicException e)
        {
            string hint = key.Contains("ENCRYPTED", StringComparison.Ordinal) && password is null ? "the key is encrypted: set ssl.key.password" : e.Message;
            throw new SettingException(where, $"needs a certificate and its private key as PEM, the broker's certificate first ({hint})", e);
        }
    }

    private static X509Certificate2Collection ReadPemCertificates(string where, string pem)
    {
        var all = new X509Certificate2Collection();
        try
        {
            all.ImportFromPem(pem);
        }
        catch (CryptographicException e)
        {
            throw new SettingException(where, $"has a certificate that cannot be read: {e.Message}", e);
        }

        return all.Count > 0 ? all : throw new SettingException(where, "has no certificate: -----BEGIN CERTIFICATE----- is missing");
    }

    private static X509Certificate2Collection ReadPkcs12(string where, string location, byte[] bytes, string? password)
    {
        uint magic = bytes.Length < 4 ? 0 : System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes);
        if (magic is JksMagic or JceksMagic)
        {
            throw new SettingException(where, $"{location} is in Java's own {(magic == JksMagic ? "JKS" : "JCEKS")} format, which only Java reads. Convert it to PKCS12, which Kafka reads as well: "
                + $"keytool -importkeystore -srckeystore {location} -destkeystore {Path.ChangeExtension(location, ".p12")} -deststoretype PKCS12");
        }

        if (bytes.AsSpan().StartsWith("-----BEGIN"u8)) throw new SettingException(where, $"{location} is PEM: set the store's type to PEM");
        try
        {
            return X509CertificateLoader.LoadPkcs12Collection(bytes, password, X509KeyStorageFlags.EphemeralKeySet);
        }
        catch (CryptographicException e)
        {
            throw new SettingException(where, $"{location} cannot be read as PKCS12: {(password is null ? "its password is not set" : $"wrong password, or damaged ({e.Message})")}", e);
        }
    }

    private static byte[] ReadFile(string where, string location)
    {
        try
        {
            return File.ReadAllBytes(location);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingException(where, $"{location} cannot be read: {e.Message}", e);
        }
    }
}
