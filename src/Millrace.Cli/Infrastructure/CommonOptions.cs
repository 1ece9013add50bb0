using System.CommandLine;
using Microsoft.Extensions.Logging;

namespace Millrace.Cli.Infrastructure;

/// <summary>Options that several commands share, with one wording and one default each.</summary>
internal static class CommonOptions
{
    public static EnvironmentOption<string> AddBootstrap(this Command command) =>
        command.AddOption("--bootstrap", "Kafka's bootstrap servers", "127.0.0.1:9092", "HOST:PORT,…");

    public static EnvironmentOption<string> AddListen(this Command command, string fallback) =>
        command.AddOption("--listen", "address to serve on; port 0 takes a free one", fallback, "HOST:PORT");

    public static EnvironmentOption<bool> AddJson(this Command command) =>
        command.AddOption("--json", "print JSON instead of a table", false, parse: bool.Parse);

    public static EnvironmentOption<LogLevel> AddLogLevel(this Command command) =>
        command.AddOption("--log-level", "least severe log entries to print on standard error: Trace … Critical, None", LogLevel.Information, "LEVEL", static t => Enum.Parse<LogLevel>(t, ignoreCase: true));

    /// <summary><c>--set key=value</c>, any number of times.</summary>
    public static Option<Dictionary<string, string>> AddPairs(this Command command, string name, string description)
    {
        var option = new Option<Dictionary<string, string>>(name)
        {
            Description = description,
            HelpName = "KEY=VALUE",
            AllowMultipleArgumentsPerToken = false,
            Arity = ArgumentArity.ZeroOrMore,
            DefaultValueFactory = static _ => new Dictionary<string, string>(StringComparer.Ordinal),
            CustomParser = result =>
            {
                var pairs = new Dictionary<string, string>(StringComparer.Ordinal);
                foreach (var token in result.Tokens)
                {
                    var at = token.Value.IndexOf('=', StringComparison.Ordinal);
                    if (at <= 0) result.AddError($"{name}: '{token.Value}' is no KEY=VALUE");
                    else pairs[token.Value[..at]] = token.Value[(at + 1)..];
                }

                return pairs;
            },
        };
        command.Options.Add(option);
        return option;
    }

    public static EnvironmentOption<TimeSpan> AddTimeout(this Command command, string description, TimeSpan fallback) =>
        command.AddOption("--timeout", description, fallback, "30s", Durations.Parse);
}
