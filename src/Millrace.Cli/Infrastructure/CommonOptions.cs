using System.CommandLine;
using Microsoft.Extensions.Logging;

namespace Millrace.Cli.Infrastructure;

/// <summary>Options that several commands share, with one wording and one default each.</summary>
internal static class CommonOptions
{
    public static Option<string> AddBootstrap(this Command command) =>
        command.AddOption("--bootstrap", "Kafka's bootstrap servers", "127.0.0.1:9092", "HOST:PORT,…");

    public static Option<string> AddListen(this Command command, string fallback) =>
        command.AddOption("--listen", "address to serve on; port 0 takes a free one", fallback, "HOST:PORT");

    public static Option<bool> AddJson(this Command command) =>
        command.AddOption("--json", "print JSON instead of a table", false, parse: bool.Parse);

    public static Option<LogLevel> AddLogLevel(this Command command) =>
        command.AddOption("--log-level", "least severe log entries to print on standard error: Trace … Critical, None", LogLevel.Information, "LEVEL", static t => Enum.Parse<LogLevel>(t, ignoreCase: true));

    public static Option<TimeSpan> AddTimeout(this Command command, string description, TimeSpan fallback) =>
        command.AddOption("--timeout", description, fallback, "30s", Durations.Parse);
}
