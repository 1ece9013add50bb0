using Millrace.Samples.Bank.Generator;
using Millrace.Samples.Bank.Model;

namespace Millrace.Samples.Bank.Fraud.Rules;

/// <summary>Two payments at tills, one after the other, farther apart than an aeroplane flies in the time between.</summary>
internal sealed class ImpossibleTravelRule : IFraudRule
{
    // Faster than any airliner; and so far that a wrong coordinate of a shop is no alert.
    private const double KmPerHour = 1_000;
    private const double Km = 600;

    public string Name => FraudPatterns.ImpossibleTravel;

    public FraudAlert? Evaluate(long account, AccountActivity activity, Activity arrived)
    {
        if (arrived.Channel != "card-present" || arrived.Latitude is null) return null;
        List<Activity> tills = [.. activity.Recent.Where(a => a.Channel == "card-present" && a.Latitude is not null)];
        var index = tills.FindIndex(a => a.Id == arrived.Id);
        return Between(index - 1) ?? Between(index);

        FraudAlert? Between(int first)
        {
            if (first < 0 || first + 1 >= tills.Count) return null;
            var (a, b) = (tills[first], tills[first + 1]);
            var km = Places.DistanceKm(a.Latitude!.Value, a.Longitude!.Value, b.Latitude!.Value, b.Longitude!.Value);
            if (km < Km || km <= KmPerHour * (b.At - a.At).TotalHours) return null;
            return FraudAlert.From(Name, account, [a, b], $"paid at two tills {km:0} km apart within {(b.At - a.At).TotalSeconds:0} s");
        }
    }
}
