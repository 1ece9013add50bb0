using System.Text.RegularExpressions;

namespace Millrace.Kafka.Naming;

/// <summary>
/// The naming convention for topics: <c>domain.subdomain.event-type.version</c>, as in <c>payments.transactions.created.v1</c>. Topics of change data
/// capture (<c>cdc.accounts.changes</c>) carry the source's names, and Kafka's own begin with two underscores: both are exempt. A dead-letter topic is named like
/// the topic it belongs to, with <c>.dlt</c> at the end.
/// </summary>
public static partial class TopicName
{
    /// <summary>The end of a dead-letter topic's name.</summary>
    public const string DeadLetterSuffix = ".dlt";

    // Kafka's own limit, since a partition is a folder with this name.
    private const int MaxLength = 249;

    /// <summary>The dead-letter topic of a topic.</summary>
    /// <param name="topic">The topic.</param>
    public static string DeadLetterOf(string topic) => topic + DeadLetterSuffix;

    /// <summary>Whether Kafka itself takes a name.</summary>
    /// <param name="name">The name.</param>
    public static bool IsLegal(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.Length <= MaxLength && Allowed().IsMatch(name);
    }

    /// <summary>Checks a name.</summary>
    /// <param name="name">The name.</param>
    /// <returns>Null when it follows the convention, else what is wrong and what to do.</returns>
    public static string? Check(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!IsLegal(name))
            return $"The topic name '{name}' is not allowed by Kafka: a name has 1 to {MaxLength} of the characters a-z A-Z 0-9 . _ - and is neither '.' nor '..'";
        if (name.StartsWith("__", StringComparison.Ordinal) || name.StartsWith("cdc.", StringComparison.Ordinal))
            return null;
        var checkedName = name.EndsWith(DeadLetterSuffix, StringComparison.Ordinal) ? name[..^DeadLetterSuffix.Length] : name;
        if (Convention().IsMatch(checkedName))
            return null;
        return $"The topic name '{name}' does not follow domain.subdomain.event-type.version ({Difference(checkedName.Split('.'))}). "
            + "Rename it, as in payments.transactions.created.v1; topics of change data capture begin with 'cdc.'";
    }

    private static string Difference(string[] parts)
    {
        if (parts.Length != 4)
            return $"it has {parts.Length} part{(parts.Length == 1 ? "" : "s")} between dots, not 4";
        if (Array.Find(parts[..3], static p => !Part().IsMatch(p)) is { } part)
            return $"'{part}' must begin with a small letter and hold small letters, digits and hyphens";
        return $"'{parts[3]}' must be v1, v2 …";
    }

    [GeneratedRegex(@"\A[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*\.v[1-9][0-9]*\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Convention();

    [GeneratedRegex(@"\A[a-z][a-z0-9-]*\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Part();

    [GeneratedRegex(@"\A(?!\.{1,2}\z)[a-zA-Z0-9._-]+\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Allowed();
}
