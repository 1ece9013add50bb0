using System.CommandLine;
using Millrace.Cli.Commands;

namespace Millrace.Cli;

/// <summary>The whole command line. A command's parts are built when it runs, not here: this must cost next to nothing.</summary>
internal static class Root
{
    private static readonly (string Name, Func<Command> Create)[] _commands =
    [
        ("demo", DemoCommand.Create),
        ("broker", BrokerCommand.Create),
        ("connect", ConnectCommand.Create),
        ("streams", StreamsCommand.Create),
        ("clickhouse", ClickHouseCommand.Create),
        ("console", ConsoleCommand.Create),
        ("topics", TopicsCommand.Create),
        ("produce", ProduceCommand.Create),
        ("consume", ConsumeCommand.Create),
        ("groups", GroupsCommand.Create),
        ("config", ConfigCommand.Create),
    ];

    /// <summary>All commands.</summary>
    public static RootCommand Create() => Create(_commands);

    /// <summary>Only the command that the line begins with, where it does: the options of the others would cost more than the whole rest.</summary>
    public static RootCommand CreateFor(string[] args)
    {
        var chosen = args.Length == 0 ? [] : Array.FindAll(_commands, c => c.Name == args[0]);
        return Create(chosen.Length == 0 ? _commands : chosen);
    }

    private static RootCommand Create((string Name, Func<Command> Create)[] commands)
    {
        var root = new RootCommand("Millrace: the real-time data platform of a bank – event log, change data capture, stream processing, analytics.");
        foreach (var (_, create) in commands) root.Subcommands.Add(create());
        return root;
    }
}
