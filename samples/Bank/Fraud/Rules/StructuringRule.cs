using Millrace.Samples.Bank.Generator;
using Millrace.Samples.Bank.Model;

namespace Millrace.Samples.Bank.Fraud.Rules;

/// <summary>Three cash deposits within a day, each just below the amount that must be reported.</summary>
internal sealed class StructuringRule : IFraudRule
{
    private const int Deposits = 3;

    public string Name => FraudPatterns.Structuring;

    public FraudAlert? Evaluate(long account, AccountActivity activity, Activity arrived)
    {
        if (!IsSuspicious(arrived)) return null;
        List<Activity> deposits = [.. activity.Recent.Where(IsSuspicious)];
        for (var i = 0; i + Deposits <= deposits.Count; i++)
        {
            if (deposits[i + Deposits - 1].At - deposits[i].At > AccountActivity.Retention) continue;
            return FraudAlert.From(Name, account, deposits[i..(i + Deposits)], $"{Deposits} cash deposits just below the reporting limit within a day");
        }

        return null;
    }

    private static bool IsSuspicious(Activity a) =>
        a is { Type: TransactionTypes.CashDeposit, Amount: >= HonestCustomers.SuspiciousDeposit and < HonestCustomers.ReportingLimit };
}
