using Millrace.Samples.Bank.Model;

namespace Millrace.Samples.Bank.Fraud;

/// <summary>What the rules keep of a transaction.</summary>
public sealed record Activity(Guid Id, DateTimeOffset At, string Type, string Channel, decimal Amount, string? Device, double? Latitude, double? Longitude)
{
    internal static Activity Of(Transaction t) => new(t.TransactionId, t.CreatedAt, t.Type, t.Channel, t.Amount, t.DeviceId, t.Latitude, t.Longitude);
}

/// <summary>
/// Keyed state of the fraud job: the recent activity of one account in the order of event time. Rules look at all of it whenever something arrives,
/// so the order of arrival – partitions are read side by side – does not change what is found.
/// </summary>
public sealed class AccountActivity
{
    /// <summary>The longest time any rule looks back.</summary>
    public static readonly TimeSpan Retention = TimeSpan.FromHours(24);

    // An account that does more than this within the retention is served by the most recent part: state stays bounded.
    private const int Capacity = 128;

    // One alert per rule and account within this time: an ongoing fraud is one case, not one per payment.
    private static readonly TimeSpan _quiet = TimeSpan.FromHours(1);

    /// <summary>In the order of event time.</summary>
    public List<Activity> Recent { get; init; } = [];

    /// <summary>When each device was first seen; the eight most recent ones.</summary>
    public Dictionary<string, DateTimeOffset> Devices { get; init; } = [];

    /// <summary>Event time of the latest alert of each rule.</summary>
    public Dictionary<string, DateTimeOffset> Alerted { get; init; } = [];

    /// <summary>Adds a transaction; false if it is there already.</summary>
    public bool Add(Activity activity)
    {
        var index = Recent.Count;
        while (index > 0 && Recent[index - 1].At > activity.At) index--;
        for (var i = index - 1; i >= 0 && Recent[i].At == activity.At; i--)
        {
            if (Recent[i].Id == activity.Id) return false;
        }

        Recent.Insert(index, activity);
        var horizon = Recent[^1].At - Retention;
        var stale = Recent.FindIndex(a => a.At >= horizon);
        if (Recent.Count - stale > Capacity) stale = Recent.Count - Capacity;
        if (stale > 0) Recent.RemoveRange(0, stale);
        if (activity.Device is { } device) Remember(device, activity.At);
        return true;
    }

    /// <summary>Whether an alert of the rule at this time would be news.</summary>
    public bool IsNews(string rule, DateTimeOffset at) => !Alerted.TryGetValue(rule, out var last) || (at - last).Duration() > _quiet;

    /// <summary>The activities between two times, both included.</summary>
    public IEnumerable<Activity> Between(DateTimeOffset from, DateTimeOffset to) => Recent.Where(a => a.At >= from && a.At <= to);

    private void Remember(string device, DateTimeOffset at)
    {
        if (!Devices.TryGetValue(device, out var first) || at < first) Devices[device] = at;
        if (Devices.Count > 8) Devices.Remove(Devices.MinBy(d => d.Value).Key);
    }
}
