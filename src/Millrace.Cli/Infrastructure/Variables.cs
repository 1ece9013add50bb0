using System.Collections;

namespace Millrace.Cli.Infrastructure;

/// <summary>The environment variables that options stand behind, so that one that was mistyped is told instead of passed over.</summary>
internal static class Variables
{
    private const string Prefix = "MILLRACE_";

    // Read by the script ./millrace and by the engines' cache.
    private static readonly string[] _others = ["MILLRACE_BUILD", "MILLRACE_ENGINE_CACHE", "MILLRACE_LIBCHDB", "MILLRACE_POSTGRES_HOME"];

    // Read by Millrace's own tests, whose processes start this program.
    private static readonly string[] _foreign = ["MILLRACE_TEST_", "MILLRACE_STREAMS_CHILD_", "MILLRACE_TAKE_PICTURES"];

    private static readonly HashSet<string> _known = new(_others, StringComparer.Ordinal);

    public static void Add(string[] names) => _known.UnionWith(names);

    /// <summary>A sentence for each variable of our prefix that nothing reads.</summary>
    /// <param name="addAll">Makes all commands, so that their variables are known; called only if there is need.</param>
    public static IReadOnlyList<string> Problems(Action addAll)
    {
        List<string> unknown = [.. Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(static e => (string)e.Key).Where(IsUnknown).Order(StringComparer.Ordinal)];
        if (unknown.Count == 0) return [];
        addAll();
        return [.. unknown.Where(IsUnknown).Select(static name => $"the variable {name} is read by nothing{Near(name)}")];
    }

    private static bool IsUnknown(string name) =>
        name.StartsWith(Prefix, StringComparison.Ordinal) && !_known.Contains(name) && !Array.Exists(_foreign, f => name.StartsWith(f, StringComparison.Ordinal));

    private static string Near(string name)
    {
        // MILLRACE_DATA: an option that has a variable for each command.
        string[] perCommand = [.. _known.Where(k => k.EndsWith($"_{name[Prefix.Length..]}", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        if (perCommand.Length > 0) return $"; each command has its own: {string.Join(", ", perCommand)}";
        var nearest = _known.Select(k => (Name: k, Distance: Distance(k, name))).OrderBy(static k => k.Distance).ThenBy(static k => k.Name, StringComparer.Ordinal).First();
        return nearest.Distance <= 3 ? $"; did you mean {nearest.Name}?" : string.Empty;
    }

    // Levenshtein's: how many letters must be changed, added or left out.
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(changed, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
