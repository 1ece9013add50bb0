using System.Text.RegularExpressions;
using Millrace.Connect.Configuration;

namespace Millrace.Connect;

/// <summary>
/// Makes the configuration that a connector runs with from the one that is stored: overrides of the worker, then <c>${env:NAME}</c> and
/// <c>${file:path:key}</c>, as Kafka's config providers do. Secrets given that way are never in connect-configs.
/// </summary>
internal static partial class ConfigSubstitution
{
    private static readonly string[] Secrets = ["password", "secret", "token", "credential", "passphrase", "jaas", "private.key", "sslkey"];

    internal static Dictionary<string, string> Resolve(string name, IReadOnlyDictionary<string, string> stored, ConnectWorkerOptions options)
    {
        var result = new Dictionary<string, string>(stored, StringComparer.Ordinal);
        foreach (var (key, value) in options.Overrides)
        {
            var colon = key.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0 && AppliesTo(key, stored)) result[key] = value;
            else if (colon > 0 && key[..colon] == name) result[key[(colon + 1)..]] = value;
        }

        foreach (var key in result.Keys.ToArray()) result[key] = Reference().Replace(result[key], m => Lookup(m, key));
        return result;
    }

    /// <summary>The configuration for logs, with secrets hidden.</summary>
    internal static string Redacted(IReadOnlyDictionary<string, string> config) =>
        string.Join(", ", config.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}={(IsSecret(p.Key) ? "[hidden]" : p.Value)}"));

    internal static bool IsSecret(string key) => Secrets.Any(s => key.Contains(s, StringComparison.OrdinalIgnoreCase));

    // An override for all connectors is meant for those of its kind: the database's host is no key of a sink for ClickHouse.
    private static bool AppliesTo(string key, IReadOnlyDictionary<string, string> stored)
    {
        var family = key.Split('.')[0] + ".";
        return stored.ContainsKey(key) || stored.Keys.Any(k => k.StartsWith(family, StringComparison.Ordinal));
    }

    private static string Lookup(Match match, string key)
    {
        var path = match.Groups["path"].Value;
        if (match.Groups["provider"].Value == "env")
            return Environment.GetEnvironmentVariable(path) ?? throw new ConfigException($"{key} refers to the environment variable {path}, which is not set.");
        var colon = path.LastIndexOf(':');
        if (colon <= 0) throw new ConfigException($"{key}: {match.Value} should be ${{file:PATH:KEY}}.");
        var file = path[..colon];
        if (!File.Exists(file)) throw new ConfigException($"{key} refers to the file {file}, which does not exist.");
        return JavaProperties.Parse(File.ReadAllText(file), file).FirstOrDefault(p => p.Key == path[(colon + 1)..])?.Value
            ?? throw new ConfigException($"{key} refers to the key {path[(colon + 1)..]} of {file}, which does not have it.");
    }

    [GeneratedRegex(@"\$\{(?<provider>env|file):(?<path>[^}]+)\}", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Reference();
}
