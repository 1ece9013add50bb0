using System.CommandLine;
using Microsoft.Extensions.Logging;

namespace Millrace.Cli.Infrastructure;

/// <summary>Options that several commands share, with one wording and one default each.</summary>
internal static class CommonOptions
{
    public static EnvironmentOption<string> AddBootstrap(this Command command) =>
        command.AddOption("--bootstrap", "Kafka's bootstrap servers", "127.0.0.1:9092", "HOST:PORT,…", CheckServers);

    public static EnvironmentOption<string> AddListen(this Command command, string fallback) =>
        command.AddOption("--listen", "address to serve on; port 0 takes a free one", fallback, "HOST:PORT", CheckListen);

    public static EnvironmentOption<bool> AddJson(this Command command) =>
        command.AddOption("--json", "print JSON instead of a table", false);

    public static EnvironmentOption<bool> AddReadyJson(this Command command) =>
        command.AddOption("--json", "print the ready line as a JSON object: {\"ready\":…,\"address\":…}", false);

    public static EnvironmentOption<LogLevel> AddLogLevel(this Command command, LogLevel fallback = LogLevel.Information) =>
        command.AddOption("--log-level", "least severe log entries to print on standard error: Trace … Critical, None", fallback, "LEVEL", ParseLogLevel);

    // Enum.Parse takes numbers and lists too, and says in its error what it calls itself.
    private static LogLevel ParseLogLevel(string text) =>
        Array.Find(Enum.GetNames<LogLevel>(), n => n.Equals(text.Trim(), StringComparison.OrdinalIgnoreCase)) is { } name
            ? Enum.Parse<LogLevel>(name) : throw new FormatException($"use one of {string.Join(", ", Enum.GetNames<LogLevel>())}");

    /// <summary><c>--set key=value</c>, any number of times; in the variable, pairs stand apart by a semicolon or a line end.</summary>
    public static EnvironmentOption<Dictionary<string, string>> AddPairs(this Command command, string name, string description, bool ofCommand = false) =>
        Repeated(command, name, description, "KEY=VALUE", static texts =>
        {
            var pairs = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var text in texts)
            {
                var at = text.IndexOf('=', StringComparison.Ordinal);
                if (at <= 0) throw new FormatException($"'{text}' is no KEY=VALUE");
                pairs[text[..at]] = text[(at + 1)..];
            }

            return pairs;
        }, ofCommand);

    /// <summary>An option that may be repeated; in the variable, values stand apart by a semicolon or a line end.</summary>
    public static EnvironmentOption<string[]> AddList(this Command command, string name, string description, string valueName) =>
        Repeated(command, name, description, valueName, static texts => texts.ToArray());

    private static EnvironmentOption<T> Repeated<T>(Command command, string name, string description, string valueName, Func<IEnumerable<string>, T> parse, bool ofCommand = false)
    {
        var option = command.AddOption(name, $"{description}; may be repeated", parse([]), valueName, t => parse(t.Split([';', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)), ofCommand);
        option.Arity = ArgumentArity.ZeroOrMore;
        option.AllowMultipleArgumentsPerToken = false;
        option.CustomParser = result =>
        {
            try
            {
                return parse(result.Tokens.Select(static t => t.Value));
            }
            catch (FormatException e)
            {
                result.AddError($"{name}: {e.Message}");
                return parse([]);
            }
        };
        return option;
    }

    private static string CheckServers(string text)
    {
        HostPort.ParseList(text);
        return text;
    }

    private static string CheckListen(string text)
    {
        HostPort.Parse(text, anyPort: true);
        return text;
    }

    public static EnvironmentOption<TimeSpan> AddTimeout(this Command command, string description, TimeSpan fallback) =>
        command.AddOption("--timeout", description, fallback, "30s", static t => Durations.Parse(t, TimeSpan.FromMilliseconds(100), TimeSpan.FromDays(1)));
}
