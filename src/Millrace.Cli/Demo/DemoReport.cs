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

    /// <summary>Closed minutes of an account whose figures were compared.</summary>
    public required long Windows { get; init; }

    public required long Missing { get; init; }

    public required long Duplicates { get; init; }

    /// <summary>Rows, minutes and alerts whose contents are not what PostgreSQL has.</summary>
    public required long Wrong { get; init; }

    /// <summary>Rows, minutes and alerts that nobody committed.</summary>
    public required long Phantoms { get; init; }

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
    public bool IsGood => Missing == 0 && Duplicates == 0 && Wrong == 0 && Phantoms == 0 && Findings.Count == 0 && AlertsRaised == AlertsExpected && VisibleMs.Unseen == 0 && Failures.Count == 0;

    public static DemoReport From(AuditReport audit, Percentiles visible, IReadOnlyDictionary<string, double?> memory, double startSeconds, double seconds, long commits, ulong seed, IReadOnlyList<string> failures) => new()
    {
        Transactions = audit.Transactions,
        Changes = audit.Changes,
        Processed = audit.Processed,
        AlertsExpected = audit.AlertsExpected,
        AlertsRaised = audit.AlertsRaised,
        AlertsUnexpected = audit.AlertsUnexpected,
        Rows = audit.Rows,
        Windows = audit.Windows,
        Missing = audit.Missing,
        Duplicates = audit.Duplicates,
        Wrong = audit.Wrong,
        Phantoms = audit.Phantoms,
        Commits = commits,
        VisibleMs = visible,
        MemoryMb = memory,
        StartSeconds = startSeconds,
        Seconds = seconds,
        Seed = seed,
        Findings = audit.Findings,
        Failures = failures,
    };
}

/// <summary>Percentiles of samples in milliseconds; null without samples. Those that were never seen are among them, with the time that they waited at least.</summary>
internal sealed record Percentiles(double? P50, double? P95, double? P99, double? Max, int Samples, int Unseen)
{
    public static Percentiles Of(IReadOnlyList<double> samples, int unseen)
    {
        double[] sorted = [.. samples.Order()];
        return new Percentiles(At(0.50), At(0.95), At(0.99), At(1), sorted.Length, unseen);

        // Nearest rank.
        double? At(double share) => sorted.Length == 0 ? null : Math.Round(sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)], 1);
    }
}
