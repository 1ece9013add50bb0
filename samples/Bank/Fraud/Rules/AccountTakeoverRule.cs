using Millrace.Samples.Bank.Generator;
using Millrace.Samples.Bank.Model;

namespace Millrace.Samples.Bank.Fraud.Rules;

/// <summary>A device that the account had not seen before sends three large transfers within ten minutes of its first appearance.</summary>
internal sealed class AccountTakeoverRule : IFraudRule
{
    private const int Transfers = 3;
    private const decimal Large = 1_000_000;
    private static readonly TimeSpan _within = TimeSpan.FromMinutes(10);

    public string Name => FraudPatterns.AccountTakeover;

    public FraudAlert? Evaluate(long account, AccountActivity activity, Activity arrived)
    {
        // Whatever arrives with a device may be the piece that was missing: the owner's own, older device as well as the thief's transfer.
        if (arrived.Device is null) return null;
        foreach (var (device, seen) in activity.Devices)
        {
            if (!activity.Devices.Any(d => d.Key != device && d.Value < seen)) continue;
            List<Activity> transfers = [.. activity.Between(seen, seen + _within).Where(a => a.Type == TransactionTypes.TransferOut && a.Device == device && a.Amount <= -Large)];
            if (transfers.Count < Transfers) continue;
            return FraudAlert.From(Name, account, transfers[..Transfers], $"new device {device} sent {Transfers} large transfers within {(transfers[Transfers - 1].At - seen).TotalSeconds:0} s");
        }

        return null;
    }
}
