using System.CommandLine;
using Millrace.Cli.ConfigCheck;
using Millrace.Cli.Infrastructure;
using Millrace.Console;

namespace Millrace.Cli.Commands;

/// <summary><c>millrace console</c>: the web console.</summary>
internal static class ConsoleCommand
{
    public static Command Create()
    {
        var command = new Command("console", "Serve the web console: the pipeline, topics, groups, connectors, jobs, analytics and alerts.");
        var config = command.AddOption<string?>("--config", "JSON file with the console's options by their names; options of the command line win", null, "FILE", static t => t, ofCommand: true);
        var listen = command.AddListen("127.0.0.1:8080");
        var bootstrap = command.AddBootstrap();
        var connect = command.AddOption("--connect-url", "Kafka Connect's REST address; empty if there is none", "http://127.0.0.1:8083", "URL").MayBeEmpty();
        var streams = command.AddOption("--streams-url", "address of Flink's monitoring REST interface; empty if there is none", "http://127.0.0.1:8082", "URL").MayBeEmpty();
        var clickhouse = command.AddOption("--clickhouse-url", "ClickHouse's HTTP address; empty if there is none", "http://127.0.0.1:8123", "URL").MayBeEmpty();
        var readOnly = command.AddOption("--read-only", "show everything, change nothing", false);
        var json = command.AddReadyJson();
        var logLevel = command.AddLogLevel();
        command.WithExamples(
            "millrace console --bootstrap kafka1:9092 --connect-url http://connect:8083 --clickhouse-url http://clickhouse:8123",
            "millrace console --config console.json");
        command.SetGuardedAction((parsed, cancellationToken) => Foreground.RunAsync("console", parsed.GetValue(logLevel), parsed.GetValue(json), async (logging, ct) =>
        {
            var options = parsed.GetValue(config) is { } file ? Read(file) : new ConsoleOptions();
            var fromFile = parsed.GetValue(config) is not null;
            Set(listen, v => options.Listen = v);
            Set(bootstrap, v => options.Bootstrap = v);
            SetUrl(connect, v => options.ConnectUrl = v);
            SetUrl(streams, v => options.StreamsUrl = v);
            SetUrl(clickhouse, v => options.ClickHouseUrl = v);
            Set(readOnly, v => options.ReadOnly = v);
            var server = await ConsoleServer.StartAsync(options, logging, ct);
            return (server, server.Address.ToString().TrimEnd('/'));

            void Set<T>(EnvironmentOption<T> option, Action<T> apply)
            {
                if (!fromFile || option.IsChosen(parsed)) apply(parsed.GetValue(option)!);
            }

            // "--connect-url=" is an option without a token, for which the parser would give the default: here it means that there is none.
            void SetUrl(EnvironmentOption<string> option, Action<string?> apply)
            {
                if (parsed.GetResult(option) is { Implicit: false } given && given.Tokens.All(static token => token.Value.Length == 0)) apply(null);
                else Set(option, apply);
            }
        }, cancellationToken));
        return command;
    }

    private static ConsoleOptions Read(string file)
    {
        var (options, errors) = ConsoleFile.Read(GivenFile.Read(file), file);
        return options ?? throw new CliException(string.Join('\n', errors));
    }
}
