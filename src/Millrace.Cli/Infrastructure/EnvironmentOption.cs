using System.CommandLine;

namespace Millrace.Cli.Infrastructure;

/// <summary>An option that the environment can set as well.</summary>
/// <param name="name">With its dashes.</param>
/// <param name="variables">The variables that set it, the more specific one first.</param>
internal sealed class EnvironmentOption<T>(string name, string[] variables) : Option<T>(name)
{
    public string? Variable => Array.Find(variables, static v => Environment.GetEnvironmentVariable(v) is { Length: > 0 });

    /// <summary>Whether somebody chose the value, here or by a variable, rather than taking the default.</summary>
    public bool IsChosen(ParseResult parsed) => parsed.GetResult(this) is { Implicit: false } || Variable is not null;
}
