using Millrace.Samples.Bank.Model;

namespace Millrace.Samples.Bank.Generator;

/// <summary>
/// What the generator remembers of one account, so that honest customers behave as people do (nobody pays four times a minute or is in two
/// cities within an hour) and refunds give back real payments.
/// </summary>
internal sealed class AccountMemory(Account account)
{
    private static readonly TimeSpan _cardInterval = TimeSpan.FromSeconds(25);
    private static readonly TimeSpan _transferInterval = TimeSpan.FromMinutes(6);
    private static readonly TimeSpan _travelInterval = TimeSpan.FromHours(6);

    private DateTimeOffset _lastCard = DateTimeOffset.MinValue;
    private DateTimeOffset _lastTransfer = DateTimeOffset.MinValue;
    private DateTimeOffset _lastPresent = DateTimeOffset.MinValue;

    public Account Account => account;

    public string DeviceId { get; private set; } = account.DeviceId;

    public City City { get; private set; } = account.Owner.Home;

    /// <summary>When the customer's own device was last used; null before the first time that the fraud rules could see.</summary>
    public DateTimeOffset? DeviceUsedAt { get; private set; }

    /// <summary>A victim is left alone by the other patterns and by chance, so that each case can be told from the rest.</summary>
    public bool IsVictim { get; set; }

    /// <summary>The latest card payment that may be refunded.</summary>
    public Transaction? Refundable { get; set; }

    public bool MayPayByCard(DateTimeOffset at) => !IsVictim && at - _lastCard >= _cardInterval;

    public bool MayTransfer(DateTimeOffset at) => !IsVictim && at - _lastTransfer >= _transferInterval;

    public void PaidByCard(DateTimeOffset at) => _lastCard = at;

    public void Transferred(DateTimeOffset at) => _lastTransfer = at;

    public void UsedDevice(DateTimeOffset at) => DeviceUsedAt = at;

    /// <summary>Goes on where an earlier run ended.</summary>
    public void Recall(CustomerTraces traces)
    {
        _lastCard = traces.Card ?? _lastCard;
        _lastTransfer = traces.Transfer ?? _lastTransfer;
        DeviceId = traces.Device ?? DeviceId;
        DeviceUsedAt = traces.DeviceUsed;
        if (traces is not { Till: { } till, Latitude: { } latitude, Longitude: { } longitude }) return;
        _lastPresent = till;
        City = Places.Home.MinBy(c => Places.DistanceKm(c.Latitude, c.Longitude, latitude, longitude))!;
    }

    /// <summary>Pays at a till: now and then in another city, if there was time to get there.</summary>
    public City PayAtTill(SeededRandom random, DateTimeOffset at)
    {
        if (at - _lastPresent > _travelInterval) City = random.Chance(0.04) ? random.Pick(Places.Home) : account.Owner.Home;
        _lastPresent = at;
        return City;
    }

    /// <summary>The customer buys a new phone: innocent, and what a takeover looks like at first.</summary>
    public void ChangeDevice(SeededRandom random) => DeviceId = $"phone-{account.Owner.CustomerId:x}-{random.Next(9_000) + 2}";
}
