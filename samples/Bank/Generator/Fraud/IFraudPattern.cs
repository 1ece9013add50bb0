namespace Millrace.Samples.Bank.Generator.Fraud;

/// <summary>One way to steal or to hide money, as a script of commits.</summary>
internal interface IFraudPattern
{
    /// <summary>One of <see cref="FraudPatterns"/>.</summary>
    string Name { get; }

    /// <summary>Whether this account can be the victim now.</summary>
    bool Suits(AccountMemory account, DateTimeOffset at);

    /// <summary>The commits, from <paramref name="at"/> on; the last one completes the case.</summary>
    IEnumerable<BankCommit> Commit(HonestCustomers customers, AccountMemory victim, SeededRandom random, DateTimeOffset at);
}
