using System.Net;

namespace Millrace.ClickHouse;

/// <summary>How the embedded ClickHouse listens, stores and limits itself.</summary>
public sealed record ClickHouseOptions
{
    /// <summary>The address of the HTTP interface; port 0 takes any free one.</summary>
    /// <value><c>127.0.0.1:8123</c></value>
    public IPEndPoint Listen { get; init; } = new(IPAddress.Loopback, 8123);

    /// <summary>Where ClickHouse keeps its data; created if it is not there. One server at a time may use it.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>The user that clients must name, if <see cref="Password"/> is set.</summary>
    /// <value><c>default</c></value>
    public string User { get; init; } = "default";

    /// <summary>The password that clients must give (HTTP Basic, <c>X-ClickHouse-Key</c> or <c>?password=</c>).</summary>
    /// <value>null: none is asked for.</value>
    public string? Password { get; init; }

    /// <summary>The most memory that ClickHouse may use for queries, inserts and merges together; a query beyond it gets an error.</summary>
    /// <value>600 MB</value>
    public long MaxMemory { get; init; } = 600_000_000;

    /// <summary>Queries that run at the same time; more wait for their turn.</summary>
    /// <value>32</value>
    public int MaxConcurrentQueries { get; init; } = 32;

    /// <summary>A query's time limit (<c>max_execution_time</c>) if the client sets none.</summary>
    /// <value>120 s</value>
    public TimeSpan MaxExecutionTime { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>How long after its time limit a query that does not react may hold on before the engine is restarted.</summary>
    /// <value>15 s</value>
    public TimeSpan HangGrace { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The largest request body after decompression.</summary>
    /// <value>256 MiB</value>
    public long MaxRequestBytes { get; init; } = 256L << 20;

    /// <summary>
    /// True to flush each insert to the disk before it is acknowledged (<c>fsync_after_insert</c>): it then survives a power failure too.
    /// Without it an acknowledged insert survives the death of any process, because the operating system holds it.
    /// </summary>
    /// <value>false</value>
    public bool FsyncInserts { get; init; }

    /// <summary>The server's time zone.</summary>
    /// <value><c>UTC</c></value>
    public string TimeZone { get; init; } = "UTC";

    /// <summary>Query settings that hold for every query unless the client sets them.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The <c>libchdb.so</c> to load.</summary>
    /// <value>null: <c>MILLRACE_LIBCHDB</c>, else the npm package, which is fetched once.</value>
    public string? LibChdbPath { get; init; }

    /// <summary>How long the engine may take to start.</summary>
    /// <value>60 s</value>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(60);
}
