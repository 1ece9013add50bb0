using Millrace.Samples.Bank.Audit;

namespace Millrace.Cli.Demo;

/// <summary>The demo's result: every count is the audit's, out of the systems.</summary>
internal sealed record DemoReport
{
    public required long Transactions { get; init; }

    public required long Changes { get; init; }

    public required long Processed { get; init; }

    public required long AlertsExpected { get; init; }

    public required long AlertsRaised { get; init; }

    public required long AlertsUnexpected { get; init; }

    public required long Rows { get; init; }

    public required long Missing { get; init; }

    public required long Duplicates { get; init; }

    /// <summary>Database transactions of the <see cref="Seconds"/>, counted in PostgreSQL: what <c>--rate</c> asked for, if the machine bore it.</summary>
    public required long Commits { get; init; }

    public required Percentiles VisibleMs { get; init; }

    public required IReadOnlyDictionary<string, double?> MemoryMb { get; init; }

    public required double StartSeconds { get; init; }

    public required double Seconds { get; init; }

    public required ulong Seed { get; init; }

    public required IReadOnlyList<string> Findings { get; init; }

    /// <summary>Connectors and jobs that had failed at the end, each with its error; empty if none had.</summary>
    public required IReadOnlyList<string> Failures { get; init; }

    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsGood => Missing == 0 && Duplicates == 0 && AlertsRaised == AlertsExpected && Failures.Count == 0;

    public static DemoReport From(AuditReport audit, IReadOnlyList<double> visible, IReadOnlyDictionary<string, double?> memory, double startSeconds, double seconds, long commits, ulong seed, IReadOnlyList<string> failures) => new()
    {
        Transactions = audit.Transactions,
        Changes = audit.Changes,
        Processed = audit.Processed,
        AlertsExpected = audit.AlertsExpected,
        AlertsRaised = audit.AlertsRaised,
        AlertsUnexpected = audit.AlertsUnexpected,
        Rows = audit.Rows,
        Missing = audit.Missing,
        Duplicates = audit.Duplicates,
        Commits = commits,
        VisibleMs = Percentiles.Of(visible),
        MemoryMb = memory,
        StartSeconds = startSeconds,
        Seconds = seconds,
        Seed = seed,
        Findings = audit.Findings,
        Failures = failures,
    };
}

/// <summary>Percentiles of samples in milliseconds; null without samples.</summary>
internal sealed record Percentiles(double? P50, double? P95, double? P99, double? Max, int Samples)
{
    public static Percentiles Of(IReadOnlyList<double> samples)
    {
        double[] sorted = [.. samples.Order()];
        return new Percentiles(At(0.50), At(0.95), At(0.99), At(1), sorted.Length);

        // Nearest rank.
        double? At(double share) => sorted.Length == 0 ? null : Math.Round(sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)], 1);
    }
}
