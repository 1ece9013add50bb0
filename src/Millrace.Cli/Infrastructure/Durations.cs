namespace Millrace.Cli.Infrastructure;

/// <summary>Durations as people write them: 500ms, 60s, 5m, 2h, 7d.</summary>
internal static class Durations
{
    private static readonly (string Unit, TimeSpan Of)[] _units =
    [
        ("ms", TimeSpan.FromMilliseconds(1)),
        ("s", TimeSpan.FromSeconds(1)),
        ("m", TimeSpan.FromMinutes(1)),
        ("h", TimeSpan.FromHours(1)),
        ("d", TimeSpan.FromDays(1)),
    ];

    public static TimeSpan Parse(string text, TimeSpan least, TimeSpan most) => Parse(text) is var duration && duration >= least && duration <= most
        ? duration
        : throw new FormatException($"from {Write(least)} to {Write(most)} is possible");

    public static TimeSpan Parse(string text)
    {
        foreach (var (unit, of) in _units)
        {
            if (text.EndsWith(unit, StringComparison.Ordinal) && double.TryParse(text.AsSpan(0, text.Length - unit.Length), out var count) && count >= 0)
            {
                return of * count;
            }
        }

        throw new FormatException("write a duration as a number and a unit: 500ms, 60s, 5m, 2h, 7d");
    }

    private static string Write(TimeSpan duration)
    {
        var (unit, of) = _units.Last(u => duration.Ticks % u.Of.Ticks == 0);
        return $"{duration / of}{unit}";
    }
}
