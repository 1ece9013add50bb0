using System.Globalization;

namespace Millrace.Console.Components.Shared;

/// <summary>Round numbers for an axis.</summary>
internal static class ChartAxis
{
    /// <summary>Steps of 1, 2 or 5 times a power of ten that cover the range with about as many ticks as asked for.</summary>
    public static (double From, double To, double Step) Scale(double low, double high, int ticks)
    {
        if (low > 0 && low < high * 0.6) low = 0;
        if (low < 0 && high < 0) high = 0;
        if (high <= low) high = low + (Math.Abs(low) > 1 ? Math.Abs(low) * 0.1 : 1);
        var rough = (high - low) / ticks;
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        var step = (rough / power) switch { <= 1 => power, <= 2 => 2 * power, <= 5 => 5 * power, _ => 10 * power };
        return (Math.Floor(low / step) * step, Math.Ceiling(high / step) * step, step);
    }

    public static string Label(double value) => Math.Abs(value) switch
    {
        0 => "0",
        >= 1e9 => $"{value / 1e9:0.##}G",
        >= 1e6 => $"{value / 1e6:0.##}M",
        >= 1e4 => $"{value / 1e3:0.##}k",
        >= 1e3 => value.ToString("#,0", CultureInfo.InvariantCulture),
        >= 1 => value.ToString("0.##", CultureInfo.InvariantCulture),
        _ => value.ToString("0.###", CultureInfo.InvariantCulture),
    };

    /// <summary>A value as it is, as far as people read it.</summary>
    public static string Exact(double value) => Math.Abs(value) switch
    {
        >= 1e15 => value.ToString("0.###e0", CultureInfo.InvariantCulture),
        >= 100 => value.ToString("#,0", CultureInfo.InvariantCulture),
        _ => value.ToString("0.##", CultureInfo.InvariantCulture),
    };

    /// <summary>The moments that labels name, if all of them do, one after the other; else null.</summary>
    public static DateTime[]? Times(IReadOnlyList<string> labels)
    {
        var times = new DateTime[labels.Count];
        for (var i = 0; i < times.Length; i++)
        {
            if (labels[i].Length < 10 || labels[i][4] != '-' || !DateTime.TryParse(labels[i], CultureInfo.InvariantCulture, DateTimeStyles.None, out times[i])) return null;
            if (i > 0 && times[i] < times[i - 1]) return null;
        }

        return times.Length > 1 && times[^1] > times[0] ? times : null;
    }

    /// <summary>Times of one day lose their date.</summary>
    public static string[] ShortLabels(IReadOnlyList<string> labels)
    {
        if (labels.Count > 1 && labels.All(static label => label.Length >= 16 && label[4] == '-' && label[10] is ' ' or 'T'))
        {
            var sameDay = labels.All(label => label.AsSpan(0, 10).SequenceEqual(labels[0].AsSpan(0, 10)));
            return [.. labels.Select(label => sameDay ? label[11..Math.Min(label.Length, 19)] : label[5..16])];
        }

        return [.. labels.Select(static label => label.Length > 16 ? string.Concat(label.AsSpan(0, 15), "…") : label)];
    }
}
