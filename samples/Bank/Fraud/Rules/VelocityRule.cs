using Millrace.Samples.Bank.Generator;
using Millrace.Samples.Bank.Model;

namespace Millrace.Samples.Bank.Fraud.Rules;

/// <summary>Six card payments within a minute: nobody shops like this, somebody tries a card.</summary>
internal sealed class VelocityRule : IFraudRule
{
    private const int Payments = 6;
    private static readonly TimeSpan _within = TimeSpan.FromMinutes(1);

    public string Name => FraudPatterns.Velocity;

    public FraudAlert? Evaluate(long account, AccountActivity activity, Activity arrived)
    {
        if (arrived.Type != TransactionTypes.CardPayment) return null;
        List<Activity> payments = [.. activity.Between(arrived.At - _within, arrived.At + _within).Where(a => a.Type == TransactionTypes.CardPayment)];
        for (var i = 0; i + Payments <= payments.Count; i++)
        {
            if (payments[i + Payments - 1].At - payments[i].At > _within) continue;
            return FraudAlert.From(Name, account, payments[i..(i + Payments)], $"{Payments} card payments within {(payments[i + Payments - 1].At - payments[i].At).TotalSeconds:0} s");
        }

        return null;
    }
}
