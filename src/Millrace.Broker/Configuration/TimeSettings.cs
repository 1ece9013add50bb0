using System.Globalization;

namespace Millrace.Broker.Configuration;

/// <summary>Settings that Kafka knows in several units. The finest that is given wins.</summary>
internal static class TimeSettings
{
    private const long Minute = 60_000;
    private const long Hour = 60 * Minute;

    private static readonly (string Topic, string Milliseconds, (string Key, long Factor)[] Coarser)[] Families =
    [
        ("retention.ms", "log.retention.ms", [("log.retention.minutes", Minute), ("log.retention.hours", Hour)]),
        ("segment.ms", "log.roll.ms", [("log.roll.hours", Hour)]),
        ("segment.jitter.ms", "log.roll.jitter.ms", [("log.roll.jitter.hours", Hour)]),
    ];

    public static IEnumerable<string> Keys => Families.SelectMany(static f => f.Coarser.Select(static c => c.Key));

    public static bool IsTime(string key) => Families.Any(f => f.Coarser.Any(c => c.Key == key));

    public static string Effect(PropertiesEntry entry)
    {
        var family = Families.First(f => f.Coarser.Any(c => c.Key == entry.Key));
        return $"default of the topic setting {family.Topic}, unless a finer unit is given: {entry.Value} {entry.Key[(entry.Key.LastIndexOf('.') + 1)..]}";
    }

    /// <summary>The topic settings in milliseconds, where only a coarser unit is given.</summary>
    public static IEnumerable<(string Topic, string Milliseconds)> Resolve(Dictionary<string, PropertiesEntry> entries)
    {
        foreach (var (topic, milliseconds, coarser) in Families)
        {
            if (entries.ContainsKey(milliseconds)) continue;
            foreach (var (key, factor) in coarser)
            {
                if (!entries.TryGetValue(key, out var entry) || !long.TryParse(entry.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value)) continue;
                yield return (topic, (value < 0 ? -1 : value * factor).ToString(CultureInfo.InvariantCulture));
                break;
            }
        }
    }
}
