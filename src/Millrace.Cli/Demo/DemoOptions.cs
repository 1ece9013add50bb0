namespace Millrace.Cli.Demo;

/// <summary>What <c>millrace demo</c> was asked for.</summary>
internal sealed record DemoOptions
{
    /// <summary>How long the bank lives; null until Ctrl+C.</summary>
    public TimeSpan? Duration { get; init; }

    public double Rate { get; init; } = 100;

    public ulong Seed { get; init; } = 1;

    /// <summary>Frauds per 1,000 transactions, after one of each kind at the start; 0 for none at all.</summary>
    public double FraudsPerThousand { get; init; } = 0.5;

    /// <summary>Where everything is kept; null for a temporary directory that goes with the demo.</summary>
    public string? DataDirectory { get; init; }

    /// <summary>Connection string of a PostgreSQL to use instead of the embedded one, as a superuser; null to embed it.</summary>
    public string? Postgres { get; init; }

    /// <summary>HTTP address of a ClickHouse to use instead of the embedded one; null to embed it.</summary>
    public Uri? ClickHouse { get; init; }

    public required DemoAddresses Addresses { get; init; }

    /// <summary>How long the pipeline may take to come to rest after the last commit.</summary>
    public TimeSpan SettleTimeout { get; init; } = TimeSpan.FromSeconds(60);

    public bool Json { get; init; }
}

/// <summary>HOST:PORT of each part.</summary>
internal sealed record DemoAddresses(string Console, string Broker, string Connect, string Streams, string ClickHouse, int PostgresPort)
{
    public static DemoAddresses Usual { get; } = new("127.0.0.1:8080", "127.0.0.1:9092", "127.0.0.1:8083", "127.0.0.1:8082", "127.0.0.1:8123", 0);

    public static DemoAddresses AnyPorts { get; } = new("127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0", 0);
}
