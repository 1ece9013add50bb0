using System.Globalization;
using System.Text;

namespace Millrace.Connect.Postgres.Types;

/// <summary>Parses intervals in PostgreSQL's <c>iso_8601</c> style: <c>P1Y2M3DT4H5M6.5S</c>, each part with its own sign.</summary>
internal static class IntervalText
{
    private static readonly System.Buffers.SearchValues<char> NumberCharacters = System.Buffers.SearchValues.Create("+-.0123456789");

    // Debezium's average month, in days.
    private const double DaysPerMonth = 365.25 / 12;

    /// <summary>Microseconds, with months of average length.</summary>
    internal static long Micros(ReadOnlySpan<byte> text)
    {
        var (months, days, micros) = Parse(text);
        return checked((long)(((months * DaysPerMonth) + days) * 86_400_000_000d) + micros);
    }

    /// <summary>ISO 8601 with all parts, as Debezium writes it.</summary>
    internal static string Iso(ReadOnlySpan<byte> text)
    {
        var (months, days, micros) = Parse(text);
        var seconds = micros / 1_000_000;
        var fraction = Math.Abs(micros % 1_000_000).ToString("D6", CultureInfo.InvariantCulture).TrimEnd('0');
        var sign = micros < 0 && seconds % 60 == 0 && fraction.Length > 0 ? "-" : "";
        return string.Create(CultureInfo.InvariantCulture, $"P{months / 12}Y{months % 12}M{days}DT{seconds / 3600}H{seconds / 60 % 60}M{sign}{seconds % 60}{(fraction.Length == 0 ? "" : "." + fraction)}S");
    }

    private static (int Months, int Days, long Micros) Parse(ReadOnlySpan<byte> text)
    {
        if (text.Length < 2 || text[0] != 'P') throw new FormatException("not an interval in ISO form");
        var (months, days, micros, time) = (0, 0, 0L, false);
        var rest = Encoding.ASCII.GetString(text[1..]).AsSpan();
        while (rest.Length > 0)
        {
            if (rest[0] == 'T')
            {
                time = true;
                rest = rest[1..];
                continue;
            }

            var unit = rest.IndexOfAnyExcept(NumberCharacters);
            if (unit <= 0) throw new FormatException("not an interval in ISO form");
            var amount = decimal.Parse(rest[..unit], NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);
            switch (rest[unit])
            {
                case 'Y': months = checked(months + (int)(amount * 12)); break;
                case 'M' when !time: months = checked(months + (int)amount); break;
                case 'W': days = checked(days + (int)(amount * 7)); break;
                case 'D': days = checked(days + (int)amount); break;
                case 'H': micros = checked(micros + (long)(amount * 3_600_000_000)); break;
                case 'M': micros = checked(micros + (long)(amount * 60_000_000)); break;
                case 'S': micros = checked(micros + (long)(amount * 1_000_000)); break;
                default: throw new FormatException("not an interval in ISO form");
            }

            rest = rest[(unit + 1)..];
        }

        return (months, days, micros);
    }
}
