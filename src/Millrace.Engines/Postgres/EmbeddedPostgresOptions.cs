namespace Millrace.Engines;

/// <summary>How an embedded PostgreSQL is set up.</summary>
public sealed record EmbeddedPostgresOptions
{
    /// <summary>The data directory; an existing cluster in it is started as it is.</summary>
    /// <value>null: a temporary directory, deleted when the server is disposed of.</value>
    public string? DataDirectory { get; init; }

    /// <summary>The port on 127.0.0.1.</summary>
    /// <value>0: any free port.</value>
    public int Port { get; init; }

    /// <summary>The superuser, which may also replicate.</summary>
    /// <value><c>postgres</c></value>
    public string User { get; init; } = "postgres";

    /// <summary>The superuser's password (SCRAM-SHA-256).</summary>
    /// <value><c>postgres</c></value>
    public string Password { get; init; } = "postgres";

    /// <summary>Databases that are created if they are not there. The first is the one of <see cref="EmbeddedPostgres.ConnectionString"/>.</summary>
    /// <value>none: the connection string names <c>postgres</c>.</value>
    public IReadOnlyList<string> Databases { get; init; } = [];

    /// <summary><c>wal_level</c>: <c>minimal</c>, <c>replica</c> or <c>logical</c>.</summary>
    /// <value><c>logical</c></value>
    public string WalLevel { get; init; } = "logical";

    /// <summary><c>max_wal_senders</c>, and <c>max_replication_slots</c> with it.</summary>
    /// <value>10</value>
    public int MaxWalSenders { get; init; } = 10;

    /// <summary>Further settings of <c>postgresql.conf</c>, passed at each start.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The operating system's user that the server runs as when this process is root, because PostgreSQL refuses root.</summary>
    /// <value>null: <c>postgres</c> if there is such a user, else <c>nobody</c>.</value>
    public string? OperatingSystemUser { get; init; }

    /// <summary>How long the server may take to start or stop.</summary>
    /// <value>60 s</value>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);
}
