using System.Xml.Linq;

namespace Millrace.ClickHouse;

/// <summary>
/// Writes ClickHouse's own file of users for the child: one, who may do all that has to do with tables. libchdb, made for the own files of whoever
/// runs it, would let every client read and write any file of the machine that this process may, and end the process.
/// </summary>
internal static class EngineUsers
{
    // A server that does not answer is asked again for half a minute otherwise, through which the query cannot be ended.
    private const int HttpTries = 2;

    // Everything but SHUTDOWN and what needs a cluster.
    private static readonly string[] SystemCommands =
    [
        "DROP CACHE", "RELOAD", "MERGES", "TTL MERGES", "MOVES", "VIEWS", "FLUSH", "CLEANUP", "SYNC FILE CACHE", "LOAD PRIMARY KEY", "UNLOAD PRIMARY KEY", "PREWARM MARK CACHE", "MEMORY",
    ];

    private static readonly string[] Sources = ["URL", "REMOTE", "MONGO", "REDIS", "MYSQL", "POSTGRES", "S3", "AZURE", "KAFKA"];

    // All but those that are files of a path (File, FileLog, SQLite, the local lakes) or run programs.
    private static readonly string[] TableEngines =
    [
        "MergeTree", "ReplacingMergeTree", "SummingMergeTree", "AggregatingMergeTree", "CollapsingMergeTree", "VersionedCollapsingMergeTree", "CoalescingMergeTree", "GraphiteMergeTree",
        "Memory", "Log", "TinyLog", "StripeLog", "Null", "Set", "Join", "Buffer", "Merge", "Alias", "Loop", "Dictionary", "View", "MaterializedView", "WindowView", "TimeSeries",
        "GenerateRandom", "FuzzJSON", "FuzzQuery", "EmbeddedRocksDB", "Distributed", "Remote", "RemoteSecure", "Kafka", "URL", "S3", "S3Queue", "GCS", "OSS", "COSN",
        "AzureBlobStorage", "AzureQueue", "Iceberg", "IcebergS3", "IcebergAzure", "DeltaLake", "DeltaLakeS3", "DeltaLakeAzure", "Hudi", "Paimon", "PaimonS3", "PaimonAzure",
        "PostgreSQL", "MaterializedPostgreSQL", "MySQL", "MongoDB", "Redis", "ArrowStream",
    ];

    internal static string Render()
    {
        static XElement Grant(string what) => new("query", "GRANT " + what);
        return new XElement(
            "clickhouse",
            new XElement("profiles", new XElement("default", new XElement("http_max_tries", HttpTries))),
            new XElement("quotas", new XElement("default")),
            new XElement("users", new XElement(
                "default",
                new XElement("password"),
                new XElement("networks", new XElement("ip", "::/0")),
                new XElement("profile", "default"),
                new XElement("quota", "default"),
                new XElement(
                    "grants",
                    Grant("CHECK, SHOW TABLES, SHOW COLUMNS, SHOW DICTIONARIES, SHOW DATABASES, SELECT, INSERT, ALTER, CREATE, DROP, UNDROP TABLE, TRUNCATE, OPTIMIZE, BACKUP, KILL QUERY, KILL TRANSACTION, "
                        + "MOVE PARTITION BETWEEN SHARDS, dictGet, displaySecretsInShowAndSelect, INTROSPECTION, CLUSTER ON *.*"),
                    SystemCommands.Select(static name => Grant($"SYSTEM {name} ON *.*")),
                    Sources.Select(static name => Grant($"READ, WRITE ON {name}")),
                    TableEngines.Select(static name => Grant($"TABLE ENGINE ON {name}")),
                    Grant("SET DEFINER ON *"),
                    Grant("NAMED COLLECTION ON *"))))).ToString();
    }
}
