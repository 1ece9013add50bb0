using System.Globalization;
using System.Text.RegularExpressions;

namespace Millrace.Cli.ConfigCheck;

/// <summary>
/// What can be said about a CREATE TABLE without running it: its engine's name, decimals' scales, and columns that its keys and TTL name. What it does
/// not understand it leaves to ClickHouse.
/// </summary>
internal static partial class DdlTables
{
    private static readonly string[] _engines =
    [
        "MergeTree", "ReplacingMergeTree", "SummingMergeTree", "AggregatingMergeTree", "CollapsingMergeTree", "VersionedCollapsingMergeTree", "GraphiteMergeTree", "CoalescingMergeTree",
        "Log", "TinyLog", "StripeLog", "Memory", "Null", "Set", "Join", "Buffer", "Distributed", "Merge", "File", "URL", "Dictionary", "View", "LiveView", "WindowView", "MaterializedView", "GenerateRandom", "Loop",
        "Kafka", "RabbitMQ", "NATS", "FileLog", "Redis", "MongoDB", "MySQL", "PostgreSQL", "MaterializedPostgreSQL", "SQLite", "ODBC", "JDBC", "HDFS", "S3", "S3Queue", "AzureBlobStorage", "AzureQueue", "COSN", "OSS", "GCS",
        "EmbeddedRocksDB", "KeeperMap", "Executable", "ExecutablePool", "Iceberg", "IcebergS3", "IcebergLocal", "IcebergAzure", "IcebergHDFS", "DeltaLake", "DeltaLakeS3", "DeltaLakeAzure", "DeltaLakeLocal", "Hudi", "Hive",
        "TimeSeries", "FuzzJSON", "FuzzQuery", "YTsaurus", "ArrowFlight", "Alias", "ExternalDistributed", "MaterializedMySQL",
    ];

    private static readonly HashSet<string> _words = new(
        ["INTERVAL", "SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR", "SECONDS", "MINUTES", "HOURS", "DAYS", "WEEKS", "MONTHS", "QUARTERS", "YEARS", "ASC", "DESC", "AND", "OR", "NOT", "NULL", "TRUE", "FALSE", "IN", "IS", "AS", "DIV", "MOD", "CASE", "WHEN", "THEN", "ELSE", "END", "LIKE", "BETWEEN"],
        StringComparer.OrdinalIgnoreCase);

    /// <summary>The errors of a text without comments: where each is, what it is about, and what is wrong.</summary>
    public static IEnumerable<(int Index, string Key, string Problem)> Problems(string text)
    {
        foreach (Match engine in Engine().Matches(text))
        {
            var name = engine.Groups["name"].Value;
            var plain = name.StartsWith("Replicated", StringComparison.Ordinal) ? name[10..] : name.StartsWith("Shared", StringComparison.Ordinal) ? name[6..] : name;
            if (!InDatabase(text, engine.Index) && !_engines.Contains(plain, StringComparer.Ordinal)) yield return (engine.Index, "ENGINE", $"ClickHouse has no table engine \"{name}\"{Near(plain)}");
        }

        foreach (Match number in Decimal().Matches(text))
        {
            var most = number.Groups["bits"].Value switch { "32" => 9, "64" => 18, "128" => 38, _ => 76 };
            if (!int.TryParse(number.Groups["scale"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var scale) || scale > most)
                yield return (number.Index, number.Groups["column"].Value, $"{number.Groups["type"].Value} has a scale of at most {most}");
        }

        foreach (Match table in Table().Matches(text))
        {
            if (End(text, table.Index + table.Length) is not { } end) continue;
            var columns = Columns(text[(table.Index + table.Length)..end]);
            var stop = text.IndexOf(';', end) is >= 0 and var semicolon ? semicolon : text.Length;
            foreach (Match clause in Clause().Matches(text[end..stop]))
            {
                var expression = Quoted().Replace(clause.Groups["expression"].Value, " ");
                if (expression.Contains("->", StringComparison.Ordinal)) continue;
                var key = string.Join(' ', clause.Groups["key"].Value.ToUpperInvariant().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
                foreach (Match name in Name().Matches(expression))
                {
                    if (!columns.Contains(name.Value) && !_words.Contains(name.Value)) yield return (end + clause.Index, key, $"the table has no column \"{name.Value}\"");
                }
            }
        }
    }

    private static bool InDatabase(string text, int index) => Create().Matches(text[..index]) is { Count: > 0 } before && !before[^1].Groups["kind"].Value.StartsWith('T') && !before[^1].Groups["kind"].Value.StartsWith('t');

    private static string Near(string name) => Array.Find(_engines, e => Math.Abs(e.Length - name.Length) <= 1 && (e.StartsWith(name[..Math.Min(4, name.Length)], StringComparison.OrdinalIgnoreCase) || string.Equals(e, name, StringComparison.OrdinalIgnoreCase))) is { } near
        ? $"; did you mean {near}?" : string.Empty;

    // Where the bracket ends that is open at the start.
    private static int? End(string text, int start)
    {
        var depth = 1;
        var quoted = false;
        for (var i = start; i < text.Length; i++)
        {
            if (text[i] == '\'') quoted = !quoted;
            if (quoted) continue;
            depth += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
            if (depth == 0) return i;
        }

        return null;
    }

    private static HashSet<string> Columns(string body)
    {
        var columns = new HashSet<string>(StringComparer.Ordinal);
        var (depth, quoted, from) = (0, false, 0);
        for (var i = 0; i <= body.Length; i++)
        {
            if (i < body.Length && body[i] == '\'') quoted = !quoted;
            if (i < body.Length && !quoted) depth += body[i] == '(' ? 1 : body[i] == ')' ? -1 : 0;
            if (i < body.Length && (quoted || depth > 0 || body[i] != ',')) continue;
            columns.Add(body[from..i].Trim().Split((char[]?)null, 2)[0].Trim('`', '"'));
            from = i + 1;
        }

        return columns;
    }

    [GeneratedRegex(@"\bENGINE\s*=\s*(?<name>\w+)", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Engine();

    [GeneratedRegex(@"\bCREATE\s+(OR\s+REPLACE\s+)?(?<kind>\w+)", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Create();

    [GeneratedRegex(@"(?<column>\w+)[`""]?\s+(\w+\(\s*)*(?<type>Decimal(?<bits>32|64|128|256))\s*\(\s*(?<scale>\w+)\s*\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Decimal();

    [GeneratedRegex(@"\bCREATE\s+(OR\s+REPLACE\s+)?TABLE\s+(IF\s+NOT\s+EXISTS\s+)?[\w.`""]+\s*(ON\s+CLUSTER\s+\S+\s*)?\(", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Table();

    [GeneratedRegex(@"\b(?<key>(ORDER|PARTITION|SAMPLE)\s+BY|PRIMARY\s+KEY|TTL)\b(?<expression>.*?)(?=\b(ORDER\s+BY|PARTITION\s+BY|SAMPLE\s+BY|PRIMARY\s+KEY|TTL|SETTINGS|COMMENT|DELETE|TO|RECOMPRESS|GROUP|WHERE|AS|ENGINE)\b|$)", RegexOptions.IgnoreCase | RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Clause();

    [GeneratedRegex(@"'[^']*'", RegexOptions.None, 1000)]
    private static partial Regex Quoted();

    [GeneratedRegex(@"(?<![\w.])[A-Za-z_]\w*(?![\w.]|\s*\()", RegexOptions.None, 1000)]
    private static partial Regex Name();
}
