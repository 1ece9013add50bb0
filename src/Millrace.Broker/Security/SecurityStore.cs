using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Millrace.Broker.Security.Sasl;

namespace Millrace.Broker.Security;

/// <summary>One SCRAM user as it stands in the file.</summary>
internal sealed record StoredScramUser(string Name, string Mechanism, byte[] Salt, byte[] StoredKey, byte[] ServerKey, int Iterations);

/// <summary>The content of the file.</summary>
internal sealed record SecurityContent(int Version, List<StoredScramUser> ScramUsers);

/// <summary>
/// SCRAM users in <c>security.json</c> beside <c>topics.json</c>. Only the broker's user may read it; a change replaces the file as a whole, flushed, before it is answered.
/// </summary>
internal sealed class SecurityStore
{
    public const string FileName = "security.json";

    private const int CurrentVersion = 1;
    private const int ImaginarySaltBytes = 20;

    private readonly Lock _changing = new();
    private readonly byte[] _imagination = RandomNumberGenerator.GetBytes(32);
    private readonly string _path;
    private ImmutableSortedDictionary<(string User, sbyte Mechanism), ScramCredential> _users;

    private SecurityStore(string path, ImmutableSortedDictionary<(string User, sbyte Mechanism), ScramCredential> users)
    {
        (_path, _users) = (path, users);
    }

    /// <summary>The users with their credentials, by name.</summary>
    public ImmutableSortedDictionary<(string User, sbyte Mechanism), ScramCredential> Users => Volatile.Read(ref _users);

    /// <summary>Reads the file; without one there are no users.</summary>
    /// <exception cref="BrokerStartException">The file is damaged, or of a newer Millrace.</exception>
    public static SecurityStore Open(string directory)
    {
        string path = Path.Combine(directory, FileName);
        var users = ImmutableSortedDictionary.Create<(string User, sbyte Mechanism), ScramCredential>(UserOrder);
        if (!File.Exists(path)) return new SecurityStore(path, users);
        try
        {
            var content = JsonSerializer.Deserialize(File.ReadAllBytes(path), SecurityJson.Default.SecurityContent);
            if (content?.ScramUsers is null) throw new BrokerStartException($"{path} is empty: restore it from a backup, or move it away and create the users again");
            if (content.Version > CurrentVersion) throw new BrokerStartException($"{path} has version {content.Version}, written by a newer Millrace; this one knows {CurrentVersion}");
            var builder = users.ToBuilder();
            foreach (var user in content.ScramUsers)
            {
                var mechanism = ScramMechanism.Find(user.Mechanism) ?? throw new JsonException($"'{user.Mechanism}' is no SCRAM mechanism");
                if (user is not { Name.Length: > 0, Salt.Length: > 0, Iterations: > 0 } || user.StoredKey?.Length != mechanism.KeyBytes || user.ServerKey?.Length != mechanism.KeyBytes)
                    throw new JsonException($"the user '{user.Name}' is not complete");
                builder[(user.Name, mechanism.Number)] = new ScramCredential(user.Salt, user.StoredKey, user.ServerKey, user.Iterations);
            }

            return new SecurityStore(path, builder.ToImmutable());
        }
        catch (JsonException e)
        {
            throw new BrokerStartException($"{path} cannot be read ({e.Message}): restore it from a backup, or move it away and create the users again", e);
        }
    }

    public ScramCredential? Credential(ScramMechanism mechanism, string user) => Users.GetValueOrDefault((user, mechanism.Number));

    /// <summary>A credential that nobody has: for an unknown name always the same salt, so that asking twice tells nothing.</summary>
    public ScramCredential Imaginary(ScramMechanism mechanism, string user)
    {
        byte[] bytes = HMACSHA512.HashData(_imagination, Encoding.UTF8.GetBytes($"{mechanism.Name} {user}"));
        byte[] key = bytes[..mechanism.KeyBytes];
        return new ScramCredential(bytes[^ImaginarySaltBytes..], key, key, ScramMechanism.MinIterations);
    }

    /// <summary>Changes users; a null credential removes one. When it returns, the change is on the disk.</summary>
    /// <exception cref="IOException">The file could not be written: nothing has changed.</exception>
    public void Change(IEnumerable<(string User, ScramMechanism Mechanism, ScramCredential? Credential)> changes)
    {
        lock (_changing)
        {
            var users = _users;
            foreach (var (user, mechanism, credential) in changes) users = credential is null ? users.Remove((user, mechanism.Number)) : users.SetItem((user, mechanism.Number), credential);
            if (ReferenceEquals(users, _users)) return;
            Save(users);
            Volatile.Write(ref _users, users);
        }
    }

    private static IComparer<(string User, sbyte Mechanism)> UserOrder { get; } = Comparer<(string User, sbyte Mechanism)>.Create(static (a, b) =>
        string.CompareOrdinal(a.User, b.User) is var byName && byName != 0 ? byName : a.Mechanism.CompareTo(b.Mechanism));

    private void Save(ImmutableSortedDictionary<(string User, sbyte Mechanism), ScramCredential> users)
    {
        List<StoredScramUser> stored =
            [.. users.Select(static u => new StoredScramUser(u.Key.User, ScramMechanism.Find(u.Key.Mechanism)!.Name, u.Value.Salt, u.Value.StoredKey, u.Value.ServerKey, u.Value.Iterations))];
        string beside = _path + ".tmp";
        File.Delete(beside);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var stream = new FileStream(beside, options))
        {
            JsonSerializer.Serialize(stream, new SecurityContent(CurrentVersion, stored), SecurityJson.Default.SecurityContent);
            stream.Flush(flushToDisk: true);
        }

        File.Move(beside, _path, overwrite: true);
    }
}

/// <summary>Serialisers made at compile time: the start pays for no reflection.</summary>
[JsonSourceGenerationOptions(WriteIndented = true)]
[JsonSerializable(typeof(SecurityContent))]
internal sealed partial class SecurityJson : JsonSerializerContext;
