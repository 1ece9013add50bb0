namespace Millrace.Engines;

/// <summary>Where npm would fetch a package from: read from npm's own configuration, so that a company's mirror is used without a second setting.</summary>
internal sealed class NpmConfiguration
{
    /// <summary>npm's public registry, npm's own default: used only if nothing else is configured.</summary>
    internal const string PublicRegistry = "https://registry.npmjs.org/";

    private readonly Dictionary<string, string> _values;

    private NpmConfiguration(Dictionary<string, string> values) => _values = values;

    /// <summary>Reads npm's sources in npm's order: environment, user file, global file, built-in file.</summary>
    /// <param name="environment">The environment variables.</param>
    /// <param name="home">The user's home directory.</param>
    /// <param name="globalFiles">Candidates for the global and built-in configuration; null for the usual places.</param>
    internal static NpmConfiguration Load(IReadOnlyDictionary<string, string> environment, string home, IEnumerable<string>? globalFiles = null)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in environment)
        {
            // npm takes npm_config_* in either case, with _ for - in the key.
            if (name.StartsWith("npm_config_", StringComparison.OrdinalIgnoreCase) && value.Length > 0)
            {
                // Keys of one registry (//host/:_authToken) keep their case, all others are lower case.
                var key = name["npm_config_".Length..];
                values.TryAdd(key.StartsWith("//", StringComparison.Ordinal) ? key : key.ToLowerInvariant(), value);
            }
        }

        var userFile = values.GetValueOrDefault("userconfig") ?? Path.Combine(home, ".npmrc");
        var files = new List<string> { userFile };
        if (values.GetValueOrDefault("globalconfig") is { } globalFile)
            files.Add(globalFile);
        if (values.GetValueOrDefault("prefix") is { } prefix)
            files.Add(Path.Combine(prefix, "etc", "npmrc"));
        files.AddRange(globalFiles ?? ["/usr/local/etc/npmrc", "/usr/etc/npmrc", "/etc/npmrc"]);
        foreach (var file in files)
            ReadFile(file, environment, values);
        return new NpmConfiguration(values);
    }

    /// <summary>The registry for a package: its scope's registry, or the general one; null if npm's files name none.</summary>
    internal Uri? RegistryFor(string package)
    {
        var scope = package.StartsWith('@') ? package[..package.IndexOf('/', StringComparison.Ordinal)] : "";
        var address = (scope.Length > 0 ? _values.GetValueOrDefault($"{scope}:registry") : null) ?? _values.GetValueOrDefault("registry");
        return ParseRegistry(address);
    }

    /// <summary>The <c>Authorization</c> header for a registry, as npm's files configure it for its host and path; null if none.</summary>
    internal string? AuthorizationFor(Uri registry)
    {
        for (var path = registry.AbsolutePath.TrimEnd('/'); ; path = path[..path.LastIndexOf('/')])
        {
            var key = $"//{registry.Authority}{path}/:";
            if (_values.GetValueOrDefault(key + "_authToken") is { } token)
                return "Bearer " + token;
            if (_values.GetValueOrDefault(key + "_auth") is { } basic)
                return "Basic " + basic;
            if (path.Length == 0)
                return null;
        }
    }

    internal static Uri? ParseRegistry(string? address)
    {
        if (string.IsNullOrWhiteSpace(address))
            return null;
        return Uri.TryCreate(address.Trim().TrimEnd('/') + "/", UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" ? uri : null;
    }

    private static void ReadFile(string file, IReadOnlyDictionary<string, string> environment, Dictionary<string, string> values)
    {
        string[] lines;
        try
        {
            if (!File.Exists(file))
                return;
            lines = File.ReadAllLines(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return;
        }

        foreach (var line in lines)
        {
            var text = line.Trim();
            var split = text.IndexOf('=', StringComparison.Ordinal);
            if (split <= 0 || text[0] is '#' or ';')
                continue;
            var value = Expand(text[(split + 1)..].Trim().Trim('"', '\''), environment);
            values.TryAdd(text[..split].Trim(), value);
        }
    }

    // npm replaces ${NAME} by the environment variable in its files: tokens are usually given so.
    private static string Expand(string value, IReadOnlyDictionary<string, string> environment)
    {
        for (var start = value.IndexOf("${", StringComparison.Ordinal); start >= 0; start = value.IndexOf("${", start + 1, StringComparison.Ordinal))
        {
            var end = value.IndexOf('}', start);
            if (end < 0)
                break;
            if (environment.TryGetValue(value[(start + 2)..end], out var replacement))
                value = string.Concat(value.AsSpan(0, start), replacement, value.AsSpan(end + 1));
        }

        return value;
    }
}
