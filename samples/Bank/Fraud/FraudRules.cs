using Millrace.Samples.Bank.Fraud.Rules;
using Millrace.Samples.Bank.Model;

namespace Millrace.Samples.Bank.Fraud;

/// <summary>All rules over one account's activity: pure, so that it is tested without a stream.</summary>
public static class FraudRules
{
    private static readonly IFraudRule[] _rules = [new VelocityRule(), new ImpossibleTravelRule(), new AccountTakeoverRule(), new StructuringRule()];

    /// <summary>Adds a transaction to the account's activity and returns the alerts that it raises.</summary>
    public static IReadOnlyList<FraudAlert> Apply(AccountActivity activity, Transaction transaction)
    {
        var arrived = Activity.Of(transaction);
        if (!activity.Add(arrived)) return [];
        List<FraudAlert>? alerts = null;
        foreach (var rule in _rules)
        {
            if (rule.Evaluate(transaction.AccountId, activity, arrived) is not { } alert || !activity.IsNews(rule.Name, alert.OccurredAt)) continue;
            activity.Alerted[rule.Name] = alert.OccurredAt;
            (alerts ??= []).Add(alert);
        }

        return alerts ?? (IReadOnlyList<FraudAlert>)[];
    }
}
