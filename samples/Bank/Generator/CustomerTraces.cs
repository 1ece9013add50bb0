namespace Millrace.Samples.Bank.Generator;

/// <summary>What an account's own payments tell of its owner.</summary>
/// <param name="Card">When the card was last used.</param>
/// <param name="Transfer">When money was last sent.</param>
/// <param name="Till">When the customer was last at a till.</param>
/// <param name="Latitude">Where the till was, in degrees north.</param>
/// <param name="Longitude">Where the till was, in degrees east.</param>
/// <param name="Device">The device that was last used.</param>
/// <param name="DeviceUsed">When that was.</param>
public sealed record CustomerTraces(DateTimeOffset? Card, DateTimeOffset? Transfer, DateTimeOffset? Till, double? Latitude, double? Longitude, string? Device, DateTimeOffset? DeviceUsed);
