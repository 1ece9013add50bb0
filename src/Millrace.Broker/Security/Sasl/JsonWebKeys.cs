using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;

namespace Millrace.Broker.Security.Sasl;

/// <summary>The public keys of a JWKS file (RFC 7517). The file is read again when it has changed, so that keys can be rotated while the broker runs.</summary>
internal sealed class JsonWebKeys
{
    private const int SmallestRsaBits = 2048;

    private readonly Lock _reading = new();
    private readonly string _file;
    private (DateTime Written, IReadOnlyList<Key> Keys) _current;

    private JsonWebKeys(string file)
    {
        _file = file;
    }

    /// <summary>Reads the file.</summary>
    /// <exception cref="FormatException">It cannot be read, or has no key for RS256 or ES256.</exception>
    public static JsonWebKeys Open(string file)
    {
        var keys = new JsonWebKeys(file);
        try
        {
            keys._current = (File.GetLastWriteTimeUtc(file), Read(file));
            return keys;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException or CryptographicException)
        {
            throw new FormatException($"{file} cannot be read as a JWKS: {e.Message}", e);
        }
    }

    /// <summary>Whether one of the keys has made the signature. Without a key id every key of the algorithm is tried.</summary>
    public bool Verify(string algorithm, string? id, byte[] signed, byte[] signature)
    {
        foreach (var key in Current())
        {
            if (key.Algorithm != algorithm || (id is not null && key.Id is not null && key.Id != id)) continue;
            // Keys of .NET promise nothing to several threads.
            lock (key)
            {
                if (key.Verify(signed, signature)) return true;
            }
        }

        return false;
    }

    private IReadOnlyList<Key> Current()
    {
        lock (_reading)
        {
            try
            {
                var written = File.GetLastWriteTimeUtc(_file);
                if (written != _current.Written) _current = (written, Read(_file));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException or FormatException or CryptographicException)
            {
                // A file that is just being written, or has gone: the keys that were good stay.
            }

            return _current.Keys;
        }
    }

    private static List<Key> Read(string file)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(file));
        List<Key> keys = [];
        foreach (var key in json.RootElement.GetProperty("keys").EnumerateArray())
        {
            if (Text(key, "use") is not (null or "sig")) continue;
            switch (Text(key, "kty"), Text(key, "alg"))
            {
                case ("RSA", null or "RS256"):
                    var rsa = RSA.Create(new RSAParameters { Modulus = Bytes(key, "n"), Exponent = Bytes(key, "e") });
                    if (rsa.KeySize < SmallestRsaBits) throw new FormatException($"{file} has an RSA key of {rsa.KeySize} bits; {SmallestRsaBits} are the fewest");
                    keys.Add(new Key(Text(key, "kid"), "RS256", (signed, signature) => rsa.VerifyData(signed, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)));
                    break;
                case ("EC", null or "ES256") when Text(key, "crv") == "P-256":
                    var curve = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = Bytes(key, "x"), Y = Bytes(key, "y") } });
                    keys.Add(new Key(Text(key, "kid"), "ES256", (signed, signature) => curve.VerifyData(signed, signature, HashAlgorithmName.SHA256)));
                    break;
            }
        }

        return keys.Count > 0 ? keys : throw new FormatException($"{file} has no key for RS256 or ES256");
    }

    private static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static byte[] Bytes(JsonElement json, string name) => Base64Url.DecodeFromChars(Text(json, name) ?? throw new FormatException($"a key has no {name}"));

    private sealed record Key(string? Id, string Algorithm, Func<byte[], byte[], bool> Verify);
}
