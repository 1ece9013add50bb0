using System.Globalization;
using System.Text.RegularExpressions;

namespace Millrace.Connect.Configuration;

/// <summary>A set of configuration keys: Kafka's <c>ConfigDef</c>. An unknown key is an error.</summary>
public sealed class ConfigDefinition
{
    private readonly Dictionary<string, ConfigKey> _keys = new(StringComparer.Ordinal);
    private readonly List<(Regex Pattern, string? Unsupported)> _patterns = [];
    private readonly List<(string Name, Func<IReadOnlyDictionary<string, string>, string?> Problem)> _rules = [];

    /// <summary>The keys in the order of their definition.</summary>
    public IReadOnlyCollection<ConfigKey> Keys => _keys.Values;

    /// <summary>Adds a key.</summary>
    public ConfigDefinition Define(ConfigKey key)
    {
        _keys.Add(key.Name, key);
        return this;
    }

    /// <summary>Adds a key in short.</summary>
    public ConfigDefinition Define(string name, ConfigType type, string? defaultValue, string documentation) =>
        Define(new ConfigKey(name, type, documentation) { Default = defaultValue });

    /// <summary>Accepts all keys that match a pattern (their values are then validated elsewhere), or refuses them with a reason.</summary>
    public ConfigDefinition DefinePattern(string pattern, string? unsupported = null)
    {
        _patterns.Add((new Regex($"^(?:{pattern})$", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1)), unsupported));
        return this;
    }

    /// <summary>Adds a rule over several keys: what is wrong is told under the key's name; null means nothing is.</summary>
    public ConfigDefinition DefineRule(string name, Func<IReadOnlyDictionary<string, string>, string?> problem)
    {
        _rules.Add((name, problem));
        return this;
    }

    /// <summary>Adds all keys of another definition, each with a prefix.</summary>
    public ConfigDefinition Include(ConfigDefinition other, string prefix = "", string? group = null)
    {
        foreach (var key in other.Keys) _keys[prefix + key.Name] = key with { Name = prefix + key.Name, Group = group ?? key.Group };
        _patterns.AddRange(other._patterns);
        _rules.AddRange(other._rules.Select(r => (prefix + r.Name, prefix.Length == 0 ? r.Problem : (Func<IReadOnlyDictionary<string, string>, string?>)(config => r.Problem(config.WithPrefix(prefix))))));
        return this;
    }

    /// <summary>Checks every value by itself, and the rules over several; the result holds all keys, each with its errors.</summary>
    public ConfigValidation Validate(IReadOnlyDictionary<string, string> config)
    {
        var result = new ConfigValidation();
        foreach (var key in _keys.Values)
        {
            var given = config.TryGetValue(key.Name, out var text);
            var value = result.Add(key, given ? text : key.Default);
            if (!given)
            {
                if (key.Required) value.Errors.Add($"Missing required configuration \"{key.Name}\" which has no default value.");
                continue;
            }

            if (Problem(key, text!) is { } problem) value.Errors.Add(problem);
            else if (key.Note is not null) result.Notes.Add($"{key.Name}: {key.Note}");
        }

        foreach (var (name, text) in config)
        {
            if (_keys.ContainsKey(name)) continue;
            var match = _patterns.FirstOrDefault(p => p.Pattern.IsMatch(name));
            if (match.Pattern is null) result.AddUnknown(name, text, $"Unknown configuration \"{name}\".{Suggest(name)}");
            else if (match.Unsupported is not null) result.AddUnknown(name, text, $"\"{name}\" is not supported: {match.Unsupported}");
        }

        foreach (var (name, problem) in _rules)
        {
            if (problem(config) is { } contradiction) result.AddError(name, contradiction);
        }

        return result;
    }

    private static string? Problem(ConfigKey key, string text)
    {
        var trimmed = text.Trim();
        string Invalid(string rule) => $"Invalid value {(key.Type == ConfigType.Password ? "[hidden]" : text)} for configuration {key.Name}: {rule}";
        switch (key.Type)
        {
            case ConfigType.Boolean when !bool.TryParse(trimmed, out _):
                return Invalid("Expected value to be either true or false");
            case ConfigType.Int when !int.TryParse(trimmed, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _):
                return Invalid("Not a number of type INT");
            case ConfigType.Long when !long.TryParse(trimmed, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _):
                return Invalid("Not a number of type LONG");
            case ConfigType.Double when !double.TryParse(trimmed, NumberStyles.Float, CultureInfo.InvariantCulture, out _):
                return Invalid("Not a number of type DOUBLE");
        }

        if (key.Unsupported is not null && !string.Equals(trimmed, key.Default, StringComparison.OrdinalIgnoreCase))
            return $"\"{key.Name}\" is not supported: {key.Unsupported}";
        if (key.Minimum is { } minimum && double.Parse(trimmed, CultureInfo.InvariantCulture) < minimum)
            return Invalid(string.Create(CultureInfo.InvariantCulture, $"Value must be at least {minimum}"));
        if (key.Allowed is { } allowed && !allowed.Contains(trimmed, StringComparer.OrdinalIgnoreCase))
            return Invalid($"Value must be one of {string.Join(", ", allowed)}");
        return key.Validator?.Invoke(text) is { } problem ? Invalid(problem) : null;
    }

    private string Suggest(string name)
    {
        var best = _keys.Keys.Select(k => (Key: k, Distance: Distance(k, name))).OrderBy(x => x.Distance).FirstOrDefault();
        return best.Key is not null && best.Distance <= Math.Max(2, name.Length / 5) ? $" Did you mean \"{best.Key}\"?" : "";
    }

    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0]++;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[^1];
    }
}
