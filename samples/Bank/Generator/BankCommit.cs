using Millrace.Samples.Bank.Model;

namespace Millrace.Samples.Bank.Generator;

/// <summary>What the bank commits in one database transaction.</summary>
/// <param name="At">When the customer acts; not before then is it written.</param>
/// <param name="Rows">New rows of <c>public.transactions</c>: one, or both sides of a transfer within the bank.</param>
/// <param name="Case">The fraud that these rows complete, or null.</param>
public sealed record BankCommit(DateTimeOffset At, IReadOnlyList<Transaction> Rows, FraudCase? Case = null);

/// <summary>A fraud that the generator committed on purpose: the truth that rules are measured against.</summary>
/// <param name="CaseId">Primary key.</param>
/// <param name="Pattern">One of <see cref="FraudPatterns"/>.</param>
/// <param name="AccountId">The victim, or the launderer.</param>
/// <param name="TransactionIds">Its transactions in the order of their event time.</param>
public sealed record FraudCase(Guid CaseId, string Pattern, long AccountId, IReadOnlyList<Guid> TransactionIds);

/// <summary>Names of the fraud patterns; a rule has the name of the pattern that it finds.</summary>
public static class FraudPatterns
{
    /// <summary>Many card payments within a minute.</summary>
    public const string Velocity = "velocity";

    /// <summary>Card-present payments farther apart than anyone travels in the time between.</summary>
    public const string ImpossibleTravel = "impossible-travel";

    /// <summary>A new device drains the account by transfers.</summary>
    public const string AccountTakeover = "account-takeover";

    /// <summary>Cash deposits just below the amount that must be reported.</summary>
    public const string Structuring = "structuring";
}
