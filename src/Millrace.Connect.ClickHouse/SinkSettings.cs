using Millrace.Connect.Configuration;

namespace Millrace.Connect.ClickHouse;

/// <summary>How whole numbers become times where the record has no schema that says so.</summary>
internal enum TimeUnit
{
    /// <summary>By size: right for all times between 1973 and 5138.</summary>
    Auto,
    Seconds,
    Milliseconds,
    Microseconds,
    Nanoseconds,
}

/// <summary>The connector's configuration: the keys of ClickHouse's own sink, and a few of ours.</summary>
internal sealed record SinkSettings
{
    internal static readonly ConfigDefinition Definition = Define();

    internal required Uri Address { get; init; }

    internal required string Database { get; init; }

    internal required string User { get; init; }

    internal required string Password { get; init; }

    internal required bool IsExactlyOnce { get; init; }

    internal required IReadOnlyDictionary<string, string> Tables { get; init; }

    internal required IReadOnlyDictionary<string, string> ServerSettings { get; init; }

    internal required TimeSpan Timeout { get; init; }

    internal required TimeSpan Linger { get; init; }

    internal required int MaxRows { get; init; }

    internal required TimeUnit TimeUnit { get; init; }

    internal required bool RefusesUnknownFields { get; init; }

    internal required bool RefusesNulls { get; init; }

    internal static SinkSettings Parse(IReadOnlyDictionary<string, string> config)
    {
        var scheme = config.GetBoolean("ssl", false) ? "https" : "http";
        return new SinkSettings
        {
            Address = new UriBuilder(scheme, config.GetString("hostname", "127.0.0.1"), config.GetInt32("port", 8123)).Uri,
            Database = config.GetString("database", "default"),
            User = config.GetString("username", "default"),
            Password = config.GetString("password", ""),
            IsExactlyOnce = config.GetBoolean("exactlyOnce", false),
            Tables = Map(config, "topic2TableMap"),
            ServerSettings = Map(config, "clickhouseSettings"),
            Timeout = TimeSpan.FromSeconds(config.GetInt32("timeoutSeconds", 30)),
            Linger = TimeSpan.FromMilliseconds(config.GetInt32("linger.ms", 50)),
            MaxRows = config.GetInt32("batch.max.rows", 50_000),
            TimeUnit = Enum.Parse<TimeUnit>(config.GetString("time.unit", "auto"), ignoreCase: true),
            RefusesUnknownFields = config.GetString("unknown.fields", "ignore").Equals("error", StringComparison.OrdinalIgnoreCase),
            RefusesNulls = config.GetString("nulls", "default").Equals("error", StringComparison.OrdinalIgnoreCase),
        };
    }

    private static ConfigDefinition Define() => new ConfigDefinition()
        .Define(new ConfigKey("hostname", ConfigType.String, "The ClickHouse server's host name.") { Default = "127.0.0.1", Importance = Importance.High, Group = "Connection" })
        .Define(new ConfigKey("port", ConfigType.Int, "The port of its HTTP interface.") { Default = "8123", Minimum = 1, Importance = Importance.High, Group = "Connection" })
        .Define(new ConfigKey("ssl", ConfigType.Boolean, "Use HTTPS.") { Default = "false", Group = "Connection" })
        .Define(new ConfigKey("database", ConfigType.String, "The database of the tables.") { Default = "default", Importance = Importance.High, Group = "Connection" })
        .Define(new ConfigKey("username", ConfigType.String, "The user.") { Default = "default", Group = "Connection" })
        .Define(new ConfigKey("password", ConfigType.Password, "The user's password.") { Default = "", Group = "Connection" })
        .Define(new ConfigKey("timeoutSeconds", ConfigType.Int, "How long one request may take, in seconds.") { Default = "30", Minimum = 1, Group = "Connection" })
        .Define(new ConfigKey("clickhouseSettings", ConfigType.List, "ClickHouse settings for each insert: name=value, separated by commas.") { Default = "", Group = "Connection" })
        .Define(new ConfigKey("topic2TableMap", ConfigType.List, "topic=table, separated by commas; a topic that is not named goes to the table of its name.") { Default = "", Importance = Importance.High })
        .Define(new ConfigKey("exactlyOnce", ConfigType.Boolean, "Write each record exactly once, also across crashes; needs MergeTree tables.") { Default = "false", Importance = Importance.High })
        .Define(new ConfigKey("linger.ms", ConfigType.Int, "How long records wait for more, in ms.") { Default = "50", Minimum = 0 })
        .Define(new ConfigKey("batch.max.rows", ConfigType.Int, "The most rows of one insert.") { Default = "50000", Minimum = 1 })
        .Define(new ConfigKey("time.unit", ConfigType.String, "The unit of whole numbers that go into DateTime columns; auto tells by size.") { Default = "auto", Allowed = ["auto", "seconds", "milliseconds", "microseconds", "nanoseconds"] })
        .Define(new ConfigKey("unknown.fields", ConfigType.String, "What to do with a field that the table has no column for.") { Default = "ignore", Allowed = ["ignore", "error"] })
        .Define(new ConfigKey("nulls", ConfigType.String, "What to do with null for a column that is not Nullable: its default, or an error.") { Default = "default", Allowed = ["default", "error"] })
        .Define(Noted("retryCount", ConfigType.Int, "3", "failed requests are tried again by the worker until they succeed"))
        .Define(Noted("tableRefreshInterval", ConfigType.Long, "0", "tables are described again whenever an insert fails"))
        .Define(Noted("bypassRowBinary", ConfigType.Boolean, "false", "rows are sent as JSONEachRow"))
        .Define(Noted("ignorePartitionsWhenBatching", ConfigType.Boolean, "false", "without exactlyOnce, partitions share inserts anyway"))
        .Define(Unsupported("zkPath", "/kafka-connect", "the state is kept in the table millrace_connect_state"))
        .Define(Unsupported("zkDatabase", "connect_state", "the state is kept in the table millrace_connect_state"))
        .Define(Unsupported("keeperOnCluster", "", "the state is kept in the table millrace_connect_state"))
        .Define(Unsupported("insertFormat", "none", "rows are sent as JSONEachRow"))
        .Define(Unsupported("jdbcConnectionProperties", "", "use clickhouseSettings"));

    private static ConfigKey Noted(string name, ConfigType type, string value, string note) => new(name, type, "A key of ClickHouse's own sink.") { Default = value, Note = note, Importance = Importance.Low };

    private static ConfigKey Unsupported(string name, string value, string reason) => new(name, ConfigType.String, "A key of ClickHouse's own sink.") { Default = value, Unsupported = reason, Importance = Importance.Low };

    private static Dictionary<string, string> Map(IReadOnlyDictionary<string, string> config, string key)
    {
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in config.GetList(key))
        {
            var at = pair.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0 || at == pair.Length - 1)
                throw new ConfigException($"Invalid value {pair} for configuration {key}: expected name=value");
            map[pair[..at].Trim()] = pair[(at + 1)..].Trim();
        }

        return map;
    }
}
