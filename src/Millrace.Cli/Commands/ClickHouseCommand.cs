using System.CommandLine;
using Millrace.ClickHouse;
using Millrace.Cli.Hosting;
using Millrace.Cli.Infrastructure;

namespace Millrace.Cli.Commands;

/// <summary><c>millrace clickhouse</c>: ClickHouse behind its HTTP interface.</summary>
internal static class ClickHouseCommand
{
    public static Command Create()
    {
        var command = new Command("clickhouse", "Run ClickHouse in a supervised child process, behind ClickHouse's HTTP interface.");
        var listen = command.AddListen("127.0.0.1:8123");
        var data = command.AddOption("--data", "directory of the tables", "data/clickhouse", "DIR", ofCommand: true);
        var user = command.AddOption("--user", "the user that requests name", "default", "NAME");
        var password = command.AddOption<string?>("--password", "the user's password; none unless set", null, "TEXT", static t => t);
        var memory = command.AddOption("--max-memory", "bytes that the engine may use for queries and caches", 600_000_000L, "BYTES", static t => Numbers.Long(t, 100_000_000, long.MaxValue));
        var json = command.AddReadyJson();
        var logLevel = command.AddLogLevel();
        command.WithExamples(
            "millrace clickhouse --listen 127.0.0.1:8123 --data /var/lib/millrace/clickhouse",
            "curl -s 'http://127.0.0.1:8123/?query=SELECT+version()'");
        command.SetGuardedAction((parsed, cancellationToken) => Foreground.RunAsync("clickhouse", parsed.GetValue(logLevel), parsed.GetValue(json), async (logging, ct) =>
        {
            var options = new ClickHouseOptions
            {
                Listen = await Addresses.ResolveAsync(parsed.GetValue(listen)!, ct),
                DataDirectory = parsed.GetValue(data)!,
                User = parsed.GetValue(user)!,
                Password = parsed.GetValue(password),
                MaxMemory = parsed.GetValue(memory),
            };
            using var bar = new EngineBar();
            var server = await ClickHouseServer.StartAsync(options, logging, bar, ct);
            return (server, server.Address.ToString().TrimEnd('/'));
        }, cancellationToken));
        return command;
    }
}
