namespace Millrace.Samples.Bank.Fraud.Rules;

/// <summary>One rule. It is asked whenever something arrives, with all that is known of the account.</summary>
internal interface IFraudRule
{
    /// <summary>The name of the pattern that it finds.</summary>
    string Name { get; }

    /// <summary>An alert if <paramref name="arrived"/> makes or completes the pattern, else null.</summary>
    FraudAlert? Evaluate(long account, AccountActivity activity, Activity arrived);
}
