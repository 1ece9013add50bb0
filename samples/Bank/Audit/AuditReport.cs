namespace Millrace.Samples.Bank.Audit;

/// <summary>What stands in the systems, counted there and compared: no figure comes from a program's own counters.</summary>
/// <param name="Transactions">Rows of <c>public.transactions</c> in PostgreSQL.</param>
/// <param name="Changes">Committed change records in the topics of transactions and accounts, without tombstones.</param>
/// <param name="Processed">Of the transaction records, those below the fraud job's committed offsets.</param>
/// <param name="AlertsExpected">Frauds that the generator completed, from its own table.</param>
/// <param name="AlertsRaised">Of these, the ones with an alert of their own in the alert topic, whose latest evidence is one of the fraud's transactions.</param>
/// <param name="AlertsUnexpected">Alerts on transactions that belong to no injected fraud.</param>
/// <param name="Rows">Rows of the transactions table in ClickHouse.</param>
/// <param name="Windows">Closed minutes of an account whose figures were compared, in the topic and in ClickHouse.</param>
/// <param name="Missing">Things that are in PostgreSQL and not where they should have arrived.</param>
/// <param name="Duplicates">Things that arrived twice.</param>
/// <param name="Wrong">Things that arrived with other contents than they have in PostgreSQL.</param>
/// <param name="Phantoms">Things that arrived and that nobody committed.</param>
/// <param name="Findings">Each difference in words; empty if there is none.</param>
public sealed record AuditReport(
    long Transactions, long Changes, long Processed, long AlertsExpected, long AlertsRaised, long AlertsUnexpected, long Rows, long Windows, long Missing, long Duplicates, long Wrong, long Phantoms,
    IReadOnlyList<string> Findings)
{
    /// <summary>Everything that was committed is everywhere, once and as it was committed, and every fraud was found.</summary>
    public bool IsGood => Findings.Count == 0 && AlertsRaised == AlertsExpected;

    /// <summary>All that differs may still be on its way: what is there twice, or what nobody committed, stays so.</summary>
    public bool MayImprove => !IsGood && Duplicates == 0 && Phantoms == 0;
}
