using System.Text.RegularExpressions;
using Millrace.Connect.Configuration;

namespace Millrace.Connect.Transforms;

/// <summary>Renames topics by a regular expression that must match the whole name: Kafka Connect's RegexRouter.</summary>
public sealed class RegexRouter : ITransform
{
    private Regex _regex = new("", RegexOptions.None, TimeSpan.FromSeconds(1));
    private string _replacement = "";

    /// <inheritdoc/>
    public ConfigDefinition Config { get; } = new ConfigDefinition()
        .Define(new ConfigKey("regex", ConfigType.String, "Regular expression that the topic's whole name must match.") { Required = true, Importance = Importance.High, Validator = JavaRegex.Validate })
        .Define(new ConfigKey("replacement", ConfigType.String, "The new name; $1 is the first group.") { Required = true, Importance = Importance.High })
        .DefineRule("replacement", static c => JavaRegex.MissingGroup(c, "regex", "replacement"));

    /// <inheritdoc/>
    public void Configure(IReadOnlyDictionary<string, string> config)
    {
        _regex = JavaRegex.Whole(config["regex"]);
        _replacement = config["replacement"];
    }

    /// <inheritdoc/>
    public ConnectRecord? Apply(ConnectRecord record) =>
        _regex.IsMatch(record.Topic) ? record with { Topic = _regex.Replace(record.Topic, _replacement, 1) } : record;
}

/// <summary>Regular expressions as configurations written for Java mean them: matched against the whole text.</summary>
internal static partial class JavaRegex
{
    [GeneratedRegex(@"(?<![\\$])\$(?:(?<number>[0-9])|\{(?<name>\w+)\})", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Reference();

    internal static Regex Whole(string pattern, bool ignoreCase = false) =>
        new($"^(?:{pattern})$", RegexOptions.CultureInvariant | (ignoreCase ? RegexOptions.IgnoreCase : RegexOptions.None), TimeSpan.FromSeconds(1));

    /// <summary>A replacement that names a group which the expression lacks: Java fails there at the first record, and .NET would write the reference as it stands.</summary>
    internal static string? MissingGroup(IReadOnlyDictionary<string, string> config, string regexKey, string replacementKey)
    {
        if (!config.TryGetValue(regexKey, out var pattern) || !config.TryGetValue(replacementKey, out var replacement) || Validate(pattern) is not null) return null;
        var regex = Whole(pattern);
        var groups = regex.GetGroupNumbers().Length - 1;
        foreach (Match reference in Reference().Matches(replacement))
        {
            var name = reference.Groups["name"];
            if (name.Success ? !regex.GetGroupNames().Contains(name.Value, StringComparer.Ordinal) : reference.Groups["number"].Value[0] - '0' > groups)
                return $"\"{replacement}\" refers to the group {reference.Value}, and {regexKey} \"{pattern}\" has {(name.Success ? "no group of that name" : $"only {groups}")}.";
        }

        return null;
    }

    internal static string? Validate(string pattern)
    {
        try
        {
            _ = Whole(pattern);
            return null;
        }
        catch (ArgumentException e)
        {
            return $"Not a regular expression: {e.Message}";
        }
    }
}
