namespace Millrace.Cli.Infrastructure;

/// <summary>Whole numbers within bounds; the message names the bounds.</summary>
internal static class Numbers
{
    public static long Long(string text, long least, long most) => long.TryParse(text, out var number) && number >= least && number <= most
        ? number
        : throw new FormatException(most == long.MaxValue ? $"a whole number of at least {least} is needed" : $"a whole number from {least} to {most} is needed");
}
