using System.Text.RegularExpressions;

namespace Millrace.Broker.Security.Tls;

/// <summary>
/// <c>ssl.principal.mapping.rules</c> (KIP-371): a list of <c>RULE:pattern/replacement/[LU]</c> and <c>DEFAULT</c>. The first rule whose pattern matches the whole
/// name gives the user; without one, the certificate is refused.
/// </summary>
internal sealed partial class PrincipalMapping
{
    // The rules come from the administrator, the names from clients.
    private static readonly TimeSpan PatternTimeout = TimeSpan.FromSeconds(1);

    private readonly IReadOnlyList<Rule> _rules;

    private PrincipalMapping(IReadOnlyList<Rule> rules)
    {
        _rules = rules;
    }

    /// <summary>Reads the rules.</summary>
    /// <exception cref="FormatException">The text has a part that is no rule.</exception>
    public static PrincipalMapping Parse(string text)
    {
        List<Rule> rules = [];
        string rest = text.Trim();
        while (rest.Length > 0)
        {
            var match = RuleForm().Match(rest);
            if (!match.Success) throw new FormatException($"'{rest}' does not begin with a rule: write DEFAULT, or RULE:pattern/replacement/ with L or U behind it for lower or upper case");
            rules.Add(match.Groups["default"].Success ? Rule.Default : new Rule(Pattern(match.Groups["pattern"].Value), Replacement(match.Groups["to"].Value), match.Groups["case"].Value));
            rest = rest[match.Length..];
        }

        return new PrincipalMapping(rules.Count == 0 ? [Rule.Default] : rules);
    }

    /// <summary>The user of a subject, or null where no rule applies.</summary>
    public string? Map(string subject)
    {
        foreach (var rule in _rules)
        {
            if (rule.Pattern is not { } pattern) return subject;
            if (!pattern.IsMatch(subject)) continue;
            string name = pattern.Replace(subject, rule.Replacement, 1);
            return rule.Case switch { "L" => name.ToLowerInvariant(), "U" => name.ToUpperInvariant(), _ => name };
        }

        return null;
    }

    private static Regex Pattern(string pattern)
    {
        try
        {
            return new Regex($"^(?:{pattern})$", RegexOptions.CultureInvariant, PatternTimeout);
        }
        catch (ArgumentException e)
        {
            throw new FormatException($"'{pattern}' is no regular expression: {e.Message}", e);
        }
    }

    // Java and .NET write $1 alike; $name means nothing in Java, and an escaped slash is a slash in both parts.
    private static string Replacement(string text) => text.Replace("\\/", "/", StringComparison.Ordinal).Replace("\\$", "$$", StringComparison.Ordinal);

    [GeneratedRegex(@"\G\s*(?:(?<default>DEFAULT)|RULE:(?<pattern>(?:\\.|[^/\\])*)/(?<to>(?:\\.|[^/\\])*)/(?<case>[LU]?))\s*(?:,|$)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex RuleForm();

    private sealed record Rule(Regex? Pattern, string Replacement, string Case)
    {
        public static Rule Default { get; } = new(null, "", "");
    }
}
