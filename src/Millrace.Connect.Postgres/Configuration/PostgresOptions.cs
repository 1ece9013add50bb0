using Millrace.Connect.Configuration;
using Npgsql;

namespace Millrace.Connect.Postgres.Configuration;

/// <summary>The forms of numeric values.</summary>
internal enum DecimalMode
{
    Text,
    Precise,
    Double,
}

/// <summary>A connector's configuration, validated and typed.</summary>
internal sealed class PostgresOptions
{
    // GUCs on which the text form of values depends; the same for the snapshot and the stream, so that both give the same values.
    private const string Session = "-c datestyle=ISO -c timezone=UTC -c intervalstyle=iso_8601 -c bytea_output=hex -c extra_float_digits=3 -c statement_timeout=0 -c idle_in_transaction_session_timeout=0";

    internal PostgresOptions(IReadOnlyDictionary<string, string> config)
    {
        Prefix = config["topic.prefix"];
        Database = config["database.dbname"];
        SlotName = config.GetString("slot.name", "debezium").Trim();
        PublicationName = config.GetString("publication.name", "dbz_publication").Trim();
        PublicationMode = Lower("publication.autocreate.mode", "all_tables");
        SnapshotMode = Lower("snapshot.mode", "initial") is var mode && mode == "schema_only" ? "no_data" : mode;
        TrustSlot = Lower("offset.mismatch.strategy", "fail") == "trust_slot";
        Tables = new TableFilter(config);
        Keys = new KeyColumns(config.GetString("message.key.columns", ""));
        ReplicaIdentities = config.GetList("replica.identity.autoset.values");
        Decimals = Lower("decimal.handling.mode", "string") switch { "precise" => DecimalMode.Precise, "double" => DecimalMode.Double, _ => DecimalMode.Text };
        TimeMode = Lower("time.precision.mode", "adaptive");
        BinaryMode = Lower("binary.handling.mode", "bytes");
        IntervalsAsText = Lower("interval.handling.mode", "numeric") == "string";
        MoneyDigits = config.GetInt32("money.fraction.digits", 2);
        Placeholder = config.GetString("unavailable.value.placeholder", "__debezium_unavailable_value");
        Tombstones = config.GetBoolean("tombstones.on.delete", true);
        var skipped = config.TryGetValue("skipped.operations", out _) ? config.GetList("skipped.operations") : ["t"];
        SkipCreate = skipped.Contains("c", StringComparer.Ordinal);
        SkipUpdate = skipped.Contains("u", StringComparer.Ordinal);
        SkipDelete = skipped.Contains("d", StringComparer.Ordinal);
        SkipTruncate = skipped.Contains("t", StringComparer.Ordinal);
        Heartbeat = TimeSpan.FromMilliseconds(config.GetInt64("heartbeat.interval.ms", 10_000));
        // Debezium writes the heartbeat topic when the interval is set; our default interval is for the slot's sake alone.
        HeartbeatTopic = config.ContainsKey("heartbeat.interval.ms") && Heartbeat > TimeSpan.Zero ? $"{config.GetString("topic.heartbeat.prefix", "__debezium-heartbeat")}.{Prefix}" : null;
        BatchSize = config.GetInt32("max.batch.size", 2048);
        QueueSize = Math.Max(config.GetInt32("max.queue.size", 8192), BatchSize);
        QueueBytes = config.GetInt64("max.queue.size.in.bytes", 0) is > 0 and var bytes ? bytes : 64L << 20;
        StatusInterval = TimeSpan.FromMilliseconds(config.GetInt32("status.update.interval.ms", 10_000));
        SlotRetries = config.GetInt32("slot.max.retries", 6);
        SlotRetryDelay = TimeSpan.FromMilliseconds(config.GetInt32("slot.retry.delay.ms", 1000));
        ConnectionString = Connection(config);

        string Lower(string key, string value) => config.GetString(key, value).Trim().ToLowerInvariant();
    }

    internal string Prefix { get; }

    internal string Database { get; }

    internal string SlotName { get; }

    internal string PublicationName { get; }

    internal string PublicationMode { get; }

    internal string SnapshotMode { get; }

    internal bool TrustSlot { get; }

    internal TableFilter Tables { get; }

    internal KeyColumns Keys { get; }

    internal IReadOnlyList<string> ReplicaIdentities { get; }

    internal DecimalMode Decimals { get; }

    internal string TimeMode { get; }

    internal string BinaryMode { get; }

    internal bool IntervalsAsText { get; }

    internal int MoneyDigits { get; }

    internal string Placeholder { get; }

    internal bool Tombstones { get; }

    internal bool SkipCreate { get; }

    internal bool SkipUpdate { get; }

    internal bool SkipDelete { get; }

    internal bool SkipTruncate { get; }

    internal TimeSpan Heartbeat { get; }

    internal string? HeartbeatTopic { get; }

    internal int BatchSize { get; }

    internal int QueueSize { get; }

    internal long QueueBytes { get; }

    internal TimeSpan StatusInterval { get; }

    internal int SlotRetries { get; }

    internal TimeSpan SlotRetryDelay { get; }

    internal string ConnectionString { get; }

    private static string Connection(IReadOnlyDictionary<string, string> config)
    {
        var builder = new NpgsqlConnectionStringBuilder
        {
            Host = config["database.hostname"].Trim(),
            Port = config.GetInt32("database.port", 5432),
            Username = config["database.user"],
            Password = config.GetString("database.password", "") is { Length: > 0 } password ? password : null,
            Database = config["database.dbname"],
            ApplicationName = "millrace-connect",
            Options = Session,
            // Each connection has its own use and life; nothing is shared.
            Pooling = false,
            Timeout = 15,
            CommandTimeout = 0,
            KeepAlive = 30,
            SslMode = config.GetString("database.sslmode", "prefer").Trim().ToLowerInvariant() switch
            {
                "disable" => SslMode.Disable,
                "allow" => SslMode.Allow,
                "require" => SslMode.Require,
                "verify-ca" => SslMode.VerifyCA,
                "verify-full" => SslMode.VerifyFull,
                _ => SslMode.Prefer,
            },
        };
        if (config.TryGetValue("database.sslrootcert", out var root)) builder.RootCertificate = root;
        if (config.TryGetValue("database.sslcert", out var certificate)) builder.SslCertificate = certificate;
        if (config.TryGetValue("database.sslkey", out var key)) builder.SslKey = key;
        if (config.TryGetValue("database.sslpassword", out var keyPassword)) builder.SslPassword = keyPassword;
        return builder.ConnectionString;
    }
}
