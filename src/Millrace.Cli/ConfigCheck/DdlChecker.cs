using System.Text.RegularExpressions;

namespace Millrace.Cli.ConfigCheck;

/// <summary>
/// Reads ClickHouse DDL as far as it concerns the seam to Kafka: which tables it makes, and the settings of Kafka tables. The SQL itself is ClickHouse's to
/// judge, when it runs.
/// </summary>
internal static partial class DdlChecker
{
    private static readonly HashSet<string> _kafka = new(StringComparer.Ordinal)
    {
        "kafka_broker_list", "kafka_topic_list", "kafka_group_name", "kafka_format", "kafka_schema", "kafka_num_consumers", "kafka_max_block_size", "kafka_skip_broken_messages",
        "kafka_commit_every_batch", "kafka_client_id", "kafka_poll_timeout_ms", "kafka_poll_max_batch_size", "kafka_flush_interval_ms", "kafka_thread_per_consumer",
        "kafka_handle_error_mode", "kafka_commit_on_select", "kafka_max_rows_per_message", "kafka_security_protocol", "kafka_sasl_mechanism", "kafka_sasl_username",
        "kafka_sasl_password", "kafka_compression_codec", "kafka_compression_level", "kafka_consumer_reschedule_ms", "kafka_keeper_path", "kafka_replica_name", "kafka_autodetect_client_rack",
    };

    private static readonly string[] _needed = ["kafka_broker_list", "kafka_topic_list", "kafka_group_name", "kafka_format"];

    private static readonly Dictionary<string, string> _effects = new(StringComparer.Ordinal)
    {
        ["kafka_broker_list"] = "the brokers that it reads from",
        ["kafka_topic_list"] = "the topics that it reads",
        ["kafka_group_name"] = "the consumer group whose offsets it commits",
        ["kafka_format"] = "how it reads each record",
        ["kafka_num_consumers"] = "consumers of this table",
        ["kafka_max_block_size"] = "records of a block, at most",
        ["kafka_skip_broken_messages"] = "unreadable records of a block that are passed over",
        ["kafka_handle_error_mode"] = "what becomes of unreadable records",
        ["kafka_flush_interval_ms"] = "milliseconds until a block that is not full goes on",
    };

    public static CheckedFile Check(string path, string file, string given)
    {
        var text = WithoutComments(given);
        var settings = new List<CheckedSetting>();
        var errors = new List<string>();
        foreach (Match table in Create().Matches(text)) settings.Add(Created(text, table));
        foreach (Match setting in KafkaSetting().Matches(text))
        {
            var (key, line) = (setting.Groups["key"].Value, Line(text, setting.Index));
            if (_kafka.Contains(key)) settings.Add(new CheckedSetting(line, key, setting.Groups["value"].Value.Trim('\''), _effects.GetValueOrDefault(key, "tunes the Kafka engine, as ClickHouse's manual says")));
            else errors.Add($"{file}:{line}: {key}: is no setting of ClickHouse's Kafka engine");
        }

        if (KafkaEngine().Match(text) is { Success: true } engine && engine.Groups["arguments"].Value.Trim().Length == 0)
        {
            foreach (var missing in _needed.Where(n => !settings.Any(s => s.Key == n))) errors.Add($"{file}:{Line(text, engine.Index)}: {missing}: is missing, and the Kafka engine needs it");
        }

        errors.AddRange(DdlTables.Problems(text).Select(p => $"{file}:{Line(text, p.Index)}: {p.Key}: {p.Problem}"));
        if (settings.Count == 0) errors.Add($"{file}: no CREATE statement was found");
        return new CheckedFile(path, "clickhouse: table definitions, run by ClickHouse as they stand") { Settings = [.. settings.OrderBy(static s => s.Line)], Notes = ["checked: engines' names, columns of keys and TTL, decimals and the Kafka engine's settings; the rest of the SQL is ClickHouse's to judge when it runs"], Errors = errors };
    }

    private static CheckedSetting Created(string text, Match table)
    {
        var kind = string.Join(' ', table.Groups["kind"].Value.ToUpperInvariant().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        var effect = kind switch
        {
            "TABLE" when Engine().Match(text, table.Index) is { Success: true } engine => engine.Groups["name"].Value switch
            {
                "Kafka" => "reads a topic; rows pass through it once, to the materialised views on it",
                var name => $"keeps rows, with the engine {name}",
            },
            "MATERIALIZED VIEW" => "moves each block of rows that arrives, as its SELECT says, into its target",
            "VIEW" => "a query by a name",
            "DATABASE" => "holds tables",
            "DICTIONARY" => "a table of keys and values, kept in memory",
            _ => "keeps rows",
        };
        return new CheckedSetting(Line(text, table.Index), $"CREATE {kind}", table.Groups["name"].Value, effect);
    }

    // What stands in comments is nobody's setting; the line ends stay, for the lines' numbers.
    private static string WithoutComments(string text) => Comment().Replace(text, static c => c.Value[0] == '\'' ? c.Value : new string([.. c.Value.Select(static x => x == '\n' ? '\n' : ' ')]));

    private static int Line(string text, int index) => text.AsSpan(0, index).Count('\n') + 1;

    [GeneratedRegex(@"\bCREATE\s+(OR\s+REPLACE\s+)?(?<kind>TABLE|MATERIALIZED\s+VIEW|VIEW|DATABASE|DICTIONARY)\s+(IF\s+NOT\s+EXISTS\s+)?(?<name>[\w.`""]+)", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Create();

    [GeneratedRegex(@"\b(?<key>kafka_\w+)\s*=\s*(?<value>'[^']*'|[\w.]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex KafkaSetting();

    [GeneratedRegex(@"\bENGINE\s*=\s*(?<name>\w+)", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Engine();

    [GeneratedRegex(@"'(?:[^'\\]|\\.|'')*'|--[^\n]*|/\*.*?\*/", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\bENGINE\s*=\s*Kafka\s*(\((?<arguments>[^)]*)\))?", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex KafkaEngine();
}
