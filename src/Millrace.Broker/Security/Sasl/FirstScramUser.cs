using System.Globalization;
using System.Security.Cryptography;

namespace Millrace.Broker.Security.Sasl;

/// <summary>A user as <c>kafka-storage.sh --add-scram</c> writes one: <c>SCRAM-SHA-256=[name=admin,password=…]</c>, so that somebody can log in and create the others.</summary>
internal static class FirstScramUser
{
    private const string Form = "write it as SCRAM-SHA-256=[name=NAME,password=PASSWORD] or SCRAM-SHA-512=[…]; iterations=4096 may follow";
    private const int SaltBytes = 24;

    /// <summary>Creates the users that are not there yet; those that are keep their passwords.</summary>
    /// <exception cref="BrokerStartException">One of them is not written as it must be.</exception>
    public static void Create(IReadOnlyList<string> users, SecurityStore store)
    {
        List<(string User, ScramMechanism Mechanism, ScramCredential? Credential)> missing = [];
        foreach (string text in users)
        {
            var (mechanism, name, password, iterations) = Parse(text);
            if (store.Credential(mechanism, name) is not null) continue;
            missing.Add((name, mechanism, ScramCredential.OfPassword(mechanism, password, RandomNumberGenerator.GetBytes(SaltBytes), iterations)));
        }

        store.Change(missing);
    }

    private static (ScramMechanism Mechanism, string Name, string Password, int Iterations) Parse(string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0 || ScramMechanism.Find(text[..equals]) is not { } mechanism || text.Length < equals + 3 || text[equals + 1] != '[' || text[^1] != ']')
            throw new BrokerStartException($"a SCRAM user is not understood: {Form}");
        var parts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string part in text[(equals + 2)..^1].Split(','))
        {
            int at = part.IndexOf('=', StringComparison.Ordinal);
            string key = at < 0 ? "" : part[..at].Trim();
            if (key is not ("name" or "password" or "iterations")) throw new BrokerStartException($"a SCRAM user is not understood: {Form}");
            parts[key] = part[(at + 1)..];
        }

        if (parts.GetValueOrDefault("name") is not { Length: > 0 } name || parts.GetValueOrDefault("password") is not { Length: > 0 } password)
            throw new BrokerStartException($"a SCRAM user needs a name and a password: {Form}");
        int iterations = ScramMechanism.MinIterations;
        if (parts.TryGetValue("iterations", out string? number)
            && (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out iterations) || iterations is < ScramMechanism.MinIterations or > ScramMechanism.MaxIterations))
            throw new BrokerStartException($"the SCRAM user '{name}' needs iterations between {ScramMechanism.MinIterations} and {ScramMechanism.MaxIterations}");
        return (mechanism, name, password, iterations);
    }
}
