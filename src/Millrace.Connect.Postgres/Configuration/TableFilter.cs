using System.Text.RegularExpressions;
using Millrace.Connect.Configuration;
using Millrace.Connect.Postgres.Catalog;

namespace Millrace.Connect.Postgres.Configuration;

/// <summary>Which tables are captured: Debezium's include and exclude lists, regular expressions matched against the whole name without case.</summary>
internal sealed class TableFilter
{
    private static readonly HashSet<string> SystemSchemas = new(StringComparer.Ordinal) { "pg_catalog", "information_schema", "pg_toast" };
    private readonly Regex[] _includeTables;
    private readonly Regex[] _excludeTables;
    private readonly Regex[] _includeSchemas;
    private readonly Regex[] _excludeSchemas;

    internal TableFilter(IReadOnlyDictionary<string, string> config)
    {
        Patterns = config.GetList("table.include.list");
        _includeTables = Compile(Patterns);
        _excludeTables = Compile(config.GetList("table.exclude.list"));
        _includeSchemas = Compile(config.GetList("schema.include.list"));
        _excludeSchemas = Compile(config.GetList("schema.exclude.list"));
    }

    /// <summary>The patterns of table.include.list.</summary>
    internal IReadOnlyList<string> Patterns { get; }

    internal static string? Validate(string list)
    {
        try
        {
            _ = Compile(list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
            return null;
        }
        catch (ArgumentException e)
        {
            return $"not a list of regular expressions: {e.Message}";
        }
    }

    internal bool Includes(TableId table)
    {
        if (SystemSchemas.Contains(table.Schema) || table.Schema.StartsWith("pg_temp", StringComparison.Ordinal)) return false;
        if (_includeSchemas.Length > 0 ? !Any(_includeSchemas, table.Schema) : Any(_excludeSchemas, table.Schema)) return false;
        var name = table.ToString();
        return _includeTables.Length > 0 ? Any(_includeTables, name) : !Any(_excludeTables, name);
    }

    /// <summary>The patterns without special characters that match none of the tables: most likely a mistake in a name.</summary>
    internal IEnumerable<string> Unmatched(IReadOnlyCollection<TableId> tables) =>
        Patterns.Where((p, i) => p.All(c => char.IsLetterOrDigit(c) || c is '_' or '.' or '$' or '-') && !tables.Any(t => _includeTables[i].IsMatch(t.ToString())));

    internal static Regex Compile(string pattern) => new($"^(?:{pattern})$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));

    private static Regex[] Compile(IReadOnlyList<string> patterns) => [.. patterns.Select(Compile)];

    private static bool Any(Regex[] patterns, string name) => Array.Exists(patterns, p => p.IsMatch(name));
}
