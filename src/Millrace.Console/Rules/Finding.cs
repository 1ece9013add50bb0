namespace Millrace.Console.Rules;

/// <summary>How bad a finding is.</summary>
internal enum Severity
{
    /// <summary>Worth knowing.</summary>
    Notice,

    /// <summary>Look at it soon.</summary>
    Warning,

    /// <summary>Something does not work.</summary>
    Critical,
}

/// <summary>Something that is wrong, in words, with what to do.</summary>
// Key: The same thing has the same key for as long as it lasts.
// Subject: What it is about: a connector's, a group's, a job's name.
// Title: What is wrong, one line.
// Detail: The facts behind it.
// Advice: What to do.
// Href: The page to look at; relative.
internal sealed record Finding(string Key, Severity Severity, string Subject, string Title, string Detail, string Advice, string Href);

/// <summary>A finding with its life: since when, until when.</summary>
internal sealed record FindingPeriod(Finding Finding, DateTimeOffset Since, DateTimeOffset? Until);
