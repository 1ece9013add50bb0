namespace Millrace.Samples.Bank.Generator;

/// <summary>When people pay: hours of the day, weekends, salary days. Local time is Korea's, which has no daylight saving.</summary>
public static class Calendar
{
    /// <summary>Most employers of the sample pay on this day of the month, or on the last working day before it.</summary>
    public const int SalaryDay = 25;

    private static readonly TimeSpan _offset = TimeSpan.FromHours(9);

    // Share of a day's card payments by hour: lunch and the evening stand out, the small hours are quiet.
    private static readonly double[] _hourly =
        [0.9, 0.5, 0.3, 0.2, 0.2, 0.4, 1.2, 3.0, 5.2, 4.6, 4.4, 6.2, 8.6, 7.0, 5.0, 4.8, 5.0, 6.2, 8.4, 8.8, 7.4, 5.6, 3.8, 2.3];

    /// <summary>Local wall-clock time.</summary>
    public static DateTimeOffset Local(DateTimeOffset instant) => instant.ToOffset(_offset);

    /// <summary>How busy the hour is, 1 on average over a day.</summary>
    public static double Activity(DateTimeOffset instant)
    {
        var local = Local(instant);
        var weekend = local.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday;
        return _hourly[local.Hour] / (100.0 / 24) * (weekend ? 1.15 : 0.95);
    }

    /// <summary>Whether wages are paid on this local day.</summary>
    public static bool IsSalaryDay(DateTimeOffset instant)
    {
        var day = DateOnly.FromDateTime(Local(instant).DateTime);
        var payday = new DateOnly(day.Year, day.Month, SalaryDay);
        while (payday.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday) payday = payday.AddDays(-1);
        return day == payday;
    }

    /// <summary>Whether branches and payroll work.</summary>
    public static bool IsBusinessHours(DateTimeOffset instant)
    {
        var local = Local(instant);
        return local.Hour is >= 9 and < 18 && local.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday);
    }
}
