using System.Security.Cryptography;
using System.Text;

namespace Millrace.Broker.Security.Sasl;

/// <summary>What the broker keeps of a SCRAM user (RFC 5802): from it nobody can log in elsewhere.</summary>
/// <param name="Salt">The salt.</param>
/// <param name="StoredKey">H(ClientKey).</param>
/// <param name="ServerKey">With which the broker proves that it knows the user.</param>
/// <param name="Iterations">The rounds of PBKDF2.</param>
internal sealed record ScramCredential(byte[] Salt, byte[] StoredKey, byte[] ServerKey, int Iterations)
{
    public static ScramCredential OfPassword(ScramMechanism mechanism, string password, byte[] salt, int iterations) =>
        OfSaltedPassword(mechanism, mechanism.Salted(password, salt, iterations), salt, iterations);

    public static ScramCredential OfSaltedPassword(ScramMechanism mechanism, byte[] salted, byte[] salt, int iterations) => new(
        salt, mechanism.Hash(mechanism.Hmac(salted, "Client Key"u8)), mechanism.Hmac(salted, "Server Key"u8), iterations);
}

/// <summary>One of the two SCRAM mechanisms.</summary>
internal sealed class ScramMechanism
{
    /// <summary>The fewest rounds that Kafka accepts for both.</summary>
    public const int MinIterations = 4096;

    /// <summary>The most: more would let an administrator's typing error stop every login.</summary>
    public const int MaxIterations = 16384;

    private readonly HashAlgorithmName _hash;

    private ScramMechanism(sbyte number, string name, HashAlgorithmName hash)
    {
        (Number, Name, _hash) = (number, name, hash);
    }

    public static ScramMechanism Sha256 { get; } = new(1, SaslMechanisms.ScramSha256, HashAlgorithmName.SHA256);

    public static ScramMechanism Sha512 { get; } = new(2, SaslMechanisms.ScramSha512, HashAlgorithmName.SHA512);

    /// <summary>Its number in the admin APIs.</summary>
    public sbyte Number { get; }

    public string Name { get; }

    public int KeyBytes => _hash == HashAlgorithmName.SHA256 ? SHA256.HashSizeInBytes : SHA512.HashSizeInBytes;

    public static ScramMechanism? Find(sbyte number) => number switch { 1 => Sha256, 2 => Sha512, _ => null };

    public static ScramMechanism? Find(string name) => name switch { SaslMechanisms.ScramSha256 => Sha256, SaslMechanisms.ScramSha512 => Sha512, _ => null };

    public byte[] Salted(string password, byte[] salt, int iterations) => Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), salt, iterations, _hash, KeyBytes);

    public byte[] Hash(ReadOnlySpan<byte> data) => CryptographicOperations.HashData(_hash, data);

    public byte[] Hmac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data) => CryptographicOperations.HmacData(_hash, key, data);
}
