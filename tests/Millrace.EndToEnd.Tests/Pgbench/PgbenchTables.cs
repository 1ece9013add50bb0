namespace Millrace.EndToEnd.Tests.Pgbench;

/// <summary>pgbench's four tables, where they go, and what is compared of each.</summary>
/// <param name="Name">The table, in PostgreSQL and in ClickHouse.</param>
/// <param name="Key">Its primary key; null for history, which has none.</param>
/// <param name="Amount">The column that is summed up.</param>
internal sealed record PgbenchTable(string Name, string? Key, string Amount)
{
    public string Topic => $"{PgbenchTables.Prefix}.public.{Name}";
}

internal static class PgbenchTables
{
    public const string Prefix = "pgbench";
    public const string HistoryTopic = "pgbench.public.pgbench_history";

    public static readonly PgbenchTable[] All =
    [
        new("pgbench_accounts", "aid", "abalance"),
        new("pgbench_tellers", "tid", "tbalance"),
        new("pgbench_branches", "bid", "bbalance"),
        new("pgbench_history", null, "delta"),
    ];

    /// <summary>ClickHouse's tables: the current state of those with a key, every row of the others.</summary>
    public const string Ddl =
        """
        CREATE TABLE pgbench_accounts (aid Int32, bid Int32, abalance Int32, filler Nullable(String), _version UInt64, _deleted UInt8 DEFAULT 0)
        ENGINE = ReplacingMergeTree(_version) ORDER BY aid;
        CREATE TABLE pgbench_tellers (tid Int32, bid Int32, tbalance Int32, filler Nullable(String), _version UInt64, _deleted UInt8 DEFAULT 0)
        ENGINE = ReplacingMergeTree(_version) ORDER BY tid;
        CREATE TABLE pgbench_branches (bid Int32, bbalance Int32, filler Nullable(String), _version UInt64, _deleted UInt8 DEFAULT 0)
        ENGINE = ReplacingMergeTree(_version) ORDER BY bid;
        CREATE TABLE pgbench_history (tid Int32, bid Int32, aid Int32, delta Int32, mtime DateTime64(6), filler Nullable(String))
        ENGINE = MergeTree ORDER BY mtime;
        CREATE TABLE branch_deltas (bid Int32, rows Int64, sum Int64)
        ENGINE = MergeTree ORDER BY (bid, rows);
        """;
}
