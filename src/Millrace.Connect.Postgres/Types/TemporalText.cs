using System.Buffers.Text;
using System.Globalization;

namespace Millrace.Connect.Postgres.Types;

/// <summary>Parses PostgreSQL's ISO text of dates and times by hand: they may lie outside .NET's years and be infinite.</summary>
internal static class TemporalText
{
    private const long MicrosPerDay = 86_400_000_000;

    /// <summary>Days since 1970-01-01; infinity is the largest or smallest integer.</summary>
    internal static int Days(ReadOnlySpan<byte> text)
    {
        if (IsInfinite(text, out var positive)) return positive ? int.MaxValue : int.MinValue;
        return checked((int)Date(ref text, text.EndsWith(" BC"u8)));
    }

    /// <summary>Microseconds since 1970-01-01 00:00 (in UTC if the text has an offset); infinity is the largest or smallest integer.</summary>
    internal static long Micros(ReadOnlySpan<byte> text)
    {
        if (IsInfinite(text, out var positive)) return positive ? long.MaxValue : long.MinValue;
        var days = Date(ref text, text.EndsWith(" BC"u8));
        if (text.Length == 0 || text[0] != ' ') throw Bad();
        text = text[1..];
        return checked((days * MicrosPerDay) + TimeOfDay(ref text) - Offset(ref text));
    }

    /// <summary>Microseconds since midnight; 24:00:00 is allowed.</summary>
    internal static long TimeMicros(ReadOnlySpan<byte> text)
    {
        var time = TimeOfDay(ref text);
        return time - Offset(ref text);
    }

    internal static bool IsInfinite(ReadOnlySpan<byte> text, out bool positive)
    {
        positive = text.SequenceEqual("infinity"u8);
        return positive || text.SequenceEqual("-infinity"u8);
    }

    /// <summary>ISO 8601 in UTC, such as <c>2026-01-02T03:04:05.123456Z</c>, for instance.</summary>
    /// <param name="micros">Microseconds since the epoch.</param>
    /// <param name="digits">Digits of the fraction, as the column's precision has them; -1 for as many as needed.</param>
    internal static string IsoInstant(long micros, int digits = -1)
    {
        var days = Math.DivRem(micros, MicrosPerDay, out var time);
        if (time < 0) (days, time) = (days - 1, time + MicrosPerDay);
        return IsoDate(days) + "T" + IsoTime(time, digits) + "Z";
    }

    internal static string IsoTime(long micros, int digits = -1)
    {
        var seconds = micros / 1_000_000;
        var fraction = (micros % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
        fraction = digits < 0 ? fraction.TrimEnd('0') : fraction[..Math.Min(digits, 6)];
        return string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:D2}:{seconds / 60 % 60:D2}:{seconds % 60:D2}{(fraction.Length == 0 ? "" : ".")}{fraction}");
    }

    internal static string IsoDate(long days)
    {
        // Days to civil date, proleptic Gregorian: era of 400 years, year beginning in March.
        days += 719_468;
        var era = (days >= 0 ? days : days - 146_096) / 146_097;
        var dayOfEra = days - (era * 146_097);
        var yearOfEra = (dayOfEra - (dayOfEra / 1460) + (dayOfEra / 36_524) - (dayOfEra / 146_096)) / 365;
        var dayOfYear = dayOfEra - ((365 * yearOfEra) + (yearOfEra / 4) - (yearOfEra / 100));
        var month = ((5 * dayOfYear) + 2) / 153;
        var day = dayOfYear - (((153 * month) + 2) / 5) + 1;
        month = month < 10 ? month + 3 : month - 9;
        var year = yearOfEra + (era * 400) + (month <= 2 ? 1 : 0);
        return string.Create(CultureInfo.InvariantCulture, $"{(year is < 0 or > 9999 ? year < 0 ? "-" : "+" : "")}{Math.Abs(year):D4}-{month:D2}-{day:D2}");
    }

    private static long Date(ref ReadOnlySpan<byte> text, bool beforeChrist)
    {
        var year = Number(ref text);
        Expect(ref text, (byte)'-');
        var month = Number(ref text);
        Expect(ref text, (byte)'-');
        var day = Number(ref text);
        if (month is < 1 or > 12 || day is < 1 or > 31 || year > 300_000) throw Bad();
        if (beforeChrist) year = 1 - year; // 1 BC is the year 0
        if (month <= 2) year--;
        var era = (year >= 0 ? year : year - 399) / 400;
        var yearOfEra = year - (era * 400);
        var dayOfYear = (((153 * (month + (month > 2 ? -3 : 9))) + 2) / 5) + day - 1;
        return (era * 146_097) + (yearOfEra * 365) + (yearOfEra / 4) - (yearOfEra / 100) + dayOfYear - 719_468;
    }

    private static long TimeOfDay(ref ReadOnlySpan<byte> text)
    {
        var hour = Number(ref text);
        Expect(ref text, (byte)':');
        var minute = Number(ref text);
        Expect(ref text, (byte)':');
        var second = Number(ref text);
        if (hour > 24 || minute > 59 || second > 60) throw Bad();
        long fraction = 0;
        if (text.Length > 0 && text[0] == '.')
        {
            text = text[1..];
            var digits = 0;
            while (text.Length > 0 && char.IsAsciiDigit((char)text[0]))
            {
                if (digits++ < 6) fraction = (fraction * 10) + text[0] - '0';
                text = text[1..];
            }

            while (digits++ < 6) fraction *= 10;
        }

        return (((((hour * 60) + minute) * 60) + second) * 1_000_000) + fraction;
    }

    // +09, -03:30, +00:00:12; what follows (" BC") was seen before.
    private static long Offset(ref ReadOnlySpan<byte> text)
    {
        if (text.Length == 0 || text[0] is not ((byte)'+' or (byte)'-')) return 0;
        var sign = text[0] == '-' ? -1 : 1;
        text = text[1..];
        var seconds = Number(ref text) * 3600;
        for (var unit = 60; unit >= 1 && text.Length > 0 && text[0] == ':'; unit /= 60)
        {
            text = text[1..];
            seconds += Number(ref text) * unit;
        }

        return sign * seconds * 1_000_000;
    }

    private static long Number(ref ReadOnlySpan<byte> text)
    {
        if (text.Length == 0 || !char.IsAsciiDigit((char)text[0]) || !Utf8Parser.TryParse(text, out int value, out var used)) throw Bad();
        text = text[used..];
        return value;
    }

    private static void Expect(ref ReadOnlySpan<byte> text, byte expected)
    {
        if (text.Length == 0 || text[0] != expected) throw Bad();
        text = text[1..];
    }

    private static FormatException Bad() => new("not a date or time in ISO form");
}
