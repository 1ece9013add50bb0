using System.Globalization;
using Millrace.Console.Rules;

namespace Millrace.Console.Backends.Connect;

/// <summary>What a worker counts of a task, for people: its names end with the unit.</summary>
internal static class TaskMetric
{
    // From 2001 on, a number of milliseconds is a moment rather than a duration.
    private const long FirstMoment = 1_000_000_000_000;

    public static string Label(string name) => Stem(name).Replace('_', ' ').Replace('-', ' ');

    public static string Show(string name, string value)
    {
        if (!double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || !double.IsFinite(number)) return value;
        if (name.EndsWith("_per_second", StringComparison.Ordinal)) return Wording.Rate(number);
        if (name.EndsWith("_bytes", StringComparison.Ordinal)) return Wording.Bytes(number);
        if (name.EndsWith("_ms", StringComparison.Ordinal))
        {
            return number is >= FirstMoment and < 253_402_300_799_999
                ? $"{DateTimeOffset.FromUnixTimeMilliseconds((long)number).UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC"
                : Wording.Duration(TimeSpan.FromMilliseconds(Math.Min(number, TimeSpan.MaxValue.TotalMilliseconds / 2)));
        }

        // A place in a log is an address, not an amount.
        return name.StartsWith("lsn", StringComparison.Ordinal) || number != Math.Floor(number) || Math.Abs(number) > 1e15 ? value : number.ToString("#,0", CultureInfo.InvariantCulture);
    }

    private static string Stem(string name)
    {
        foreach (var unit in (ReadOnlySpan<string>)["_bytes", "_ms"])
        {
            if (name.EndsWith(unit, StringComparison.Ordinal)) return name[..^unit.Length];
        }

        return name;
    }
}
