namespace Millrace.Console.Rules;

/// <summary>Numbers, durations and sizes as people say them.</summary>
internal static class Wording
{
    public static string Duration(TimeSpan time) => time switch
    {
        _ when time < TimeSpan.Zero => "0 s",
        _ when time < TimeSpan.FromMilliseconds(1) => "0 ms",
        _ when time < TimeSpan.FromSeconds(1) => $"{time.TotalMilliseconds:0} ms",
        _ when time < TimeSpan.FromSeconds(10) => $"{time.TotalSeconds:0.0} s",
        _ when time < TimeSpan.FromMinutes(2) => $"{time.TotalSeconds:0} s",
        _ when time < TimeSpan.FromHours(2) => $"{time.TotalMinutes:0} min",
        _ when time < TimeSpan.FromDays(2) => $"{time.TotalHours:0} h",
        _ => $"{time.TotalDays:0} d",
    };

    public static string Bytes(double bytes) => bytes switch
    {
        < 1000 => $"{bytes:0} B",
        < 1e6 => $"{bytes / 1e3:0.0} kB",
        < 1e9 => $"{bytes / 1e6:0.0} MB",
        < 1e12 => $"{bytes / 1e9:0.0} GB",
        _ => $"{bytes / 1e12:0.0} TB",
    };

    /// <summary>A count: exact while it is short, then 12.3 k, 4.56 M.</summary>
    public static string Count(double count) => count switch
    {
        < 100_000 => $"{count:N0}",
        < 1e6 => $"{count / 1e3:0.0} k",
        < 1e9 => $"{count / 1e6:0.00} M",
        _ => $"{count / 1e9:0.00} G",
    };

    /// <summary>So many of something: 1 group, 2 groups.</summary>
    public static string Count(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count:N0} {noun}s";

    public static string Rate(double? perSecond) => perSecond switch
    {
        null => "–",
        0 => "0 /s",
        < 10 => $"{perSecond:0.0} /s",
        _ => $"{Count(perSecond.Value)} /s",
    };

    public static string FirstLine(string? text)
    {
        var line = (text ?? "").Split('\n')[0].Trim();
        return line.Length == 0 ? "It gave no reason." : Short(line, 240);
    }

    public static string Short(string text, int length) => text.Length <= length ? text : string.Concat(text.AsSpan(0, length - 1), "…");

    public static string Ago(DateTimeOffset? moment, DateTimeOffset now) => moment is { } then ? $"{Duration(now - then)} ago" : "never";
}
